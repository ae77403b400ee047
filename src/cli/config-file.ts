/**
 * etcd's configuration file: YAML whose keys are the names of flags, but for TLS, which stands in two sections of its
 * own, and for the options of sockets. Lists may be lists of YAML or texts with commas.
 *
 * The result is what the flags would have been, so that one table checks both.
 */

import { parse } from 'yaml';
import type { Setting } from './flags.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** Keys of a section of TLS, and the flags they stand for; `*` is the flag's prefix, empty or `peer-`. */
const tlsKeys: Readonly<Record<string, string>> = {
  'cert-file': '*cert-file',
  'key-file': '*key-file',
  'client-cert-file': '*client-cert-file',
  'client-key-file': '*client-key-file',
  'client-cert-auth': '*client-cert-auth',
  'trusted-ca-file': '*trusted-ca-file',
  'auto-tls': '*auto-tls',
  'allowed-cn': '*cert-allowed-cn',
  'allowed-hostname': '*cert-allowed-hostname',
  'skip-client-san-verification': '*skip-client-san-verification',
};

/** What the section of clients names otherwise. */
const clientNames: Readonly<Record<string, string>> = {
  'cert-allowed-hostname': 'client-cert-allowed-hostname',
};

/** Sections: their keys become flags. */
const sections: Readonly<Record<string, (key: string) => string>> = {
  'client-transport-security': (key) => {
    const name = (tlsKeys[key] ?? key).replace('*', '');
    return clientNames[name] ?? name;
  },
  'peer-transport-security': (key) => (tlsKeys[key] ?? `peer-${key}`).replace('*', 'peer-'),
  'socket-options': (key) => `socket-${key}`,
  'discovery-config': (key) => `discovery-${key}`,
};

/**
 * @param text the file's content
 * @throws Error that says what is wrong with it
 */
export function readConfig(text: string): Setting[] {
  const content: unknown = parse(text);
  if (content === null || content === undefined) return [];
  const settings: Setting[] = [];
  for (const [key, value] of Object.entries(mapping(content, 'the file'))) {
    const nameOf = sections[key];
    if (nameOf === undefined) {
      addSetting(settings, key, value);
    } else if (value !== null) {
      for (const [inner, item] of Object.entries(mapping(value, key))) {
        addSetting(settings, nameOf(inner), item);
      }
    }
  }
  return settings;
}

function mapping(value: unknown, what: string): Mapping {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Mapping;
  throw new Error(`${what} must hold names and values`);
}

/** Empty values are as good as none: etcd's own sample has many. */
function addSetting(settings: Setting[], name: string, value: unknown): void {
  if (value === null || value === '') return;
  if (Array.isArray(value)) {
    if (value.length > 0) settings.push({ name, text: value.join(','), isNumber: false });
  } else if (typeof value === 'object') {
    settings.push({ name, text: JSON.stringify(value), isNumber: false });
  } else {
    settings.push({ name, text: String(value), isNumber: typeof value === 'number' });
  }
}
