/**
 * Field selectors: `path=value`, `==`, `!=`, joined by commas; a backslash escapes `,`, `=` and itself.
 * Which paths a kind knows stands in its row of the registry.
 */

import { type ApiObject, asJson, isJsonObject, type Json } from '../api/objects.ts';
import { badRequest } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';

interface Term {
  readonly path: string;
  readonly value: string;
  readonly isEqual: boolean;
}

export interface FieldSelector {
  /** The name every match has, or null: then it is a read of one key. */
  readonly name: string | null;
  readonly isEmpty: boolean;
  matches(object: ApiObject): boolean;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.filter((term) => term !== '');
}

function unescaped(value: string, text: string): string {
  let plain = '';
  for (let i = 0; i < value.length; i++) {
    if (value[i] === '\\') {
      i++;
      const next = value[i];
      if (next !== ',' && next !== '=' && next !== '\\') {
        throw badRequest(`invalid selector: '${text}'; invalid escape sequence in '${value}'`);
      }
      plain += next;
    } else plain += value[i];
  }
  return plain;
}

function parseTerm(term: string, text: string): Term {
  for (let i = 0; i < term.length; i++) {
    if (term[i] === '\\') {
      i++;
      continue;
    }
    for (const operator of ['!=', '==', '=']) {
      if (!term.startsWith(operator, i)) continue;
      const path = unescaped(term.slice(0, i), text);
      const value = unescaped(term.slice(i + operator.length), text);
      return { path, value, isEqual: operator !== '!=' };
    }
  }
  throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
}

/** Other names of paths. */
const aliases: Readonly<Record<string, string>> = {
  'spec.host': 'spec.nodeName',
  name: 'metadata.name',
  'status.successful': 'status.succeeded',
};

function valueAt(object: ApiObject, path: string): Json | undefined {
  let value: Json | undefined = asJson(object);
  for (const part of path.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = value[part];
  }
  return value;
}

/** Who tells of an event: where the old member says nothing, the new one does. */
function sourceOf(object: ApiObject): string {
  const old = valueAt(object, 'source.component');
  const names = [old, valueAt(object, 'reportingComponent'), valueAt(object, 'reportingController')];
  return String(names.find((name) => typeof name === 'string' && name !== '') ?? '');
}

function textAt(object: ApiObject, path: string, type: string): string {
  if (path === 'source') return sourceOf(object);
  const value = valueAt(object, aliases[path] ?? path);
  if (value === undefined || value === null) {
    if (type === 'boolean') return 'false';
    return type === 'number' ? '0' : '';
  }
  if (Array.isArray(value)) return '';
  return typeof value === 'object' ? '' : String(value);
}

/**
 * @throws StatusError 400 on bad syntax and on paths the kind does not know
 */
export function parseFieldSelector(text: string, resource: ResourceType): FieldSelector {
  const terms = splitTerms(text).map((term) => parseTerm(term, text));
  const types = new Map<string, string>([['metadata.name', 'string']]);
  if (resource.isNamespaced) types.set('metadata.namespace', 'string');
  for (const known of resource.fieldSelectors) {
    const [path, type = 'string'] = known.split(':');
    types.set(path!, type);
  }
  for (const { path } of terms) {
    if (types.has(path)) continue;
    throw badRequest(
      resource.fieldSelectors.length > 0 || resource.custom !== null
        ? `field label not supported: ${path}`
        : `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  const named = terms.find((term) => term.path === 'metadata.name' && term.isEqual);
  return {
    name: named?.value ?? null,
    isEmpty: terms.length === 0,
    matches(object: ApiObject): boolean {
      return terms.every((term) => {
        const isSame = textAt(object, term.path, types.get(term.path)!) === term.value;
        return isSame === term.isEqual;
      });
    },
  };
}
