/** The doctor on a data directory: is it whole, whose is it, and is the disk under it one to rely on. */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { holdsLog, inspectSurvivor, type Survivor } from '../../embed/survivor.ts';
import { Failure } from '../../util/failure.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { describeFailure } from '../terminal.ts';
import { type Finding, note, ok, problem } from './findings.ts';
import { humanBytes } from './go-text.ts';

const othersMayWrite = 0o002;
const syncs = 20;
const syncBytes = 4096;
/** A sync this slow delays every write; etcd's operators hold disks to it. */
const slowSyncMs = 10;
/** A sync this slow lets leaders fall. */
const stuckSyncMs = 200;
const freeShareLow = 0.1;
const freeBytesLow = 512 * 2 ** 20;

function freeSpace(dir: string): Finding {
  const { bavail, blocks, bsize } = statfsSync(dir);
  const [free, total] = [bavail * bsize, blocks * bsize];
  const what = `${humanBytes(free)} of ${humanBytes(total)} are free on its disk`;
  const advice = 'make room before the disk is full: a member ends when it cannot write its log';
  if (free < freeBytesLow) return problem(dir, what, advice);
  return total > 0 && free / total < freeShareLow ? note(dir, what, advice) : ok(dir, what);
}

/** Writes and syncs a block some times over, in a folder of its own that is removed again. */
function syncSpeed(dir: string): Finding {
  const { clock } = nodeRuntime();
  const folder = mkdtempSync(join(dir, 'doctor-'));
  try {
    const file = openSync(join(folder, 'probe'), 'w');
    const block = Buffer.alloc(syncBytes, 1);
    const took: number[] = [];
    try {
      for (let round = 0; round < syncs; round++) {
        writeSync(file, block, 0, block.length, round * syncBytes);
        const start = clock.now();
        fsyncSync(file);
        took.push(clock.now() - start);
      }
    } finally {
      closeSync(file);
    }
    took.sort((a, b) => a - b);
    const [median, worst] = [took[syncs / 2]!, took.at(-1)!];
    const what = `a sync takes ${median.toFixed(2)} ms, the slowest of ${syncs} took ${worst.toFixed(2)} ms`;
    const advice =
      'every write waits for syncs: give the log a faster disk, or one that nobody else uses (--wal-dir)';
    if (median > stuckSyncMs) return problem(dir, what, advice);
    return median > slowSyncMs ? note(dir, what, advice) : ok(dir, what);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function wholeness(dir: string, survivor: Survivor): Finding[] {
  const {
    memberId,
    name,
    clusterId,
    logBase,
    lastIndex,
    lastTerm,
    commit,
    applied,
    revision,
    members,
    tornBytes,
  } = survivor;
  const who = name === '' ? memberId : `${name} (${memberId})`;
  const findings = [
    ok(
      dir,
      `data of member ${who} of cluster ${clusterId}, which has ${members.length} member${members.length === 1 ? '' : 's'} as far as it knows`,
    ),
  ];
  if (applied < logBase) {
    const what = `the state ends at entry ${applied}, but the log begins after ${logBase}: entries are missing`;
    findings.push(problem(dir, what, stateAdvice(members.length)));
  } else {
    const log = `the log is whole up to entry ${lastIndex} of term ${lastTerm}, committed up to ${commit}`;
    findings.push(ok(dir, `${log}; the state is whole at entry ${applied}, revision ${revision}`));
  }
  if (tornBytes > 0) {
    const what = `${tornBytes} bytes of an unfinished write were cut from the end of the log`;
    findings.push(
      note(
        dir,
        what,
        'nothing: it was never acknowledged; the power or the process went in the middle of it',
      ),
    );
  }
  return findings;
}

function stateAdvice(members: number): string {
  return members === 1
    ? 'nobody else has them: restore a snapshot (keelson etcdutl snapshot restore)'
    : 'start it among the others: they send it a state. Where no majority of them serves, stop all that are left and ask: ' +
        'keelson ctl recover <data directory of each member that is left>';
}

function failureOf(dir: string, error: unknown): Finding {
  const [happened, advice] = describeFailure(error);
  if (error instanceof Failure && error.reason === 'dataDirLocked') {
    return ok(dir, 'a running member uses it; ask that member: keelson doctor --endpoints …');
  }
  return problem(dir, happened, advice);
}

function unwritable(dir: string, error: NodeJS.ErrnoException): Finding {
  const advice: Readonly<Record<string, string>> = {
    ENOSPC: 'make room on its disk',
    EDQUOT: 'make room on its disk, or have the quota of this user raised',
    EROFS: 'mount its file system for writing; where it was, the system log says why it is not any more',
  };
  return problem(
    dir,
    `it cannot be written to: ${error.message}`,
    advice[error.code ?? ''] ?? 'give this user the right to',
  );
}

/** Looks at a data directory. Nothing in it is changed but what every start changes. */
export async function examineDirectory(dir: string): Promise<Finding[]> {
  if (!existsSync(dir))
    return [problem(dir, 'there is no such directory', 'name the --data-dir of the member')];
  const stat = statSync(dir);
  if (!stat.isDirectory()) return [problem(dir, 'it is no directory', 'name the --data-dir of the member')];
  const findings: Finding[] = [];
  if (existsSync(join(dir, 'member', 'snap', 'db'))) {
    const advice = `make a member of it: keelson restore ${dir} --data-dir <new directory>`;
    findings.push(note(dir, 'it is the data directory of an etcd, not of Keelson', advice));
  } else if (!holdsLog(dir, null)) {
    const advice = 'a member makes its data there when it starts; with --wal-dir its log is elsewhere';
    findings.push(note(dir, 'it holds no log of a member', advice));
  } else {
    const found = await inspectSurvivor(dir, null, nodeRuntime()).then(
      (survivor) => wholeness(dir, survivor),
      (error: unknown) => [failureOf(dir, error)],
    );
    findings.push(...found);
  }
  if ((stat.mode & othersMayWrite) !== 0)
    findings.push(note(dir, 'everybody on this machine may write to it', `chmod 700 ${dir}`));
  findings.push(freeSpace(dir));
  try {
    findings.push(syncSpeed(dir));
  } catch (error) {
    findings.push(unwritable(dir, error as NodeJS.ErrnoException));
  }
  return findings;
}
