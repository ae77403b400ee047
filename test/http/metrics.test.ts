/** `/metrics` of a running member: what dashboards and alerts of etcd ask for is there, and counts what it says. */

import t, { type Test } from 'tap';
import { etcdMethods } from '../../src/etcd/services.ts';
import { startMember } from '../../src/index.ts';
import { Metrics } from '../../src/util/metrics.ts';
import { encodePutRequest, encodeRangeRequest } from '../../src/wire/kv-codec.ts';
import { encodeLeaseGrantRequest } from '../../src/wire/lease-codec.ts';
import { encodeWatchRequest } from '../../src/wire/watch-codec.ts';
import { FakeMember } from '../etcd/fake-member.ts';
import { Caller } from '../etcd/served.ts';
import { bytes, put, range } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';

/** Series by their whole name, labels included. */
type Scrape = Map<string, number>;

function parse(text: string): Scrape {
  const series: Scrape = new Map();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line);
    if (match !== null) series.set(match[1]!, Number(match[2]!.replace('Inf', 'Infinity')));
    else if (line !== '' && !line.startsWith('#')) throw new Error(`no line of Prometheus: ${line}`);
  }
  return series;
}

async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`);
  if (response.headers.get('content-type') !== 'text/plain; version=0.0.4; charset=utf-8') {
    throw new Error(`content type ${response.headers.get('content-type')}`);
  }
  return parse(await response.text());
}

async function open(t: Test): Promise<{ caller: Caller; url: string }> {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  const url = member.clientUrls[0]!;
  const caller = new Caller(url.slice('http://'.length));
  t.teardown(async () => {
    caller.closeClient();
    await member.close();
  });
  // It has a leader, and says so.
  await member.ready;
  return { caller, url };
}

const labels = (service: string, method: string, type: string): string =>
  `grpc_method="${method}",grpc_service="etcdserverpb.${service}",grpc_type="${type}"`;

/** Of the Grafana dashboard for etcd and of its alert rules. Those with labels of peers need peers. */
const wanted = `
  etcd_server_has_leader etcd_server_is_leader etcd_server_leader_changes_seen_total
  etcd_server_proposals_committed_total etcd_server_proposals_applied_total
  etcd_server_proposals_pending etcd_server_proposals_failed_total
  etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} etcd_disk_wal_fsync_duration_seconds_bucket{le="8.192"}
  etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"}
  etcd_disk_backend_commit_duration_seconds_bucket{le="0.001"} etcd_disk_backend_commit_duration_seconds_bucket{le="+Inf"}
  etcd_mvcc_db_total_size_in_bytes etcd_mvcc_db_total_size_in_use_in_bytes etcd_server_quota_backend_bytes
  etcd_network_client_grpc_received_bytes_total etcd_network_client_grpc_sent_bytes_total
  process_resident_memory_bytes process_open_fds process_max_fds
  etcd_debugging_mvcc_keys_total etcd_debugging_mvcc_watcher_total etcd_mvcc_put_total
  etcd_server_slow_apply_total etcd_server_slow_read_indexes_total etcd_server_heartbeat_send_failures_total
  grpc_server_started_total{${labels('Watch', 'Watch', 'bidi_stream')}}
  grpc_server_started_total{${labels('Lease', 'LeaseKeepAlive', 'bidi_stream')}}
  grpc_server_started_total{${labels('Maintenance', 'Snapshot', 'server_stream')}}
  grpc_server_handled_total{grpc_code="OK",${labels('Watch', 'Watch', 'bidi_stream')}}
  grpc_server_handled_total{grpc_code="Unavailable",${labels('KV', 'Put', 'unary')}}
