/** Options that every benchmark has, and what they decide. */

import { choiceFlag, type Flag, integerFlag, switchFlag, textFlag } from '../src/cli/flags.ts';
import { howToInstall, type SystemName, systemVersion } from './cluster.ts';

export const systemFlags: {
  readonly against: Flag<'' | 'etcd'>;
  readonly only: Flag<'' | SystemName>;
  readonly nodes: Flag<number>;
  readonly out: Flag<string>;
  readonly json: Flag<boolean>;
} = {
  against: choiceFlag({
    help: 'measure this system too, in alternating rounds, and print the ratio',
    initial: '',
    choices: ['etcd'],
    placeholder: 'etcd',
  }),
  only: choiceFlag({
    help: 'measure nothing but this system',
    initial: '',
    choices: ['keelson', 'etcd'],
  }),
  nodes: integerFlag({ help: 'members of the cluster', initial: 3, min: 1, max: 9 }),
  out: textFlag({
    help: 'folder for the JSON and SVG files',
    initial: 'bench-results/',
    placeholder: 'DIR',
  }),
  json: switchFlag('print the JSON instead of the table'),
};

/**
 * The systems to measure, in order.
 * @throws Error that says what to install when one is missing.
 */
export function chosenSystems(against: string, only: string): SystemName[] {
  // Whatever else is measured has etcd below it.
  const systems: SystemName[] = [only === '' || only === 'keelson' ? 'keelson' : 'etcd'];
  if (against !== '' && !systems.includes('etcd')) systems.push('etcd');
  for (const system of systems) {
    if (systemVersion(system) === null) throw new Error(howToInstall(system));
  }
  return systems;
}

/** The order of a round: every second one the other way round, so that none always comes first. */
export function roundOrder<T>(items: readonly T[], round: number): T[] {
  return round % 2 === 1 ? [...items] : [...items].reverse();
}
