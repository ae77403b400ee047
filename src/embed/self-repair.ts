/**
 * Opens a member on what its directory holds, and repairs what is damaged from the other members, without an operator.
 *
 *     what is damaged       what is done
 *     the state             moved aside; the log brings it back, or the leader sends its own (`member/rebuild.ts`)
 *     the log               the member comes back as a new one (`replacement.ts`); log and state are moved aside
 *     both                  as the log
 *     the end of the log    as the log, at the start after the one in which it was noticed: a leader spoke of what this
 *                           member had acknowledged, and the log did not reach there (`lost-log`)
 *
 * What there is nobody to repair from is refused, with file and offset, and is left as it is: a member alone, one of two,
 * or one whose cluster has to be asked and does not answer (that is asked again and again).
 *
 * The order, so that a crash at any moment leaves something that goes on: what the cluster has answered is written down
 * (`rejoin.json`), then the damaged files go aside, then a new log begins, then the note goes. An empty directory without
 * the note would begin under the old id, which has promised what it does not know any more.
 */

import type { Member as MemberLoop } from '../member/member.ts';
import { isAlone } from '../member/recovery.ts';
import { decodeLogIdentity } from '../member/state-meta.ts';
import type { JoinOptions } from '../member/types.ts';
import { Failure } from '../util/failure.ts';
import { nodeDisk } from '../util/node-disk.ts';
import type { Runtime } from '../util/runtime.ts';
import { readLogMetadata } from '../wal/metadata.ts';
import { Wal } from '../wal/wal.ts';
import type { ResolvedOptions } from './options.ts';
import {
  damagedLogOf,
  damagedStateOf,
  moveAside,
  readLoss,
  readRejoin,
  removeRejoin,
  writeRejoin,
} from './quarantine.ts';
import { formerSelf, Replacement } from './replacement.ts';
import { openStorage, type Storage } from './storage.ts';
import { WaitingPorts } from './waiting-ports.ts';

export interface Opened {
  readonly storage: Storage;
  readonly loop: MemberLoop;
}

/** @param rejoin as whom it comes back; null for who it was */
export type OpenLoop = (storage: Storage, rejoin: JoinOptions | null) => Promise<MemberLoop>;

function reasonOf(error: unknown): string {
  return error instanceof Failure ? error.reason : '';
}

/** @throws Failure as `openStorage` and `Member.open`, 'memberRemoved' */
export async function openRepaired(
  options: ResolvedOptions,
  runtime: Runtime,
  openLoop: OpenLoop,
): Promise<Opened> {
  const { dataDir, walDir, selfRepair } = options;
  if (dataDir === null || !selfRepair) return open(options, runtime, openLoop, null);
  const repair = new SelfRepair(options, runtime, dataDir, walDir ?? `${dataDir}/wal`, openLoop);
  return repair.open();
}

