import t from 'tap';
import { readSources, type Sources } from './sources.ts';

/**
 * Every limit of `src` is tested at its edge: what is at it passes, and what is one beyond does what the limit says. A
 * limit is a constant whose name says so: `maxAlarms`, `answerBytesMax`, `PING_STRIKES_MAX`. Its test says which one it
 * holds, in its title or in a comment above it: `maxAlarms of member/alarms`.
 */

const declared =
  /^(?:export )?const (max[A-Z]\w*|\w+Max(?:Ms)?|[A-Z][A-Z\d_]*_MAX|MAX_[A-Z\d_]+)\b[^=\n]*=\s*(?![\s(<]|async |new )/gm;

/**
 * Sizes that no answer depends on: how much is remembered, kept for another time, or taken at once. Beyond them the same is
 * done in another way, and the tests of their files, most of them drawn at random, are on both sides.
 */
const sizes: readonly (readonly [place: string, names: string, reason: string])[] = [
  ['backend/level-state', 'keptPackBytesMax', 'packs that are kept for another read'],
  ['backend/pack', 'maxRecordOverhead maxRecordBytes', 'made up of the limits of key and value'],
  ['backend/pack', 'slabBytesMax', 'memory that packs are filled in'],
  [
    'bolt/bolt-reader',
    'maxPageBytes',
    'how far the second meta page is looked for: no system has larger pages',
  ],
  ['cli/ctl/mirror-command', 'maxTxnOps', 'what a flag is when it is not given'],
  ['cli/ctl/snapshot-file', 'readAtOnceMax', 'a file is read in parts'],
  ['cli/processes', 'arenasMax', 'advice to the allocator of the C library'],
  ['client/snapshot', 'queuedPartsMax', 'where a stream is told to pause'],
  ['client/watch', 'queuedMessagesMax', 'where a stream is told to pause'],
  ['http/gateway-socket', 'maxWaitingBytes', 'where a stream is told to pause'],
  ['kube/admission/namespace-lifecycle', 'freshMax', 'namespaces that are remembered'],
  ['kube/admission/service-numbers', 'addressesMax', 'of larger ranges, the first addresses are given'],
  ['kube/api/fields-text', 'knownMax', 'texts that are remembered'],
  ['kube/apply/field-set', 'knownNamesMax', 'names that are remembered'],
  ['kube/apply/fields-texts', 'setsMax', 'sets that are remembered'],
  ['kube/apply/first-fields', 'textLettersMax knownMax', 'texts that are remembered'],
  ['kube/auth/static-tokens', 'knownMax', 'tokens that are remembered'],
  ['kube/crd/go-regex', 'knownMax', 'patterns that are remembered'],
  ['kube/crd/validate', 'maxFloat', 'the largest number that a float can hold'],
  ['kube/defaults/batch', 'backoffLimitMax', 'the largest number that the field can hold'],
  ['kube/http/handler', 'acceptedMax acceptLettersMax', 'headers that are remembered'],
  ['kube/validation/pod-fields', 'int32Max', 'the largest number that such a field can hold'],
  ['kube/webhooks/convert', 'objectsMax', 'objects that are converted at a time'],
  ['member/compaction-pacer', 'timesMax', 'how much is compacted before others have their turn'],
  ['member/flusher', 'compactedMax', 'how much is flushed at a time'],
  ['member/outbox', 'maxIdleParcels', 'parcels that are kept for another turn'],
  ['mvcc/key-table', 'maxProbes', 'what finds no place goes to another table'],
  ['rpc/http2/client-connection', 'WAITING_GARBAGE_MAX', 'when a queue is cut at its front'],
  ['rpc/http2/header-reader', 'KNOWN_BLOCK_BYTES_MAX', 'blocks that are remembered'],
  [
    'rpc/http2/limits',
    'DATA_FRAME_BYTES_MAX CONTROL_OUTPUT_BYTES_MAX',
    'how much is written or read at a time',
  ],
  ['rpc/http2/limits', 'STREAM_BUFFER_BYTES_MAX', 'where a writer is told to pause'],
  ['rpc/http2/output', 'SLAB_BYTES_MAX IDLE_CHUNKS_MAX', 'buffers that are kept for another time'],
  ['rpc/http2/request-blocks', 'KEPT_PATHS_MAX INDEXED_VALUE_BYTES_MAX', 'blocks that are remembered'],
  ['rpc/http2/send-queue', 'GARBAGE_MAX', 'when a queue is cut at its front'],
  ['rpc/http2/send-turns', 'GARBAGE_MAX', 'when a queue is cut at its front'],
  ['rpc/http2/settings', 'UINT32_MAX', 'the largest number that a setting can hold'],
  ['rpc/http2/stream-table', 'SLOTS_MAX', 'slots of a table whose rest is a Map'],
  ['sim/sim-network', 'maxPathBytes', 'of the simulator alone'],
  ['util/ordered-map', 'nodeMax', 'the shape of a tree'],
  ['util/sort-strings', 'fourDigitsMax', 'the digits of a way to sort'],
  [
    'wal/group-encoder',
    'copiedPayloadBytesMax keptBufferBytesMax',
    'what is copied, and kept for another time',
  ],
  ['wal/segment-chain', 'firstSegmentBytesMax', 'the size of a file'],
  ['wal/segment-preparer', 'unsyncedBytesMax', 'how much is synced at a time'],
  ['wal/append-queue', 'groupBytesMax', 'how much is written at a time'],
  ['wire/cold-messages', 'maxSafe', 'the largest number of JavaScript'],
];

/** Not asked of these rooms: most of what they bound is buffers and what is remembered. */
const floorsOfKube = ['kube/http/', 'kube/proto/', 'kube/schema/', 'kube/storage/', 'kube/store/'];

/** Their edge is thousands of objects away: no test goes there. */
const distant: ReadonlySet<string> = new Set([
  'checkedPodsMax of kube/admission/pod-security',
  'maxDisruptedPods of kube/rest/eviction',
]);

interface Limit {
  /** Its file in `src`, without the ending. */
  readonly place: string;
  readonly name: string;
}

function limitsOf(sources: Sources): Limit[] {
  return [...sources].flatMap(([path, text]) => {
    const place = path.slice('src/'.length, -'.ts'.length);
    return [...text.matchAll(declared)].map(([, name]) => ({ place, name: name! }));
  });
}

/** Those that no test names and no size is. */
function untested(limits: readonly Limit[], tests: string): string[] {
  const listed = new Set(
    sizes.flatMap(([place, names]) => names.split(' ').map((name) => `${name} of ${place}`)),
  );
  return limits
    .filter(({ place }) => !floorsOfKube.some((room) => place.startsWith(room)))
    .map(({ place, name }) => `${name} of ${place}`)
    .filter((limit) => !listed.has(limit) && !distant.has(limit) && !tests.includes(limit));
}

const limits = limitsOf(readSources('src', ['.ts']));

t.test('every limit is named by a test that goes to its edge', async (t) => {
  const files = readSources('test', ['.ts']);
  const tests = [...files].filter(([path]) => path.endsWith('.test.ts') && !path.startsWith('test/house/'));
  t.same(untested(limits, tests.map(([, text]) => text).join('\n')), []);
  t.ok(limits.length > 100, `${limits.length} limits`);
});

t.test('every size is there, and has a reason', async (t) => {
  const known = new Set(limits.map(({ place, name }) => `${name} of ${place}`));
  for (const [place, names, reason] of sizes) {
    t.ok(reason.length > 10, place);
    for (const name of names.split(' ')) t.ok(known.has(`${name} of ${place}`), `${name} of ${place}`);
  }
  for (const limit of distant) t.ok(known.has(limit), limit);
});

t.test('what tests name is there', async (t) => {
  const known = new Set(limits.map(({ place, name }) => `${name} of ${place}`));
  const room = /^(?:[a-z\d-]+\/)+[a-z\d-]+$/;
  for (const [path, text] of readSources('test', ['.test.ts'])) {
    if (path.startsWith('test/house/')) continue;
    for (const [named, , place] of text.matchAll(
      /\b(max[A-Z]\w*|\w+Max|[A-Z][A-Z\d_]*_MAX|MAX_[A-Z\d_]+) of ([a-z\d/-]+)/g,
    )) {
      if (room.test(place!)) t.ok(known.has(named), `${named}, in ${path}`);
    }
  }
});

t.test('a limit without a test would be seen', async (t) => {
  const text = [
    'const maxCalls = 20;',
    'export const answerBytesMax: number = 16 * 1024;',
    'const WAITING_CALLS_MAX = 5;',
    'const restMaxMs = 5000;',
    'export const maxOf = (a: number) => a;',
    'const maximum = 3;',
    '  const maxInside = 3;',
  ].join('\n');
  const found = limitsOf(new Map([['src/raft/a.ts', text]]));
  t.same(
    found.map(({ name }) => name),
    ['maxCalls', 'answerBytesMax', 'WAITING_CALLS_MAX', 'restMaxMs'],
  );
  t.same(untested(found.slice(0, 2), '// maxCalls of raft/a'), ['answerBytesMax of raft/a']);
});
