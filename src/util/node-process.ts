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
  readonly maxVirtualBytes: number | null;
  /** Bytes of IP, of everything in the network namespace of this process. */
  readonly networkReceivedBytes: number | null;
  readonly networkSentBytes: number | null;
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
    maxVirtualBytes: told(() => limit(/^Max address space\s+(\S+)/m)),
    networkReceivedBytes: told(() => ipFigure('InOctets')),
    networkSentBytes: told(() => ipFigure('OutOctets')),
    openFiles: told(() => readdirSync('/proc/self/fd').length),
    maxOpenFiles: told(() => limit(/^Max open files\s+(\S+)/m)),
  };
}

/** No limit is the largest number of 64 bits, as Prometheus' own clients tell it. */
function limit(pattern: RegExp): number {
  const text = pattern.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return text === 'unlimited' ? 2 ** 64 : Number(text);
}

/** Two lines begin with `IpExt:`, one of names and one of numbers. */
function ipFigure(name: string): number {
  const lines = readFileSync('/proc/self/net/netstat', 'utf8').split('\n');
  const [names = [], numbers = []] = lines
    .filter((line) => line.startsWith('IpExt:'))
    .map((line) => line.split(' '));
  return Number(numbers[names.indexOf(name)]);
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
