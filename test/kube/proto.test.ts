/** Protobuf bodies: what goes out comes in again, and what Go writes for nothing is nothing. */

import fc from 'fast-check';
import t from 'tap';
import type { Json, JsonObject } from '../../src/kube/api/objects.ts';
import { StatusError } from '../../src/kube/api/status.ts';
import { protobufCodec } from '../../src/kube/proto/index.ts';
import { planOf } from '../../src/kube/proto/plan.ts';
import { allDefinitions, type Definition, definitionOf, type Field } from '../../src/kube/schema/schema.ts';
import { durationText, instantText, parseDuration, parseInstant } from '../../src/kube/schema/times.ts';
import { startApi } from './api.ts';

const codec = protobufCodec!;
const protobuf = 'application/vnd.kubernetes.protobuf';

/** A field as bytes: varint if the value is a number. */
function field(number: number, value: number | string | readonly number[]): number[] {
  if (typeof value === 'number') return [number << 3, value];
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [(number << 3) | 2, bytes.length, ...bytes];
}

function envelope(apiVersion: string, kind: string, message: readonly number[]): Uint8Array {
  const type = field(1, [...field(1, apiVersion), ...field(2, kind)]);
  return Uint8Array.from([0x6b, 0x38, 0x73, 0, ...type, ...field(2, message)]);
}

const scalars: Readonly<Record<string, Json>> = {
  string: 'täxt',
  bytes: 'AQID',
  bool: true,
  int32: -7,
  int64: 2 ** 40,
  double: -1.5,
  any: { a: [1, 'b', false] },
};

function sampleOf(definition: Definition, depth: number): Json {
  switch (definition.form) {
    case 'quantity':
      return '1500m';
    case 'intOrString':
      return '25%';
    case 'time':
      return '2026-01-02T03:04:05Z';
    case 'microTime':
      return '2026-01-02T03:04:05.000006Z';
    case 'duration':
      return '1h0m2.5s';
    case 'strings':
      return ['a', 'b'];
    case 'object':
      return { f: { x: 1 } };
    case 'any':
      return definition.name.endsWith('OrBool') ? false : definition.name.includes('Or') ? [] : false;
    default:
      return filled(definition, depth + 1);
  }
}

function sampleValue(given: Field, depth: number): Json | undefined {
  if (given.scalar !== null) return scalars[given.scalar]!;
  const inner = definitionOf(given.definition);
  if (inner.form === null && depth > 5) return undefined;
  return sampleOf(inner, depth);
}

/** An object with every member set, to some depth. */
function filled(definition: Definition, depth: number): JsonObject {
  const object: JsonObject = {};
  for (const given of definition.fields.values()) {
    if (given.name === 'kind' || given.name === 'apiVersion') continue;
    const value = sampleValue(given, depth);
    if (value === undefined) continue;
    if (given.shape === 'list') object[given.name] = [value, value];
    else object[given.name] = given.shape === 'map' ? { a: value, b: value } : value;
  }
  return object;
}

t.test('every kind with a wire form comes back as it went out, all members set', async (t) => {
  let count = 0;
  for (const definition of allDefinitions()) {
    if (definition.kind === '' || !planOf(definition).hasWireForm) continue;
    const parts = definition.kind.split('/');
    const kind = parts.pop()!;
    const object = { kind, apiVersion: parts.join('/'), ...filled(definition, 0) };
    const bytes = codec.encode(object);
    if (bytes === null) continue;
    count++;
    t.strictSame(codec.decode(bytes), object, definition.name);
  }
  t.ok(count > 100, `${count} kinds`);
});

t.test('zeros of plain fields are absent, zeros of pointers are kept', async (t) => {
  const spec = [...field(1, 0), ...field(5, 0), ...field(7, 0)];
  const decoded = codec.decode(envelope('apps/v1', 'Deployment', [...field(1, []), ...field(2, spec)]));
  t.strictSame(decoded, {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: {},
    spec: { replicas: 0 },
  });
});

t.test('an empty creation time is none, and empty messages stay', async (t) => {
  const metadata = [...field(1, 'x'), ...field(2, ''), ...field(8, [])];
  t.strictSame(
    codec.decode(envelope('v1', 'Namespace', [...field(1, metadata), ...field(2, []), ...field(3, [])])),
    {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name: 'x' },
      spec: {},
      status: {},
    },
  );
});

t.test('bytes of maps become base64, and any key is a key', async (t) => {
  const entry = (key: string, value: string): number[] => field(2, [...field(1, key), ...field(2, value)]);
  const decoded = codec.decode(envelope('v1', 'Secret', [...entry('a', 'hi'), ...entry('__proto__', 'x')]));
  t.strictSame(Object.entries(decoded['data'] as JsonObject), [
    ['a', 'aGk='],
    ['__proto__', 'eA=='],
  ]);
  const again = codec.decode(codec.encode(decoded)!);
  t.strictSame(Object.keys(again['data'] as JsonObject).sort(), ['__proto__', 'a']);
});

