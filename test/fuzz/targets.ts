/** What is fuzzed: everything that reads what others have written. HTTP/2 is in `http2-targets.ts`. */

import fc from 'fast-check';
import { BoltReader } from '../../src/bolt/bolt-reader.ts';
import { BoltWriter } from '../../src/bolt/bolt-writer.ts';
import type { Json, JsonObject } from '../../src/kube/api/objects.ts';
import { StatusError } from '../../src/kube/api/status.ts';
import { jsonPatch } from '../../src/kube/patch/json-patch.ts';
import { mergePatch } from '../../src/kube/patch/merge-patch.ts';
import { strategicMergePatch } from '../../src/kube/patch/strategic-merge-patch.ts';
import { DecodeError, decodeCarefully } from '../../src/kube/schema/decode.ts';
import { JsonTextError, parseJsonText } from '../../src/kube/schema/json-text.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';
import { parseYamlText, YamlTextError } from '../../src/kube/schema/yaml-text.ts';
import { decodeRaftFrame, encodeRaftFrame, messageBytes } from '../../src/member/peer-codec.ts';
import { Failure } from '../../src/util/failure.ts';
import { decodeAuthOperation, encodeAuthOperation } from '../../src/wire/auth-codec.ts';
import { decodeCold, encodeCold } from '../../src/wire/cold-codec.ts';
import { decodeKeyValue, encodeKeyValue } from '../../src/wire/key-value.ts';
import * as kv from '../../src/wire/kv-codec.ts';
import { decodeProtoJson, encodeProtoJson } from '../../src/wire/proto-json.ts';
import { decodeWatchRequest, encodeWatchRequest } from '../../src/wire/watch-codec.ts';
import { appendNow, contentOf, entriesOf, newLog, segmentPaths, settle } from '../wal/harness.ts';
import * as m from '../wire/messages.ts';
import type { Target } from './fuzz.ts';
import { http2Targets } from './http2-targets.ts';

const isFailure = (error: unknown): boolean => error instanceof Failure;
const isStatus = (error: unknown): boolean => error instanceof StatusError;

function samplesOf<T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Uint8Array): Uint8Array[] {
  return fc.sample(arbitrary, { seed: 7, numRuns: 12 }).map(encode);
}

/** The first byte says which segment of a log is replaced by the rest. */
function walTarget(): Target {
  const { world, disk, wal } = newLog();
  for (let i = 1; segmentPaths(disk).length < 3 || i % 5 !== 0; i++) {
    appendNow(world, wal, entriesOf(i, 1, i, 60), i % 3 === 0 ? { term: i, vote: 'n', commit: i - 1 } : null);
  }
  settle(world, (done) => wal.close(done));
  const paths = segmentPaths(disk);
  const written = paths.map((path) => disk.content(path));
  return {
    name: 'wal',
    about: 'segments of the log, as a start finds them',
    samples: () => written.map((content, at) => Buffer.concat([Buffer.from([at]), content])),
    read: (input) => {
      const path = paths[(input[0] ?? 0) % paths.length]!;
      const { entries } = contentOf(disk.with({ [path]: Buffer.from(input.subarray(1)) }));
      for (const [at, entry] of entries.entries()) {
        if (at > 0 && entry.index !== entries[at - 1]!.index + 1)
          throw new Error('entries that do not follow each other');
      }
    },
    means: isFailure,
  };
}

function boltTarget(): Target {
  const write = (count: number): Buffer => {
    const pages: Buffer[] = [];
    const writer = new BoltWriter((page) => pages.push(page));
    for (const name of ['auth', 'key', 'meta']) {
      writer.begin(name);
      for (let at = 0; at < count; at++) {
        writer.put(Buffer.from(String(at).padStart(8, '0')), Buffer.alloc(at % 90, at));
      }
      writer.end();
    }
    const metas = writer.finish();
    return Buffer.concat([metas, ...pages]);
  };
  return {
    name: 'snapshot',
    about: 'database files of etcd',
    samples: () => [write(0), write(3), write(200)],
    read: (file) => {
      const reader = new BoltReader((offset, length) => file.subarray(offset, offset + length));
      for (const name of reader.bucketNames) {
        let bytes = 0;
        for (const { key, value } of reader.entries(name)) {
          bytes += key.length + value.length;
          if (bytes > 64 * (file.length + 4096)) throw new Error('more comes out than could be in it');
        }
      }
    },
    means: isFailure,
  };
}

