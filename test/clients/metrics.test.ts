import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { findTool } from '../tools.ts';
import { startServers } from './harness.ts';

t.setTimeout(600_000); // Six servers at once, and the machine may be busy.

const tool = findTool('etcd');

/** What etcd tells and Keelson does not, and why not. */
const others: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^go_|^etcd_server_go_version$/, 'of the runtime of Go'],
  [/^promhttp_/, 'of the library that etcd answers with'],
  [/^etcd_grpc_proxy_/, 'of a proxy, that no server is'],
  [/^etcd_debugging_store_/, 'of the keys of etcd 2'],
  [/^etcd_(debugging_)?snap_/, 'of files of snapshots, that there are none of'],
  [/^etcd_debugging_disk_backend_commit_|^etcd_mvcc_db_open_read_/, 'of the inside of bbolt'],
  [/^etcd_debugging_mvcc_(db_total_size|delete|put|range|txn)/, 'former names, gone since etcd 3.6'],
  [/^etcd_debugging_mvcc_index_compaction_/, 'index and records are compacted together'],
];

/**
 * Series that the usual dashboards (Grafana 3070 and the one of etcd's own mixin) and the alerts of that mixin are made of, with
 * the labels that they ask for.
 */
const watched: readonly string[] = [
  'etcd_server_has_leader',
  'etcd_server_is_leader',
  'etcd_server_leader_changes_seen_total',
  'etcd_server_proposals_failed_total',
  'etcd_server_proposals_pending',
  'etcd_server_proposals_committed_total',
  'etcd_server_proposals_applied_total',
  'etcd_server_quota_backend_bytes',
  'etcd_server_slow_apply_total',
  'etcd_server_heartbeat_send_failures_total',
  'etcd_server_health_failures',
  'etcd_mvcc_db_total_size_in_bytes',
  'etcd_mvcc_db_total_size_in_use_in_bytes',
  'etcd_mvcc_put_total',
  'etcd_mvcc_delete_total',
  'etcd_debugging_mvcc_keys_total',
  'etcd_debugging_mvcc_watcher_total',
  'etcd_disk_wal_fsync_duration_seconds_bucket{le}',
  'etcd_disk_backend_commit_duration_seconds_bucket{le}',
  'etcd_network_client_grpc_received_bytes_total',
  'etcd_network_client_grpc_sent_bytes_total',
  'etcd_network_peer_received_bytes_total{From}',
  'etcd_network_peer_sent_bytes_total{To}',
  'etcd_network_peer_sent_failures_total{To}',
  'etcd_network_peer_round_trip_time_seconds_bucket{To,le}',
  'grpc_server_started_total{grpc_type=unary}',
  'grpc_server_started_total{grpc_type=bidi_stream,grpc_service=etcdserverpb.Watch}',
  'grpc_server_started_total{grpc_type=bidi_stream,grpc_service=etcdserverpb.Lease}',
  'grpc_server_handled_total{grpc_type=bidi_stream,grpc_service=etcdserverpb.Watch}',
  'grpc_server_handled_total{grpc_type=bidi_stream,grpc_service=etcdserverpb.Lease}',
  'grpc_server_handled_total{grpc_type=unary,grpc_code=OK}',
  'grpc_server_handled_total{grpc_type=unary,grpc_code=Unavailable}',
  'grpc_server_handling_seconds_bucket{grpc_type=unary,grpc_method=Range,grpc_service,le}',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
  'process_open_fds',
  'process_max_fds',
  'os_fd_used',
  'os_fd_limit',
];

/** Whether a scrape has a series with all these labels, and a number. */
function hasSeries(scrape: string, wanted: string): boolean {
  const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(wanted)!;
  return scrape.split('\n').some((line) => {
    const [, found, pairs = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name || !Number.isFinite(Number(value))) return false;
    return labels
      .split(',')
      .filter((label) => label !== '')
      .every((label) => {
        const [key, expected] = label.split('=');
        return pairs.includes(expected === undefined ? `${key}="` : `${key}="${expected}"`);
      });
  });
}

/** Name, kind and names of labels of everything in a scrape. */
async function shapes(url: string): Promise<Map<string, string>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const kinds = new Map<string, string>();
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, typed, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (typed !== undefined) kinds.set(typed, kind!);
    const [, name, labels = ''] = /^([\w:]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const family = kinds.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    const named = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    const shown = named.map(([, label, value]) => (label === 'le' ? `le=${value}` : label));
    const series = `${name}{${shown.join()}}`;
    found.set(series, kinds.get(family)!);
  }
  return found;
}

const workplace = new Workplace();
t.teardown(() => workplace.close());
// Three, for there to be peers.
const keelson = await startServers('keelson', 3, workplace, async () => {}, { metrics: 'extensive' });

t.test('what the usual dashboards and alerts ask for has data on every member', async (t) => {
  for (const { clientUrl, name } of keelson.members) {
    const scrape = await (await fetch(`${clientUrl}/metrics`)).text();
    t.same(
      watched.filter((wanted) => !hasSeries(scrape, wanted)),
      [],
      name,
    );
  }
});

t.test(
  'every metric of etcd is there, of the same kind, with the same labels and bounds',
  { skip: tool === null && 'not installed here: etcd' },
  async (t) => {
    const flags = { metrics: 'extensive' };
    const etcdCommand = [tool!.path, '--logger=zap'];
    const etcd = await startServers('etcd', 3, workplace, async () => {}, flags, etcdCommand);
    const urls = [etcd, keelson].map(({ members }) => members[0]!.clientUrl);
    const [expected, actual] = (await Promise.all(urls.map(shapes))) as [
      Map<string, string>,
      Map<string, string>,
    ];
    const missing: string[] = [];
    for (const [series, kind] of expected) {
      if (others.some(([pattern]) => pattern.test(series.replace(/\{.*/, '')))) continue;
      if (actual.get(series) !== kind) missing.push(`${kind} ${series}`);
    }
    t.same(missing, []);
    for (const [pattern, reason] of others) {
      const isUsed = [...expected.keys()].some((series) => pattern.test(series.replace(/\{.*/, '')));
      t.ok(isUsed, `etcd still has some ${reason}`);
    }
    t.ok(expected.size > 200, `${expected.size} series`);
    await etcd.stop();
  },
);