t.test('false where JSON may be anything is kept', async (t) => {
  const schema = {
    properties: { a: { default: false, additionalProperties: false, items: { type: 'string' } } },
  };
  const object = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    spec: { versions: [{ name: 'v1', served: false, storage: false, schema: { openAPIV3Schema: schema } }] },
  };
  t.strictSame(codec.decode(codec.encode(object)!), object);
});

t.test('options are known in every group, and an unknown kind still says what it is', async (t) => {
  t.strictSame(codec.decode(envelope('apps/v1', 'DeleteOptions', field(4, 'Background'))), {
    kind: 'DeleteOptions',
    apiVersion: 'apps/v1',
    propagationPolicy: 'Background',
  });
  t.strictSame(codec.decode(envelope('v9', 'Zzz', [1, 2, 3])), { kind: 'Zzz', apiVersion: 'v9' });
});

t.test('a kind without a wire form is not encoded', async (t) => {
  t.equal(codec.encode({ kind: 'Thing', apiVersion: 'example.org/v1' }), null);
  t.equal(codec.encode({ kind: 'Pod', apiVersion: 'v1', spec: 'text' }), null, 'nor is a wrong type');
});

t.test('bytes that are no object are refused as bad requests, whatever they are', async (t) => {
  t.throws(() => codec.decode(Buffer.from('{}')), { message: /does not appear to be a protobuf message/ });
  const whole = codec.encode({ kind: 'Pod', apiVersion: 'v1', ...filled(definitionOf('core.v1.Pod'), 3) })!;
  const refusedOrRead = (bytes: Uint8Array): boolean => {
    try {
      codec.decode(bytes);
      return true;
    } catch (error) {
      return error instanceof StatusError && error.status.code === 400;
    }
  };
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
      if (isCut) return refusedOrRead(whole.subarray(0, at));
      const changed = Uint8Array.from(whole);
      changed[at] = byte;
      return refusedOrRead(changed);
    }),
    { numRuns: 500 },
  );
});

t.test('messages inside messages end somewhere', async (t) => {
  let deep = Buffer.alloc(0);
  for (let i = 0; i < 500; i++) deep = lengthPrefixed(28, deep);
  const version = lengthPrefixed(7, lengthPrefixed(4, lengthPrefixed(1, deep)));
  const message = lengthPrefixed(2, version);
  const type = Buffer.from(
    field(1, [...field(1, 'apiextensions.k8s.io/v1'), ...field(2, 'CustomResourceDefinition')]),
  );
  const body = Buffer.concat([Buffer.from('k8s\0'), type, lengthPrefixed(2, message)]);
  t.throws(() => codec.decode(body), { message: /nested too deeply/ });
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

function lengthPrefixed(number: number, inner: Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([varint((number << 3) | 2), varint(inner.length), inner]);
}

t.test('times and durations have the texts of Go', async (t) => {
  const durations: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [2_000_000, '2ms'],
    [1_500_000_000, '1.5s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [-3602.5e9, '-1h0m2.5s'],
  ];
  for (const [nanos, text] of durations) {
    t.equal(durationText(nanos), text);
    t.equal(parseDuration(text), nanos);
  }
  t.equal(parseDuration('1x'), null);
  t.strictSame(parseInstant('2026-01-02T03:04:05.5+01:00'), { seconds: 1767319445, nanos: 500_000_000 });
  t.equal(instantText({ seconds: 1767319445, nanos: 1500 }, true), '2026-01-02T02:04:05.000001Z');
  t.equal(parseInstant('yesterday'), null);
});

t.test('a watch frame has its length in front and an envelope inside', async (t) => {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'x' } };
  const frame = Buffer.from(codec.encodeFrame('ADDED', object)!);
  t.equal(frame.readUInt32BE(0), frame.length - 4);
  t.equal(frame.subarray(4, 11).toString('latin1'), '\x0a\x05ADDED');
  t.equal(frame.indexOf('k8s\0') > 0, true);
});

t.test('the server takes protobuf and answers in protobuf: objects, lists and errors', async (t) => {
  const api = await startApi(t);
  const url = `${api.plane.url}/api/v1/namespaces/default/configmaps`;
  const body = codec.encode({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'x', labels: { a: 'b' } },
    data: { key: 'value' },
  })!;
  const headers = { 'content-type': protobuf, accept: protobuf };
  const created = await fetch(url, { method: 'POST', headers, body });
  t.equal(created.status, 201);
  t.equal(created.headers.get('content-type'), protobuf);
  const object = codec.decode(new Uint8Array(await created.arrayBuffer()));
  t.match(object, {
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'default' },
    data: { key: 'value' },
  });
  const again = await fetch(url, { method: 'POST', headers, body });
  t.match(codec.decode(new Uint8Array(await again.arrayBuffer())), {
    kind: 'Status',
    reason: 'AlreadyExists',
  });
  const list = await fetch(url, { headers: { accept: `${protobuf},application/json` } });
  t.match(codec.decode(new Uint8Array(await list.arrayBuffer())), {
    kind: 'ConfigMapList',
    items: [{ metadata: { name: 'x' } }],
  });
  const deleted = await fetch(`${url}/x`, {
    method: 'DELETE',
    headers,
    body: codec.encode({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' })!,
  });
  t.match(codec.decode(new Uint8Array(await deleted.arrayBuffer())), { kind: 'Status', status: 'Success' });
});