type Decoder = readonly [(bytes: Uint8Array) => unknown, readonly Uint8Array[]];

/** The first byte says which message it is. */
function protobufTarget(): Target {
  const authOperations = [
    { kind: 'userAdd', name: 'u', hashedPassword: '', noPassword: true },
    {
      kind: 'roleGrantPermission',
      role: 'r',
      permission: { type: 2, key: Buffer.from('a'), rangeEnd: Buffer.from('b') },
    },
  ] as const;
  const decoders: readonly Decoder[] = [
    [decodeKeyValue, samplesOf(m.keyValueArbitrary, encodeKeyValue)],
    [kv.decodeRangeRequest, samplesOf(m.rangeRequestArbitrary, kv.encodeRangeRequest)],
    [kv.decodePutRequest, samplesOf(m.putRequestArbitrary, kv.encodePutRequest)],
    [kv.decodeDeleteRangeRequest, samplesOf(m.deleteRangeRequestArbitrary, kv.encodeDeleteRangeRequest)],
    [(bytes) => kv.decodeTxnRequest(bytes), samplesOf(m.txnRequestArbitrary, kv.encodeTxnRequest)],
    [kv.decodeCompactionRequest, samplesOf(m.compactionRequestArbitrary, kv.encodeCompactionRequest)],
    [decodeWatchRequest, samplesOf(m.watchRequestArbitrary, encodeWatchRequest)],
    [decodeAuthOperation, authOperations.map(encodeAuthOperation)],
    [
      (bytes) => decodeCold('etcdserverpb.MemberAddRequest', bytes),
      [encodeCold('etcdserverpb.MemberAddRequest', { peerURLs: ['http://a:1'], isLearner: true })],
    ],
  ];
  return {
    name: 'protobuf',
    about: 'messages of clients, and operations of users and roles',
    samples: () =>
      decoders.flatMap(([, samples], at) =>
        samples.map((sample) => Buffer.concat([Buffer.from([at]), sample])),
      ),
    read: (input) => {
      decoders[(input[0] ?? 0) % decoders.length]![0](input.subarray(1));
    },
    means: isFailure,
  };
}

const gatewayTypes = [
  'RangeRequest',
  'PutRequest',
  'TxnRequest',
  'WatchRequest',
  'LeaseGrantRequest',
  'AuthRoleGrantPermissionRequest',
];

function gatewayTarget(): Target {
  const texts = [
    '0{"key":"Zm9v","range_end":"Zm9w","limit":"5","sort_order":"DESCEND","keys_only":true}',
    '1{"key":"Zm9v","value":"YmFy","lease":"123456789012345678","prev_kv":true}',
    '2{"compare":[{"result":"EQUAL","target":"MOD","key":"Zm9v","mod_revision":"1"}],"success":[{"request_put":{"key":"Zm9v"}}],"failure":[{"request_txn":{}}]}',
    '3{"create_request":{"key":"Zm9v","start_revision":9,"filters":["NOPUT"]}}',
    '4{"TTL":10,"ID":"7"}',
    '5{"name":"r","perm":{"permType":"READWRITE","key":"YQ=="}}',
  ];
  return {
    name: 'gateway',
    about: 'JSON of the gateway',
    samples: () => texts.map((text) => Buffer.from(text)),
    words: [
      '"',
      '{}',
      '[]',
      'null',
      '1e999',
      '-0',
      '99999999999999999999',
      '"\\ud800"',
      '__proto__',
      '"request_range"',
      '====',
      'true',
    ],
    read: (input) => {
      const type = `etcdserverpb.${gatewayTypes[(input[0] ?? 0) % gatewayTypes.length]!}`;
      const encoded = encodeProtoJson(type, input.subarray(1).toString());
      decodeProtoJson(type, encoded);
    },
    means: isFailure,
  };
}

const pod = definitionOf('core.v1.Pod');
const podText = `apiVersion: v1
kind: Pod
metadata: {name: a, labels: {x: "1"}}
spec:
  containers:
  - &c
    name: main
    image: img
    ports: [{containerPort: 80, protocol: TCP}]
    resources:
      limits: {cpu: 100m}
  tolerations: [{key: k, operator: Exists}]
`;

