/** What the operating system knows of this process, for metrics. Where it does not tell, figures are absent. */

import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFigures {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly uptimeSeconds: number;
  /** The heap of JavaScript, and buffers beside it. */
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly virtualBytes: number | null;
  readonly openFiles: number | null;
  readonly maxOpenFiles: number | null;
}

const bytesPerPage = 4096;

export function processFigures(): ProcessFigures {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: rss,
    cpuSeconds: (user + system) / 1e6,
    uptimeSeconds: process.uptime(),
    heapUsedBytes: heapUsed,
    externalBytes: external,
    virtualBytes: told(() => Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * bytesPerPage),
    openFiles: told(() => readdirSync('/proc/self/fd').length),
    maxOpenFiles: told(() =>
      Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]),
    ),
  };
}

/** Null on systems without such a file. */
function told(read: () => number): number | null {
  try {
    const value = read();
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}
