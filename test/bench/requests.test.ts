import t from 'tap';
import { eventsOf, PUT_PATH, RANGE_PATH } from '../../bench/messages.ts';
import { type RequestOptions, RequestSource } from '../../bench/requests.ts';
import { runWatchLoad } from '../../bench/watch-load.ts';
import { startMember } from '../../src/index.ts';
import { decodePutRequest, decodeRangeRequest, decodeTxnRequest } from '../../src/wire/kv-codec.ts';
import { decodeLeaseGrantRequest, decodeLeaseRevokeRequest } from '../../src/wire/lease-codec.ts';

const options: RequestOptions = {
  valueBytes: 10,
  keyBytes: 12,
  keySpace: 1_000_000,
  keyOrder: 'sequential',
  keyFrom: 7,
  connections: 1,
  streams: 1,
};
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

t.test('every kind of request is what etcd understands, with another key each time', async (t) => {
  const range = new RequestSource({ ...options, request: 'range', keysPerRange: 500 });
  range.request();
  const second = decodeRangeRequest(range.request());
  t.equal(text(second.key), 'k00000000008');
  t.equal(text(second.rangeEnd), 'k00000000508');
  t.equal(second.serializable, false);
  t.equal(
    decodeRangeRequest(new RequestSource({ ...options, request: 'serializable' }).request()).serializable,
    true,
  );
  const txn = decodeTxnRequest(new RequestSource({ ...options, request: 'txn' }).request());
  t.match(txn, { compare: [{}], success: [{}], failure: [{}] });
  t.equal(text(txn.compare[0]!.key), 'k00000000007');
  const put = decodePutRequest(new RequestSource(options).request());
  t.equal(text(put.key), 'k00000000007');
  t.equal(put.value.length, 10);
  const mixed = new RequestSource({ ...options, request: 'mixed' });
  const paths = Array.from({ length: 10 }, () => {
    mixed.request();
    return mixed.path;
  });
  t.equal(paths.filter((path) => path === PUT_PATH).length, 2);
  t.equal(paths.filter((path) => path === RANGE_PATH).length, 8);
});

t.test('no lease is revoked before it was granted, and none twice', async (t) => {
  const source = new RequestSource({ ...options, request: 'lease', connections: 2, streams: 3 });
  const granted = new Set<bigint>();
  let revoked = 0;
  for (let call = 0; call < 500; call++) {
    const bytes = source.request();
    if (source.path.endsWith('LeaseGrant')) {
      const { id } = decodeLeaseGrantRequest(bytes);
      t.equal(granted.has(id), false);
      granted.add(id);
    } else {
      revoked += 1;
      if (!granted.delete(decodeLeaseRevokeRequest(bytes))) t.fail('it was not there');
    }
  }
  t.ok(revoked > 200);
});

t.test('events are counted, and the value of the first is found', async (t) => {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  t.teardown(() => member.close());
  // header, watch_id 300, created
  const created = Buffer.from('0a021803' + '10ac02' + '1801', 'hex');
  t.same(eventsOf(created), { watchId: 300, created: true, events: 0, firstAt: 0, firstEnd: 0 });
  const load = (measureMs: number) => ({
    kind: 'watch' as const,
    host: '127.0.0.1',
    port: Number(new URL(member.clientUrls[0]!).port),
    watchers: 20,
    streams: 3,
    valueBytes: 100,
    window: 5,
    warmUpMs: 50,
    measureMs,
  });
  let result = await runWatchLoad(load(200));
  // The busier the machine is, the longer it takes.
  for (let ms = 1000; result.completed <= 20 && ms < 30_000; ms *= 5) result = await runWatchLoad(load(ms));
  t.equal(result.firstFailure, null);
  t.ok(result.completed > 20, `${result.completed} events`);
  t.ok(result.latency.sumUs > 0);
});