function yamlTarget(): Target {
  return {
    name: 'yaml',
    about: 'bodies of API requests in YAML and JSON',
    samples: () => [
      Buffer.from(podText),
      Buffer.from('a: &x [1, *x]\n'),
      Buffer.from('{"a": {"b": [1.5, null, "c"]}}'),
    ],
    words: [
      '&a ',
      '*a',
      '<<: ',
      '|\n',
      '>-\n',
      '? ',
      '- ',
      '---\n',
      '!!binary ',
      '\t',
      '%YAML 1.1\n',
      '"\\x41"',
      '{',
      '[',
      '.inf',
      '0o17',
      '__proto__: ',
    ],
    read: (input) => {
      const { value } = parseYamlText(input.toString());
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        decodeCarefully(pod, value as JsonObject);
    },
    means: (error) =>
      error instanceof YamlTextError ||
      error instanceof JsonTextError ||
      error instanceof DecodeError ||
      isStatus(error),
  };
}

/** The first byte says which kind of patch the rest is. */
function patchTarget(): Target {
  const target = parseYamlText(podText).value as JsonObject;
  const texts = [
    '0{"metadata":{"labels":{"x":null,"y":"2"}},"spec":{"containers":[]}}',
    '1[{"op":"add","path":"/spec/containers/-","value":{"name":"b"}},{"op":"move","from":"/metadata/labels/x","path":"/metadata/labels/~1y~0"},{"op":"test","path":"/kind","value":"Pod"},{"op":"remove","path":"/spec/tolerations/0"}]',
    '2{"spec":{"containers":[{"name":"main","image":"x"},{"name":"old","$patch":"delete"}],"$setElementOrder/containers":[{"name":"main"}],"tolerations":[{"key":"k","$patch":"replace"}],"$retainKeys":["containers"]}}',
  ];
  return {
    name: 'patches',
    about: 'patches of Kubernetes objects, of all three kinds',
    samples: () => texts.map((text) => Buffer.from(text)),
    words: [
      '"$patch":"delete"',
      '"$patch":"replace"',
      '"$deleteFromPrimitiveList/finalizers":["a"]',
      '"$retainKeys":[]',
      '"/-"',
      '"~01"',
      '"/spec/containers/00"',
      '"op":"copy"',
      'null',
      '__proto__',
      '"constructor"',
      '-1',
      '[]',
      '{}',
    ],
    read: (input) => {
      const patch = parseJsonText(input.subarray(1).toString()).value;
      const isObject = typeof patch === 'object' && patch !== null && !Array.isArray(patch);
      const kind = (input[0] ?? 0) % 3;
      let patched: Json = null;
      if (kind === 0) patched = mergePatch(target, patch);
      else if (kind === 1) patched = jsonPatch(target, patch);
      else if (isObject) patched = strategicMergePatch(target, patch as JsonObject, pod);
      if (typeof patched === 'object' && patched !== null && !Array.isArray(patched))
        decodeCarefully(pod, patched as JsonObject);
      if (Object.hasOwn(Object.prototype, 'polluted'))
        throw new Error('the prototype of all objects was changed');
    },
    means: (error) => error instanceof JsonTextError || error instanceof DecodeError || isStatus(error),
  };
}

/** Frames between members. A member drops what does not parse, whatever is thrown; it must come to an end and stay small. */
function frameTarget(): Target {
  const message = (entries: number): Parameters<typeof messageBytes>[0] => ({
    type: 1,
    from: 'a',
    to: 'b',
    term: 5,
    index: 9,
    logTerm: 4,
    commit: 8,
    entries: Array.from({ length: entries }, (_, at) => ({
      index: 10 + at,
      term: 5,
      type: 0,
      data: Buffer.alloc(at * 7, at),
    })),
    reject: false,
    hint: 0,
    context: 0,
    snapshot: null,
  });
  const frame = (...counts: number[]): Uint8Array => {
    const messages = counts.map(message);
    return encodeRaftFrame(
      messages,
      messages.reduce((sum, each) => sum + messageBytes(each), 0),
    );
  };
  return {
    name: 'raft-frames',
    about: 'frames between members',
    samples: () => [frame(0), frame(3), frame(1, 0, 2)],
    read: (input) => void decodeRaftFrame(input, 'a', 'b'),
    means: (error) => error instanceof Error && error.message.startsWith('raft frame ends'),
  };
}

export const targets: readonly Target[] = [
  walTarget(),
  boltTarget(),
  protobufTarget(),
  gatewayTarget(),
  yamlTarget(),
  patchTarget(),
  frameTarget(),
  ...http2Targets,
];
