/**
 * What a crash takes besides what was not synced: the applied state, as when it was damaged and moved aside; a bit of the log;
 * and, for controls, the present, when a disk or a state is an older copy of itself.
 *
 * The atlas: most voters keep what is taken from one, for what nobody has nobody can give back. So whatever fails afterwards
 * is ours.
 */

import { MemoryImage } from '../backend/memory-backend.ts';
import type { ConfState } from '../raft/types.ts';
import type { Disk } from '../util/disk.ts';
import type { DiskImage } from './disk-image.ts';
import { Violation } from './invariants/invariant.ts';
import { holds, isQuorum, lastOf } from './quorum.ts';
import type { SimNode } from './sim-node.ts';
import type { DurableView } from './view.ts';

/** As they are counted. */
export type Loss =
  | 'stateLosses'
  | 'bitFlipsRefused'
  | 'bitFlipsHarmless'
  | 'bitFlipsAtEnd'
  | 'endLosses'
  | 'endLossesRefused';

export interface LossesOptions {
  readonly nodes: readonly SimNode[];
  /** The configuration that was committed last. */
  readonly conf: () => ConfState;
  /** Probability that a crash takes the state with it, or a bit of the log. */
  readonly chances: {
    readonly stateLossChance: number;
    readonly bitFlipChance: number;
    readonly endLossChance: number;
  };
  /** What the log holds for certain. @throws Failure 'walDamaged' */
  readonly recover: (disk: Disk) => DurableView;
  readonly fail: (violation: Violation) => void;
  readonly mutant: string;
  readonly noted: (what: Loss, node: SimNode) => void;
}

export class Losses {
  private readonly options: LossesOptions;
  private readonly copies: { disk: DiskImage; image: MemoryImage }[] = [];

  constructor(options: LossesOptions) {
    this.options = options;
  }

  /** The node's process has died and its disk has crashed. */
  strike(node: SimNode): void {
    const { mutant } = this.options;
    if (mutant === 'oldState' || mutant === 'oldDisk') this.goBack(node);
    else {
      this.loseState(node);
      this.flipBit(node);
      this.loseEnd(node);
    }
    if (mutant === 'wipedDisk' && node.index === 0) {
      node.disk.wipe();
      node.image = new MemoryImage();
    }
  }

  /** For controls: every other crash of the first machine brings back what it held at the one before. */
  private goBack(node: SimNode): void {
    if (node.index !== 0) return;
    const old = this.copies.pop();
    if (old === undefined) {
      this.copies.push({ disk: node.disk.copy(), image: copyOf(node.image) });
      return;
    }
    node.image = old.image;
    if (this.options.mutant === 'oldDisk') node.disk.putBack(old.disk);
  }

  /** The state is gone; the log is not. */
  private loseState(node: SimNode): void {
    const { chances, noted } = this.options;
    if (node.image.index === 0 || !node.random.chance(chances.stateLossChance)) return;
    if (!this.mostHoldState(node)) return;
    node.image = new MemoryImage();
    noted('stateLosses', node);
  }

  /**
   * A bit of the log flips. It is either not read, or refused, or, in the last group of records, cannot be told from a write
   * that the power cut: then it is put back, for no log can know better. Nothing else may ever be read for what was written.
   */
  private flipBit(node: SimNode): void {
    const { random, disk } = node;
    if (!random.chance(this.options.chances.bitFlipChance) || !this.maySpare(node)) return;
    const { path, bits } = random.pick(disk.rotting());
    const bit = random.below(bits);
    const before = this.options.recover(disk.durable());
    disk.flip(path, bit);
    const { noted, recover, fail } = this.options;
    let after: DurableView | null = null;
    try {
      after = recover(disk.durable());
    } catch (error) {
      if ((error as { reason?: string }).reason !== 'walDamaged') throw error;
    }
    if (after === null) {
      node.rotten = true;
      // What it has promised stays promised.
      node.durable = before;
      noted('bitFlipsRefused', node);
      return;
    }
    const same = sameBeginning(before, after);
    if (!same)
      fail(new Violation('I43', `${node.name} reads other entries after bit ${bit} of ${path} has flipped`));
    if (same && after.entries.length === before.entries.length && sameHardState(before, after)) {
      noted('bitFlipsHarmless', node);
      return;
    }
    disk.flip(path, bit);
    noted('bitFlipsAtEnd', node);
  }

