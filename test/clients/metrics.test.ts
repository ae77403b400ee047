import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { findTool } from '../tools.ts';
import { startServers } from './harness.ts';

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

t.test(
  'every metric of etcd is there, of the same kind, with the same labels and bounds',
  { skip: tool === null && 'not installed here: etcd' },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    // Three, for there to be peers.
    const [etcd, keelson] = await Promise.all([
      startServers('etcd', 3, workplace, async () => {}, {}, [tool!.path, '--logger=zap']),
      startServers('keelson', 3, workplace),
    ]);
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
    await Promise.all([etcd.stop(), keelson.stop()]);
  },
);
