/**
 * Objects of users, changed at random places into what nobody meant: whatever is sent, the server answers it or refuses it
 * with a cause, and what it takes it can show, change and take again without a difference.
 *
 *     KEELSON_OBJECTS=20000 node --import tsx test/kube/random-objects.test.ts     # a longer search
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { isJsonObject, type Json, type JsonObject } from '../../src/kube/api/objects.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import type { ResourceType } from '../../src/kube/registry/types.ts';
import { type Definition, definitionOf, type Field } from '../../src/kube/schema/schema.ts';
import { type Api, startApi } from './api.ts';

const folders = ['../../examples/manifests', '../../examples/manifests/bundles', 'fixtures'];
const count = Number(process.env['KEELSON_OBJECTS'] ?? 250);
const firstSeed = Number(process.env['KEELSON_SEED'] ?? 1);

t.setTimeout(Math.max(600_000, count * 100));

interface Sample {
  readonly resource: ResourceType;
  readonly object: JsonObject;
}

function readSamples(): Sample[] {
  const samples: Sample[] = [];
  for (const folder of folders.map((name) => join(import.meta.dirname, name))) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      for (const document of parseAllDocuments(readFileSync(join(folder, file), 'utf8'))) {
        const object = document.toJS() as JsonObject | null;
        const resource = [...builtInResources].find(
          ({ group, version, kind, verbs }) =>
            verbs.includes('create') &&
            kind === object?.['kind'] &&
            [group, version].filter((part) => part !== '').join('/') === object['apiVersion'],
        );
        if (object !== null && resource !== undefined) samples.push({ resource, object });
      }
    }
  }
  return samples;
}

/** Mulberry32: the same seed gives the same objects. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  /** Changes one place of an object, at any depth. */
  change(object: JsonObject, definition: Definition): void {
    const fields = [...definition.fields.values()].filter(
      ({ name }) => name !== 'kind' && name !== 'apiVersion' && name !== 'namespace',
    );
    if (fields.length === 0) return;
    const present = fields.filter(({ name }) => object[name] !== undefined);
    const field = present.length > 0 && this.#random() < 0.8 ? this.pick(present) : this.pick(fields);
    const value = object[field.name];
    const inner = this.#innerObject(field, value);
    if (inner !== null && this.#random() < 0.85) this.change(inner, definitionOf(field.definition));
    else if (value !== undefined && this.#random() < 0.3) delete object[field.name];
    else object[field.name] = this.#random() < 0.05 ? this.pick(oddities) : this.#value(field, 0);
  }

  /** Something within a member that has members itself. */
  #innerObject(field: Field, value: Json | undefined): JsonObject | null {
    if (field.scalar !== null || definitionOf(field.definition).form !== null || value === undefined)
      return null;
    const choices = (Array.isArray(value) ? value : isJsonObject(value) ? [value] : []) as Json[];
    const inner = field.shape === 'map' && isJsonObject(value) ? Object.values(value) : choices;
    const objects = inner.filter(isJsonObject);
    return objects.length === 0 ? null : this.pick(objects);
  }

  #value(field: Field, depth: number): Json {
    const one = (): Json => {
      if (field.scalar === null) return this.#structure(definitionOf(field.definition), depth);
      if (field.choices.length > 0 && this.#random() < 0.8) return this.pick(field.choices);
      return this.pick<Json>(scalars[field.scalar] ?? texts);
    };
    if (field.shape === 'list') return Array.from({ length: this.pick([0, 1, 1, 2, 3]) }, one);
    if (field.shape === 'single') return one();
    return Object.fromEntries(this.pick([[], ['app'], ['a/b', 'x y']]).map((key) => [key, one()]));
  }

  #structure(definition: Definition, depth: number): Json {
    if (definition.form !== null) return this.pick<Json>(forms[definition.form] ?? texts);
    const object: JsonObject = {};
    if (depth > 4) return object;
    for (const field of definition.fields.values()) {
      if (field.isRequired || this.#random() < 0.2) object[field.name] = this.#value(field, depth + 1);
    }
    return object;
  }
}