  /**
   * The log loses its end: records that were synced. Where that shows it is refused; where it does not, no log can tell it
   * from a power cut, and only what most voters hold without it may be lost, and no vote. Entries that were replaced may come back.
   */
  private loseEnd(node: SimNode): void {
    const { random, disk } = node;
    const { chances, recover, noted } = this.options;
    if (node.rotten || !random.chance(chances.endLossChance) || !this.maySpare(node)) return;
    // The power went, too: nothing that was not synced brings back what is lost.
    const whole = disk.copy();
    disk.putBack(whole);
    const before = recover(disk.durable());
    const files = disk.rotting();
    if (files.length === 0) return;
    const { path, bits } = files.reduce((last, file) => (file.path > last.path ? file : last));
    const bytes = bits / 8;
    let after: DurableView | null = before;
    // Until something of it is lost; the last bytes of a file are none of a record.
    for (
      let back = 1 + random.below(200);
      after !== null && isSameLog(before, after) && back < bytes;
      back *= 2
    ) {
      disk.cut(path, bytes - back);
      after = this.recovered(disk.durable());
    }
    if (after === null) {
      node.rotten = true;
      node.durable = before;
      noted('endLossesRefused', node);
    } else if (!sameHardState(before, after) || !this.enoughOthersHold(node, before)) disk.putBack(whole);
    else if (!isSameLog(before, after)) {
      node.forgotten = Math.max(node.forgotten, lastOf(before));
      node.view.forgotten = node.forgotten;
      noted('endLosses', node);
    }
  }

  /** Null where it is refused. */
  private recovered(disk: Disk): DurableView | null {
    try {
      return this.options.recover(disk);
    } catch (error) {
      if ((error as { reason?: string }).reason !== 'walDamaged') throw error;
      return null;
    }
  }

  private enoughOthersHold(node: SimNode, log: DurableView): boolean {
    const { nodes, conf } = this.options;
    const last = lastOf(log);
    const term = log.entries.at(-1)?.term ?? log.baseTerm;
    const holders = nodes.filter(({ view, index, rotten, forgotten }) => {
      return index !== node.index && !rotten && forgotten === 0 && holds(view.durable(), last, term);
    });
    return isQuorum(
      conf(),
      holders.map(({ id }) => id),
    );
  }

  /** The atlas: the voters that have their log and their state are a majority without it. */
  private mostHoldState(node: SimNode): boolean {
    const { nodes, conf } = this.options;
    const { voters, votersOutgoing } = conf();
    const holdsState = ({ id, index, view, image, rotten }: SimNode): boolean =>
      index !== node.index &&
      !rotten &&
      image.index > 0 &&
      !(view.up && view.installing) &&
      voters.includes(id);
    return votersOutgoing.length === 0 && nodes.filter(holdsState).length * 2 > voters.length;
  }

  /** The atlas: the others are a majority without it, nobody else has rotted, and a machine stands by. */
  private maySpare(node: SimNode): boolean {
    const { nodes, conf } = this.options;
    const { voters, votersOutgoing } = conf();
    if (votersOutgoing.length > 0 || voters.length < 3 || node.disk.rotting().length === 0) return false;
    const isRotten = ({ rotten, forgotten, view, id }: SimNode): boolean =>
      voters.includes(id) && (rotten || forgotten > lastOf(view.durable()));
    const isSafe = this.mostHoldState(node) && !nodes.some(isRotten);
    return isSafe && voters.includes(node.id) && nodes.some(({ id }) => id === '');
  }
}

/** The same entries, given that the second log is one that the first once was. */
function isSameLog(one: DurableView, other: DurableView): boolean {
  return lastOf(one) === lastOf(other) && one.entries.at(-1)?.term === other.entries.at(-1)?.term;
}

function sameHardState(one: DurableView, other: DurableView): boolean {
  return one.term === other.term && one.vote === other.vote && one.baseIndex === other.baseIndex;
}

/** What the second holds stood in the first. */
function sameBeginning(first: DurableView, second: DurableView): boolean {
  if (second.term > first.term || second.baseIndex > first.baseIndex) return false;
  return second.entries.every(({ index, term, data }) => {
    if (index <= first.baseIndex) return true;
    const entry = first.entries[index - first.baseIndex - 1];
    return entry !== undefined && entry.term === term && Buffer.compare(entry.data, data) === 0;
  });
}

function copyOf(image: MemoryImage): MemoryImage {
  const copy = new MemoryImage();
  const entries: { readonly key: string; readonly value: Uint8Array }[] = [];
  image.entries.collect('', null, Number.MAX_SAFE_INTEGER, false, entries);
  for (const entry of entries) copy.entries.set(entry.key, entry);
  copy.line = image.line;
  copy.bytes = image.bytes;
  return copy;
}
