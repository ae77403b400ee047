/**
 * `--feature-gates NAME=true,…`: since etcd 3.6 the way to switch what used to have an `--experimental-…` flag. A name that
 * etcd does not know is refused, as etcd does; one that switches nothing here is worth a warning.
 */

import { featureGates, isGateOn, stageGates } from '../http/feature-gates.ts';
import type { Flag } from './flag-kinds.ts';
import { suggestion } from './suggestion.ts';

export type FeatureGates = ReadonlyMap<string, boolean>;

/** Those that switch something here, and the flags that do the same. */
export const gatesOfFlags = {
  initialCorruptCheck: 'InitialCorruptCheck',
  compactHashCheckEnabled: 'CompactHashCheck',
} as const;
export type KnownGate = (typeof gatesOfFlags)[keyof typeof gatesOfFlags];

/** As Go reads them. */
const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text): [string, boolean] => [text, true]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text): [string, boolean] => [text, false]),
]);
const names: ReadonlySet<string> = new Set([
  ...featureGates.map(({ name }) => name),
  ...Object.keys(stageGates),
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
        if (!names.has(name)) throw new Error(`unrecognized feature gate: ${name}${suggestion(name, names)}`);
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
  return isGateOn(featureGates.find(({ name }) => name === gate)!, gates);
}

/** What to tell of gates that were named and switch nothing: nothing of those that are as they would be anyway. */
export function idleGates(gates: FeatureGates): string[] {
  return featureGates
    .filter(({ name, initial, idle }) => idle !== null && gates.has(name) && gates.get(name) !== initial)
    .map(({ name, idle }) => `--feature-gates ${name} has no effect: ${idle}`);
}
