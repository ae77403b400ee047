/**
 * etcd's feature gates, `NAME=true,…`: since 3.6 the way to switch what used to have an `--experimental-…` flag. Those that
 * have something to switch here do so; of the others what is the case anyway is in `docs/COMPATIBILITY.md`.
 */

import type { Flag } from './flag-kinds.ts';

export type FeatureGates = ReadonlyMap<string, boolean>;

/** Those that the flags of a member ask for by name. */
export type KnownGate = 'InitialCorruptCheck' | 'CompactHashCheck';

/** As Go reads them. */
const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text): [string, boolean] => [text, true]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text): [string, boolean] => [text, false]),
]);

export function featureGatesFlag(help: string): Flag<FeatureGates> {
  return {
    help,
    initial: new Map(),
    placeholder: 'NAME=true,…',
    shownDefault: '',
    parse: (text) => {
      const gates = new Map<string, boolean>();
      for (const item of text.split(',').map((part) => part.trim())) {
        if (item === '') continue;
        const [name, value, ...rest] = item.split('=').map((part) => part.trim()) as [string, ...string[]];
        const isOn = truths.get(value ?? '');
        if (isOn === undefined || rest.length > 0)
          throw new Error(`${name} must be true or false, not "${item}"`);
        gates.set(name, isOn);
      }
      return gates;
    },
  };
}

export function isOn(gates: FeatureGates, gate: KnownGate): boolean {
  return gates.get(gate) === true;
}
