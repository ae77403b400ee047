/** The quick way of decoding gives what the careful one gives, on random values of all kinds, right and wrong ones. */

import t from 'tap';
import type { Json, JsonObject } from '../../src/kube/api/objects.ts';
import { decodeCarefully } from '../../src/kube/schema/decode.ts';
import { decodePlain } from '../../src/kube/schema/plain-decode.ts';
import { allDefinitions, type Definition, definitionOf, type Field } from '../../src/kube/schema/schema.ts';

const rounds = Number(process.env['KEELSON_VALUES'] ?? 12);
const depthMax = 5;

/** Mulberry32: the same seed gives the same values. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const right: Readonly<Record<string, readonly Json[]>> = {
  string: ['', 'a', 'web-1', 'ünï'],
  bytes: ['', 'YWJj', 'YQ==', 'YWI='],
  bool: [true, false],
  int32: [0, 1, -1, 2147483647],
  int64: [0, 5, 4294967296],
  double: [0, 1.5],
  any: ['x', 3, { b: 1, a: [] }],
  quantity: ['1', '500m', '1024Mi', '0.5Gi', 2],
  intOrString: [80, 'http'],
  time: ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.5+01:00'],
  microTime: ['2026-01-02T03:04:05.000001Z'],
  duration: ['1h2m', '0s'],
  strings: [[], ['a', 'b']],
  object: [{}, { z: 1, a: { b: null } }],
};
const wrong: readonly Json[] = [
  null,
  {},
  [],
  [null],
  'x',
  1.5,
  true,
  99999999999,
  { a: null },
  { a: {} },
  'YQ',
];

class Sampler {
  readonly #random: () => number;
  readonly #wrongness: number;

  constructor(seed: number, wrongness: number) {
    this.#random = randomFrom(seed);
    this.#wrongness = wrongness;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  struct(definition: Definition, depth: number): JsonObject {
    const fields = [...definition.fields.values()];
    const share = Math.min(0.9, 6 / (fields.length + 1) / (depth + 1));
    const entries = fields
      .filter(() => this.#random() < share)
      .map((field): [string, Json] => [field.name, this.#field(field, depth)]);
    if (this.#random() < 0.5) entries.reverse();
    if (this.#random() < this.#wrongness) entries.push(['unknown', 1]);
    return Object.fromEntries(entries);
  }

  #field(field: Field, depth: number): Json {
    if (this.#random() < this.#wrongness) return this.#pick(wrong);
    const value = (): Json => this.#value(field, depth);
    if (field.shape === 'list') return [value(), value()].slice(0, Math.floor(this.#random() * 3));
    return field.shape === 'map' ? { z: value(), a: value() } : value();
  }

  #value(field: Field, depth: number): Json {
    if (this.#random() < this.#wrongness) return this.#pick(wrong);
    if (field.scalar !== null) return this.#pick(right[field.scalar]!);
    const definition = definitionOf(field.definition);
    if (definition.form === 'any') return this.#pick(wrong);
    if (definition.form !== null) return this.#pick(right[definition.form]!);
    return depth >= depthMax ? {} : this.struct(definition, depth + 1);
  }
}

/** What the careful way gives; undefined when there is anything to say. */
function careful(definition: Definition, value: JsonObject): JsonObject | undefined {
  try {
    const decoded = decodeCarefully(definition, value);
    return decoded.problems.length === 0 ? decoded.value : undefined;
  } catch {
    return undefined;
  }
}

const structures = [...allDefinitions()].filter(({ form }) => form === null);

t.test('what is plain is decoded as the careful way decodes it', async (t) => {
  let plain = 0;
  let seed = 0;
  for (let round = 0; round < rounds; round++) {
    for (const definition of structures) {
      const value = new Sampler(++seed, round % 2 === 0 ? 0.02 : 0).struct(definition, 0);
      const before = JSON.stringify(value);
      const found = decodePlain(definition, value);
      if (JSON.stringify(value) !== before) t.fail(`seed ${seed}: ${definition.name} was changed`);
      if (found === undefined) continue;
      plain++;
      const expected = careful(definition, value);
      if (JSON.stringify(found) === JSON.stringify(expected)) continue;
      t.equal(JSON.stringify(found), JSON.stringify(expected), `seed ${seed}: ${definition.name} ${before}`);
    }
  }
  t.ok(plain > (rounds * structures.length) / 3, 'most are plain');
});

t.test('nothing that is wrong is plain', async (t) => {
  const pod = definitionOf('core.v1.Pod');
  const specs: JsonObject[] = [
    { containers: [null] },
    { containers: 'x' },
    { hostNetwork: 'true' },
    { nodeSelector: { a: null } },
    { frob: 1 },
    { priority: 2 ** 31 },
    { containers: [{ resources: { limits: { cpu: '1x' } } }] },
  ];
  for (const spec of specs) t.equal(decodePlain(pod, { spec }), undefined, JSON.stringify(spec));
  t.equal(decodePlain(definitionOf('core.v1.Secret'), { data: { a: 'YQ' } }), undefined);
  const map = JSON.parse('{"data":{"__proto__":"x"}}') as JsonObject;
  t.equal(decodePlain(definitionOf('core.v1.ConfigMap'), map), undefined);
});