/** The envelope in the first of some frames. */
function objectOf(frames: Buffer): Buffer {
  const frame = frames.subarray(4, 4 + frames.readUInt32BE(0));
  return frame.subarray(frame.indexOf('k8s\0'));
}

t.test('a watch comes in protobuf to whom asks for it first, with metadata only if wanted', async (t) => {
  const api = await startApi(t);
  const path = `${api.plane.url}/api/v1/namespaces/default/configmaps`;
  const first = async (accept: string): Promise<{ type: string | null; frame: Buffer }> => {
    const abort = new AbortController();
    const response = await fetch(`${path}?watch=1`, { headers: { accept }, signal: abort.signal });
    await api.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { generateName: 'c' } });
    const { value } = await response.body!.getReader().read();
    abort.abort();
    return { type: response.headers.get('content-type'), frame: Buffer.from(value!) };
  };
  const whole = await first(`${protobuf},application/json`);
  t.equal(whole.type, `${protobuf};stream=watch`);
  t.equal(whole.frame.readUInt32BE(0), whole.frame.length - 4, 'one frame');
  t.match(codec.decode(objectOf(whole.frame)), { kind: 'ConfigMap', apiVersion: 'v1' });
  const partial = await first(`${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`);
  t.match(codec.decode(objectOf(partial.frame)), {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
  });
  const json = await first('application/json');
  t.equal(json.type, 'application/json');
  t.match(JSON.parse(json.frame.toString().split('\n')[0]!), {
    type: 'ADDED',
    object: { kind: 'ConfigMap' },
  });
});

t.test('a kind without a protobuf form is answered in JSON to whom takes both', async (t) => {
  const api = await startApi(t);
  const path = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims';
  const answer = await api.get(path, { accept: `${protobuf},application/json` });
  t.equal(answer.code, 200);
  t.equal(answer.headers.get('content-type'), 'application/json');
  t.equal((await api.get(path, { accept: protobuf })).code, 406);
});

t.test(
  'an envelope that does not say its kind has that of the endpoint, and what is broken is told as Go does',
  async (t) => {
    const api = await startApi(t);
    const named = field(1, field(1, 'e'));
    const post = async (body: Uint8Array): Promise<readonly [number, string]> => {
      const answer = await fetch(`${api.plane.url}/api/v1/namespaces/default/configmaps?dryRun=All`, {
        method: 'POST',
        headers: { 'content-type': protobuf, accept: 'application/json' },
        body: Buffer.from(body),
      });
      const { message, kind } = (await answer.json()) as { message?: string; kind: string };
      return [answer.status, message ?? kind];
    };
    for (const [version, kind] of [
      ['', ''],
      ['v1', ''],
      ['', 'ConfigMap'],
      ['a/b/c', 'ConfigMap'],
    ] as const) {
      t.strictSame(await post(envelope(version, kind, named)), [201, 'ConfigMap'], `${version} ${kind}`);
    }
    const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap):';
    const unhandled = 'ConfigMap in version "v1" cannot be handled as a ConfigMap:';
    for (const [body, text] of [
      [Buffer.alloc(0), `${unrecognized} empty data (<empty>)`],
      [Buffer.from('k8s\0'), `${unrecognized} empty body (6b387300)`],
      [
        Buffer.from('hi'),
        `${unrecognized} provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (6869)`,
      ],
      [Buffer.from('k8s\0\x0a\x50abc', 'latin1'), `${unrecognized} unexpected EOF (6b3873000a50616263)`],
      [envelope('v1', 'ConfigMap', [0x0a, 0x20, 0x61]), `${unhandled} unexpected EOF`],
      [envelope('v1', 'ConfigMap', [...new Array(10).fill(0xff), 1]), `${unhandled} proto: integer overflow`],
      [envelope('v1', 'ConfigMap', [0x96, 0x03]), `${unhandled} proto: illegal wireType 6`],
    ] as const) {
      t.strictSame(await post(body), [400, text]);
    }
  },
);

t.test('a message that comes twice is one message', async (t) => {
  const label = field(11, [...field(1, 'k'), ...field(2, 'v')]);
  const twice = [...field(1, [...field(1, 'e'), ...label]), ...field(1, field(1, 'f'))];
  t.strictSame(codec.decode(envelope('v1', 'ConfigMap', twice)), {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'f', labels: { k: 'v' } },
  });
});

t.test('a body of another kind is told by the version that Go calls its package', async (t) => {
  const api = await startApi(t);
  const sent = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } };
  const { code, body } = await api.send('POST', '/api/v1/namespaces/default/configmaps', sent);
  const why =
    'cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion';
  t.strictSame([code, body.message], [400, `Deployment in version "v1" ${why}`]);
});
