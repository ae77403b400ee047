/** CPU time and memory of processes, from /proc. On a system without it every figure is 0. */

import { readdirSync, readFileSync } from 'node:fs';

const CLOCK_TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system time since the process started, in seconds of one core. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** The most it ever was. */
  readonly peakBytes: number;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Sum over the threads in nanoseconds where the kernel counts them, which is finer than the ticks of `stat`. */
function threadSeconds(pid: number): number {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return 0;
  }
  let nanoseconds = 0;
  for (const thread of threads) {
    nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
  }
  return nanoseconds / 1e9;
}

/** How often threads of a process have waited for something since they began: each wait ends with a wake. */
export function wakesOf(pid: number): number {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return 0;
  }
  let wakes = 0;
  for (const thread of threads) {
    const waits = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`/proc/${pid}/task/${thread}/status`));
    wakes += Number(waits?.[1] ?? 0);
  }
  return wakes;
}

function tickSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may contain anything: count from its end.
  const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(rest[11] ?? 0) + Number(rest[12] ?? 0)) / CLOCK_TICKS_PER_SECOND;
}

export function usageOf(pid: number): Usage {
  const status = read(`/proc/${pid}/status`);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(status);
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(status);
  // Threads that ended are missing in the sum over threads; the ticks have them.
  return {
    cpuSeconds: Math.max(threadSeconds(pid), tickSeconds(pid)),
    residentBytes: Number(resident?.[1] ?? 0) * 1024,
    peakBytes: Number(peak?.[1] ?? 0) * 1024,
  };
}