`;

t.test('every series that dashboards and alerts of etcd use is there from the beginning', async (t) => {
  const { url } = await open(t);
  const series = await scrape(url);
  for (const name of wanted.trim().split(/\s+/)) t.ok(series.has(name), name);
  t.ok(series.get('process_resident_memory_bytes')! > 1e7);
  t.ok(series.get('process_cpu_seconds_total')! > 0);
  t.equal(series.get('etcd_server_quota_backend_bytes'), 2 ** 31);
  t.equal(series.get('etcd_server_leader_changes_seen_total'), 1);
  const handled = [...series.keys()].filter((name) => name.startsWith('grpc_server_handled_total'));
  t.ok(handled.length >= 51 * 17, `${handled.length} pairs of method and code`);
  t.notOk(
    [...series.keys()].some((name) => name.startsWith('grpc_server_handling_seconds')),
    'how long calls take is counted on demand only',
  );
});

t.test('calls, messages and bytes are counted, by method and outcome', async (t) => {
  const { caller, url } = await open(t);
  const request = encodePutRequest(put('a', 'x'.repeat(1000)));
  const versioned = { 'client-api-version': '3.6' };
  let bytesBack = 0;
  for (let i = 0; i < 3; i++) {
    const { response } = await caller.call('KV/Put', request, versioned);
    bytesBack += response!.length;
  }
  await caller.outcome('KV/Put', encodePutRequest(put('', '1')));
  const series = await scrape(url);
  const put3 = labels('KV', 'Put', 'unary');
  const value = (name: string): number | undefined => series.get(name);
  t.equal(value(`grpc_server_started_total{${put3}}`), 4);
  t.equal(value(`grpc_server_msg_received_total{${put3}}`), 4);
  t.equal(value(`grpc_server_msg_sent_total{${put3}}`), 3);
  t.equal(value(`grpc_server_handled_total{grpc_code="OK",${put3}}`), 3);
  t.equal(value(`grpc_server_handled_total{grpc_code="InvalidArgument",${put3}}`), 1);
  t.equal(value('etcd_network_client_grpc_sent_bytes_total'), bytesBack);
  t.ok(value('etcd_network_client_grpc_received_bytes_total')! >= 3 * request.length);
  t.equal(value('etcd_server_client_requests_total{client_api_version="3.6",type="unary"}'), 3);
  t.equal(value('etcd_server_client_requests_total{client_api_version="unknown",type="unary"}'), 1);
  t.equal(value('etcd_mvcc_put_total'), 3);
  t.equal(value('etcd_debugging_mvcc_keys_total'), 1);
  t.equal(value('etcd_debugging_mvcc_current_revision'), 4);
  t.ok(value('etcd_disk_wal_fsync_duration_seconds_count')! > 0);
  t.equal(
    value('etcd_server_proposals_applied_total'),
    value('etcd_server_proposals_committed_total'),
    'all that is committed is applied',
  );
});

t.test('streams that are open are those begun less those ended, however they end', async (t) => {
  const { caller, url } = await open(t);
  const watch = labels('Watch', 'Watch', 'bidi_stream');
  const codes = ['OK', 'Canceled', 'Unknown', 'Unavailable', 'Internal'];
  const active = (series: Scrape): number => {
    const ended = codes.map((code) => series.get(`grpc_server_handled_total{grpc_code="${code}",${watch}}`)!);
    return series.get(`grpc_server_started_total{${watch}}`)! - ended.reduce((sum, count) => sum + count);
  };
  const create = encodeWatchRequest({
    kind: 'create',
    create: {
      key: bytes('a'),
      rangeEnd: bytes(''),
      startRevision: 0,
      progressNotify: false,
      filters: [],
      prevKv: false,
      watchId: 0,
      fragment: false,
    },
  });
  const streams = [caller.stream('Watch/Watch'), caller.stream('Watch/Watch')];
  for (const stream of streams) {
    stream.send(create);
    stream.send(create);
  }
  await until('all watchers', () => streams.every(({ messages }) => messages.length === 2));
  await caller.response('KV/Put', encodePutRequest(put('a', '1')));
  await until('all events', () => streams.every(({ messages }) => messages.length === 4));
  let series = await scrape(url);
  t.equal(active(series), 2);
  t.equal(series.get('etcd_debugging_mvcc_watch_stream_total'), 2);
  t.equal(series.get('etcd_debugging_mvcc_watcher_total'), 4);
  t.equal(series.get('etcd_debugging_mvcc_events_total'), 4);
  t.equal(series.get(`grpc_server_msg_sent_total{${watch}}`), 8);
  t.equal(series.get(`grpc_server_msg_received_total{${watch}}`), 4);
  streams[0]!.call.cancel();
  streams[1]!.send(Buffer.from([0xff]));
  for (let tries = 0; active(series) > 0 && tries < 6000; tries++) series = await scrape(url);
  t.equal(active(series), 0);
  t.equal(series.get(`grpc_server_handled_total{grpc_code="Canceled",${watch}}`), 1);
  t.equal(series.get(`grpc_server_handled_total{grpc_code="Internal",${watch}}`), 1);
});

t.test('leases and reads are counted, and so is the health that somebody asked for', async (t) => {
  const { caller, url } = await open(t);
  await caller.response('Lease/LeaseGrant', encodeLeaseGrantRequest({ id: 5n, ttl: 60 }));
  await caller.response('KV/Range', encodeRangeRequest(range('a')));
  await fetch(`${url}/health`);
  await fetch(`${url}/livez`);
  await fetch(`${url}/readyz/non_learner`);
  const series = await scrape(url);
  t.equal(series.get('etcd_debugging_lease_granted_total'), 1);
  t.equal(series.get('etcd_debugging_lease_ttl_total_bucket{le="32"}'), 0);
  t.equal(series.get('etcd_debugging_lease_ttl_total_bucket{le="64"}'), 1);
  t.ok(series.get('etcd_mvcc_range_total')! >= 1);
  t.equal(series.get('etcd_server_health_success'), 1);
  t.equal(series.get('etcd_server_health_failures'), 0);
  t.equal(series.get('etcd_server_healthcheck{name="serializable_read",type="livez"}'), 1);
  t.equal(series.get('etcd_server_healthchecks_total{name="non_learner",status="success",type="readyz"}'), 1);
});

t.test('how long calls take is told where it is wanted', async (t) => {
  const member = await FakeMember.open();
  const metrics = new Metrics();
  const methods = etcdMethods(member, { metrics, timesCalls: true });
  const method = methods.get('/etcdserverpb.KV/Range')!;
  if (method.kind !== 'unary') throw new Error('unary');
  const call = {
    path: '/etcdserverpb.KV/Range',
    metadata: () => undefined,
    peer: 'test',
    commonName: '',
    onCancel: () => {},
  };
  await new Promise((resolve) => method.handle(encodeRangeRequest(range('a')), call, resolve));
  const series = parse(metrics.text());
  const name = 'grpc_server_handling_seconds';
  t.equal(series.get(`${name}_count{${labels('KV', 'Range', 'unary')}}`), 1);
  t.equal(series.get(`${name}_bucket{${labels('KV', 'Range', 'unary')},le="10"}`), 1);
  t.equal(series.get(`${name}_count{${labels('KV', 'Put', 'unary')}}`), 0);
});