async function open(
  { dataDir, walDir }: ResolvedOptions,
  runtime: Runtime,
  openLoop: OpenLoop,
  rejoin: JoinOptions | null,
): Promise<Opened> {
  const storage = await openStorage(dataDir, runtime, walDir);
  try {
    return { storage, loop: await openLoop(storage, rejoin) };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

class SelfRepair {
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  readonly #dataDir: string;
  readonly #walDirectory: string;
  readonly #openLoop: OpenLoop;
  readonly #disk = nodeDisk();

  constructor(
    options: ResolvedOptions,
    runtime: Runtime,
    dataDir: string,
    walDirectory: string,
    openLoop: OpenLoop,
  ) {
    this.#options = options;
    this.#runtime = runtime;
    this.#dataDir = dataDir;
    this.#walDirectory = walDirectory;
    this.#openLoop = openLoop;
  }

  async open(): Promise<Opened> {
    const rejoin = readRejoin(this.#disk, this.#dataDir);
    if (rejoin !== null) return this.#goOn(rejoin);
    const loss = readLoss(this.#disk, this.#dataDir);
    if (loss !== null) return this.#comeBackAnew(new Failure('walDamaged', loss));
    try {
      return await this.#try();
    } catch (error) {
      if (reasonOf(error) !== 'walDamaged') throw error;
      return this.#comeBackAnew(error as Failure);
    }
  }

  /** Opens what is there; a state that is damaged goes aside. @throws Failure 'walDamaged' and the rest */
  async #try(): Promise<Opened> {
    try {
      return await open(this.#options, this.#runtime, this.#openLoop, null);
    } catch (error) {
      if (reasonOf(error) !== 'backendDamaged' || !(await this.#canRebuild())) throw error;
      const to = damagedStateOf(this.#dataDir);
      const told = 'the state is damaged: it is moved aside and rebuilt';
      this.#runtime.log.error(told, { damage: (error as Error).message, to });
      this.#locked(() => moveAside(this.#disk, `${this.#dataDir}/state`, to));
      return open(this.#options, this.#runtime, this.#openLoop, null);
    }
  }

  /** Whether the log, or somebody else, has what the state had. @throws Failure 'walDamaged' */
  async #canRebuild(): Promise<boolean> {
    const directory = this.#walDirectory;
    if (readLogMetadata(this.#disk, directory) === null) {
      if (this.#disk.list(directory).length > 0)
        throw new Failure('walDamaged', `${directory}: no segment of the log can be read`);
      return false;
    }
    const { wal, recovered } = Wal.open({
      disk: this.#disk,
      directory,
      metadata: new Uint8Array(0),
      runtime: this.#runtime,
      create: false,
    });
    await new Promise<void>((resolve) => wal.close(() => resolve()));
    return recovered.base.index === 0 || !isAlone(decodeLogIdentity(recovered.metadata), recovered);
  }

  async #comeBackAnew(damage: Failure): Promise<Opened> {
    const self = formerSelf(this.#disk, this.#walDirectory, await this.#stateMeta());
    const ports = new WaitingPorts(this.#options, this.#runtime);
    let join: JoinOptions;
    try {
      join = await new Replacement(this.#options, this.#runtime, self).run(damage, (why) => ports.tell(why));
    } finally {
      await ports.close();
    }
    this.#locked(() => {
      writeRejoin(this.#disk, this.#dataDir, join);
      this.#quarantine();
    });
    return this.#begin(join);
  }

  /** What the state says of itself; empty where it does not open either. */
  async #stateMeta(): Promise<Uint8Array> {
    try {
      const storage = await openStorage(this.#dataDir, this.#runtime, this.#options.walDir);
      const { meta } = storage.backend.openedAt;
      await storage.close();
      return meta;
    } catch (error) {
      if (reasonOf(error) === 'backendDamaged') return new Uint8Array(0);
      throw error;
    }
  }

  #quarantine(): void {
    moveAside(this.#disk, this.#walDirectory, damagedLogOf(this.#walDirectory));
    moveAside(this.#disk, `${this.#dataDir}/state`, damagedStateOf(this.#dataDir));
  }

  /**
   * A start after the cluster had answered. Where a log is in place, it is the new one if it says so; else the old one,
   * which did not go aside in time. One that cannot be read may be the new one, which has promised something: asked again.
   */
  async #goOn(rejoin: JoinOptions): Promise<Opened> {
    const metadata = readLogMetadata(this.#disk, this.#walDirectory);
    if (metadata !== null && decodeLogIdentity(metadata).memberId === rejoin.memberId) {
      removeRejoin(this.#disk, this.#dataDir);
      return this.open();
    }
    if (metadata === null && this.#disk.list(this.#walDirectory).some((name) => name.endsWith('.wal'))) {
      return this.#comeBackAnew(new Failure('walDamaged', `${this.#walDirectory}: the log cannot be read`));
    }
    this.#locked(() => this.#quarantine());
    return this.#begin(rejoin);
  }

  async #begin(join: JoinOptions): Promise<Opened> {
    const opened = await open(this.#options, this.#runtime, this.#openLoop, join);
    removeRejoin(this.#disk, this.#dataDir);
    return opened;
  }

  #locked(job: () => void): void {
    const lock = this.#disk.lock(`${this.#dataDir}/lock`);
    try {
      job();
    } finally {
      lock.release();
    }
  }
}
