/**
 * What a crash takes besides what was not synced: the applied state, as when it was damaged and moved aside; and, for
 * controls, the present, when a disk or a state is an older copy of itself.
 *
 * The atlas: most voters keep what is taken from one, for what nobody has nobody can give back. So whatever fails afterwards
 * is ours.
 */

import { MemoryImage } from '../backend/memory-backend.ts';
import type { ConfState } from '../raft/types.ts';
import type { DiskImage } from './disk-image.ts';
import type { SimNode } from './sim-node.ts';

export interface LossesOptions {
  readonly nodes: readonly SimNode[];
  /** The configuration that was committed last. */
  readonly conf: () => ConfState;
  /** Probability that a crash takes the state with it. */
  readonly stateLossChance: number;
  readonly mutant: string;
  readonly lost: (node: SimNode) => void;
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
    else this.loseState(node);
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
    const { nodes, conf, stateLossChance, lost } = this.options;
    if (node.image.index === 0 || !node.random.chance(stateLossChance)) return;
    const { voters, votersOutgoing } = conf();
    const hasState = ({ id, index, view, image }: SimNode): boolean =>
      index !== node.index && image.index > 0 && !(view.up && view.installing) && voters.includes(id);
    if (votersOutgoing.length > 0 || nodes.filter(hasState).length * 2 <= voters.length) return;
    node.image = new MemoryImage();
    lost(node);
  }
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
