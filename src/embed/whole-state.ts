/**
 * The whole state that a data directory stands for, its log included, as one file: a member is started on the directory,
 * applies all that its log has, and writes down what it then holds. Nobody else can reach it meanwhile.
 */

import type { ExportedState } from '../member/etcd-snapshot.ts';
import { nodeDisk } from '../util/node-disk.ts';
import { startMember } from './start-member.ts';

export interface WholeStateOptions {
  /** Of a member that is the only voter of its cluster; written to. */
  readonly dataDir: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clusterToken: string;
  /** The file to make. */
  readonly file: string;
  /** Told as it goes on, from 0 to 1. */
  readonly progress: (part: number) => void;
}

const copiedAtOnce = 1 << 20;

/** @throws Failure of the data directory or the disk */
export async function writeWholeState(options: WholeStateOptions): Promise<void> {
  const { dataDir, name, peerUrls, clusterToken } = options;
  await using member = await startMember({
    name,
    dataDir,
    initialCluster: { [name]: [...peerUrls] },
    initialClusterToken: clusterToken,
  });
  const failed = member.failed.then((error) => Promise.reject(error));
  await Promise.race([member.ready, failed]);
  const state = await new Promise<ExportedState>((resolve, reject) => {
    member.served.exportState((error, exported) => (error === null ? resolve(exported!) : reject(error)));
  });
  copyState(state, options);
}

function copyState(state: ExportedState, { file: path, progress }: WholeStateOptions): void {
  const file = nodeDisk().create(path);
  try {
    for (let at = 0; at < state.sizeBytes; at += copiedAtOnce) {
      file.writeSync(state.read(at, Math.min(copiedAtOnce, state.sizeBytes - at)), at);
      progress(at / state.sizeBytes);
    }
  } finally {
    file.closeSync();
    state.close();
  }
}