const oddities: readonly Json[] = [null, '', 0, -1, [], {}, true, 'x'.repeat(300), 1.5, 2 ** 53];
const texts: readonly string[] = [
  '',
  'a',
  'web',
  'Bad Name',
  'a.example',
  'example.com/x',
  '/path',
  '10.0.0.1',
  'x'.repeat(70),
];
const scalars: Readonly<Record<string, readonly Json[]>> = {
  string: texts,
  bytes: ['', 'YQ==', 'not base64'],
  bool: [true, false],
  int32: [-1, 0, 1, 80, 65_536, 2 ** 31 - 1],
  int64: [-1, 0, 1, 100, 2 ** 40],
  double: [0, 1.5],
};
const forms: Readonly<Record<string, readonly Json[]>> = {
  quantity: ['1', '100m', '1Gi', '-1', 'x', 5, '1e30'],
  intOrString: [0, 80, '25%', 'http', '', -1, '101%'],
  time: ['2026-01-01T00:00:00Z', 'now', null],
  microTime: ['2026-01-01T00:00:00.000000Z', 'now'],
  duration: ['1h', 'x'],
  any: [1, 'x', { a: 1 }],
  object: [{ a: 1 }, {}],
  strings: [['a'], []],
};

/** A real server says this with 500 as well. */
const versionText = 'resourceVersion should not be set on objects to be created';

/** Sends an object back as it is, again where a controller was faster. */
async function putBack(api: Api, path: string): Promise<string | null> {
  // As it reads: another version of the kind may have filled something in.
  let before = await api.get(path);
  for (let tries = 0; tries < 50; tries++) {
    const again = await api.send('PUT', path, before.body);
    const same = again.body?.metadata?.resourceVersion === before.body.metadata.resourceVersion;
    if (again.code === 200 && same) return null;
    if (again.code !== 409) return `again: ${again.code} ${JSON.stringify(again.body)}`;
    before = await api.get(path);
  }
  return 'it never stands still';
}

/** What is wrong with an answer, or null. */
async function tryObject(api: Api, { resource, object }: Sample, name: string): Promise<string | null> {
  const { group, version, plural, isNamespaced } = resource;
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  if (metadata['name'] === undefined || metadata['name'] === '') metadata['name'] = name;
  delete metadata['namespace'];
  object['metadata'] = metadata;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${root}${isNamespaced ? '/namespaces/default' : ''}/${plural}`;
  const made = await api.send('POST', collection, object);
  if (made.code !== 201) {
    const { kind, message, details } = made.body as {
      kind: string;
      message: string;
      details?: { causes?: unknown[] };
    };
    if (message === versionText) return null;
    if (kind !== 'Status' || made.code >= 500) return `${made.code} ${JSON.stringify(made.body)}`;
    if (made.code === 422 && (details?.causes?.length ?? 0) === 0) return `no cause: ${message}`;
    return null;
  }
  const path = `${collection}/${encodeURIComponent(made.body.metadata.name)}`;
  const table = await api.get(path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  if (table.code !== 200 || table.body.kind !== 'Table') return `table: ${JSON.stringify(table.body)}`;
  const problem = await putBack(api, path);
  await api.send('DELETE', path, { gracePeriodSeconds: 0, propagationPolicy: 'Background' });
  return problem;
}

t.test(`${count} objects that nobody meant are answered or refused, never a surprise`, async (t) => {
  const api = await startApi(t);
  const samples = readSamples();
  t.ok(samples.length > 80, `${samples.length} samples`);
  let failures = 0;
  for (let at = 0; at < count; at++) {
    const seed = firstSeed + at;
    const mutator = new Mutator(seed);
    const { resource, object } = mutator.pick(samples);
    const changed = structuredClone(object);
    for (let changes = 1 + (seed % 3); changes > 0; changes--)
      mutator.change(changed, definitionOf(resource.definition));
    const problem = await tryObject(api, { resource, object: changed }, `object-${seed}`);
    if (problem !== null) {
      t.fail(`seed ${seed}: ${problem.slice(0, 2000)}`, { sent: JSON.stringify(changed) });
      if (++failures > 20) break;
    }
  }
  t.pass('all were tried');
});
