/**
 * Processes of a local cluster, known by id and start time: a process id that the system gave to somebody else in
 * the meantime has another start time and is never taken for ours, let alone killed. `cluster-scripts/lib.sh` reads
 * and writes the same records.
 */

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface ProcessRecord {
  readonly pid: number;
  /** Opaque; equal for the same process. */
  readonly startTime: string;
}

export type ProcessState = 'running' | 'paused' | 'gone';

/** Field 3 (state) and field 22 (start, in ticks since boot) of /proc/<pid>/stat, or what `ps` says elsewhere. */
function observe(pid: number): { state: string; startTime: string } | null {
  if (process.platform === 'linux') {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    } catch {
      return null;
    }
    // The second field is a name in parentheses and may hold anything: count behind it.
    const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: rest[0]!, startTime: rest[19]! };
  }
  try {
    const text = execFileSync('ps', ['-o', 'state=', '-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    const [state = '', ...start] = text.trim().split(/\s+/);
    return { state, startTime: start.join('_') };
  } catch {
    return null;
  }
}

/** @returns the record of a process that runs now, or null. */
export function recordOf(pid: number): ProcessRecord | null {
  const seen = observe(pid);
  return seen === null ? null : { pid, startTime: seen.startTime };
}

export function stateOf(record: ProcessRecord): ProcessState {
  const seen = observe(record.pid);
  // Z: dead, and nobody has asked for its exit code yet.
  if (seen === null || seen.startTime !== record.startTime || seen.state.startsWith('Z')) return 'gone';
  return seen.state.startsWith('T') ? 'paused' : 'running';
}

/** Sends the signal to that very process; nothing when it is gone. */
export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (stateOf(record) === 'gone') return;
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function formatRecord(record: ProcessRecord): string {
  return `${record.pid} ${record.startTime}\n`;
}

/** @returns null for anything that is not a record. */
export function parseRecord(text: string): ProcessRecord | null {
  const match = /^(\d+) (\S+)\n?$/.exec(text);
  return match === null ? null : { pid: Number(match[1]), startTime: match[2]! };
}

/** glibc's arenas in processes that we start. */
const arenasMax = 2;
/** Memory of this size and more glibc gives back to the system as soon as it is free, in processes that we start. */
const mappedBytes = 256 * 1024;

/**
 * What glibc is told, by variables that whoever starts us may have set otherwise; from outside only, before a process starts.
 *
 * It gives each thread that allocates memory an arena of its own and keeps there what is freed: for a member that is a fifth of
 * its memory. And once something large was freed it takes all smaller pieces from one region, of which it gives back
 * nothing but the end: after a burst of writes that is 20 to 30 MB of a member with few keys, and 2 % of CPU to avoid.
 */
export const allocatorAdvice: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: String(arenasMax),
  MALLOC_MMAP_THRESHOLD_: String(mappedBytes),
};

/**
 * Starts this program again as a process of its own: in its own group, so that Ctrl-C at the terminal does not reach
 * it, with its output appended to a file.
 * @throws Error when it could not be started.
 */
export function startSelf(args: readonly string[], logPath: string): ProcessRecord {
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    detached: true,
    env: { ...allocatorAdvice, ...process.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const record = child.pid === undefined ? null : recordOf(child.pid);
  if (record === null) throw new Error('the process of a member could not be started');
  return record;
}
