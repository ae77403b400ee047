/**
 * YAML of requests, as JSON. Duplicate keys are told apart from other errors, for they are refused only where validation is
 * strict; the last one counts. A text that is JSON is read as JSON: kubectl sends that under the name of YAML.
 *
 * A document of many aliases would grow without bound when written out; it is refused (the "billion laughs").
 */

import { isMap, isScalar, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import type { Json } from '../api/objects.ts';
import { parseJsonText } from './json-text.ts';

/** More aliases than this are a bomb. */
const maxAliases = 100;

/** The text is no YAML; the message begins `yaml: `. */
export class YamlTextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'YamlTextError';
  }
}

export interface ParsedYaml {
  readonly value: Json;
  /** What strict decoding says; empty without duplicates. */
  readonly problems: readonly string[];
}

/** What go-yaml says where our parser has a code for it. */
const words: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  TAB_AS_INDENT: 'found character that cannot start any token',
  BAD_INDENT: 'did not find expected key',
  MISSING_CHAR: "did not find expected ',' or '}'",
  BAD_ALIAS: 'unknown anchor referenced',
  MULTIPLE_DOCS: 'expected a single document',
};

function problemText(error: YAMLError): string {
  const line = error.linePos?.[0].line ?? 1;
  return `yaml: line ${line}: ${words[error.code] ?? 'did not find expected node content'}`;
}

/** @throws YamlTextError, JsonTextError */
export function parseYamlText(text: string): ParsedYaml {
  if (/^\s*\{/.test(text)) {
    const read = tryJson(text);
    if (read !== null) return read;
  }
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof YamlTextError) throw error;
    if (error instanceof RangeError) throw new YamlTextError('yaml: exceeded max depth of 10000');
    if (error instanceof ReferenceError) {
      throw new YamlTextError('yaml: document contains excessive aliasing');
    }
    // The parser takes the text and then cannot make a value of it: `<<: 1`.
    if (error instanceof Error && error.message.startsWith('Merge sources')) {
      throw new YamlTextError('yaml: map merge requires map or sequence of maps as the value');
    }
    throw error;
  }
}

function tryJson(text: string): ParsedYaml | null {
  try {
    const { value, duplicates } = parseJsonText(text);
    return { value, problems: duplicates.map((path) => `duplicate field "${path}"`) };
  } catch {
    // A flow mapping of YAML may begin like JSON and be none.
    return null;
  }
}

function parse(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    uniqueKeys: false,
    merge: true,
    lineCounter: lines,
    logLevel: 'silent',
  });
  const [error] = document.errors;
  if (error !== undefined) throw new YamlTextError(problemText(error));
  const duplicates: string[] = [];
  visit(document, {
    Map(_, map) {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key) || !isMap(map)) continue;
        const name = String(key.value);
        if (name !== '<<' && keys.has(name)) {
          const { line } = lines.linePos(key.range?.[0] ?? 0);
          duplicates.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        }
        keys.add(name);
      }
    },
  });
  const value = document.toJS({ maxAliasCount: maxAliases }) as Json;
  const problems = duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`];
  return { value, problems };
}
