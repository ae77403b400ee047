/** What the figures of a run depend on besides the code; part of every JSON file. Nothing that names the machine. */

import { cpus, totalmem } from 'node:os';
import { type SystemName, systemVersion } from './cluster.ts';

export interface Environment {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
  readonly versions: Readonly<Partial<Record<SystemName, string>>>;
}

export function describeEnvironment(systems: readonly SystemName[]): Environment {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    versions: Object.fromEntries(systems.map((system) => [system, systemVersion(system) ?? 'unknown'])),
  };
}
