/**
 * Writes `docs/COMPATIBILITY.md`: each RPC, path, metric and flag of etcd 3.7 with its state here. It asks the tables that
 * the code itself goes by; only why something is different is written by hand, in `differences.ts`. Run it after every
 * change of them:
 *
 *     node --import tsx docs/generate.ts
 *
 * A test compares the page with what this makes.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Flag, flagName, UnfitValue } from '../src/cli/flags.ts';
import { idleFlags } from '../src/cli/idle-flags.ts';
import { serverFlags } from '../src/cli/server-flags.ts';
import { memberMetrics, versionsOf } from '../src/embed/client-ports.ts';
import { catalog, type RpcShape } from '../src/etcd/catalog.ts';
import { ServiceContext } from '../src/etcd/context.ts';
import { servicesOf } from '../src/etcd/services.ts';
import { etcdVersion } from '../src/etcd/version.ts';
import { gatewayMethods } from '../src/http/gateway-paths.ts';
import { endpointsOf } from '../src/http/handler.ts';
import { LocalNetwork } from '../src/rpc/local-peer-network.ts';
import { MeteredPeerNetwork } from '../src/rpc/metered-peer-network.ts';
import { FakeMember } from '../test/etcd/fake-member.ts';
import { general, notes, olderReleases } from './differences.ts';
import { etcdMetrics, etcdPaths } from './etcd-surface.ts';

export const pagePath: string = join(import.meta.dirname, 'COMPATIBILITY.md');

/** A row of a table: what it is, its state, and what to say about it. */
interface Row {
  readonly cells: readonly string[];
  readonly state: string;
  readonly note: string;
}

const usedNotes = new Set<string>();

function noteOn(name: string): string {
  usedNotes.add(name);
  return notes[name] ?? '';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`;
  return line(heads) + line(heads.map(() => '---')) + rows.map(line).join('');
}

function count(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, number]) => `${number} ${state}`).join(', ');
}

function section(title: string, text: string, heads: readonly string[], rows: readonly Row[]): string {
  const lines = rows.map(({ cells, state, note }) => [...cells, state, note]);
  return `## ${title}\n\n${text}\n\n${table([...heads, 'state', 'note'], lines)}`;
}

/** Options of `keelson server` that are no flags of etcd. */
const ownFlags: ReadonlySet<string> = new Set([
  'apiserverPort',
  'apiserverDir',
  'experimentalSelfRepair',
  'experimentalScrubBytesPerSecond',
  'rpcTransport',
]);

const shapes: Readonly<Record<RpcShape, string>> = {
  unary: 'unary',
  server_stream: 'answers stream',
  bidi_stream: 'both stream',
};

function rpcRows(member: FakeMember): Row[] {
  const services = servicesOf(new ServiceContext(member));
  return [...catalog].flatMap(([service, methods]) =>
    [...methods].map(([method, shape]) => ({
      cells: [`\`${service}\``, `\`${method}\``, shapes[shape]],
      state: services[service]?.[method] === undefined ? 'UNIMPLEMENTED' : 'served',
      note: noteOn(`${service.split('.').at(-1)}/${method}`),
    })),
  );
}

function pathRows(served: ReadonlySet<string>): Row[] {
  const plain = [...new Set([...etcdPaths, ...served])].map((path) => ({
    cells: ['GET', `\`${path}\``],
    state: served.has(path) ? 'served' : '404',
    note: noteOn(path),
  }));
  const gateway = [...gatewayMethods].map(([path, method]) => ({
    cells: ['POST', `\`${path}\``],
    state: 'served',
    note: `\`${method.path.split('.').at(-1)}\``,
  }));
  return [...plain, ...gateway];
}

function metricRows(served: readonly string[]): Row[] {
  const theirs = etcdMetrics.map((name) => ({
    cells: [`\`${name}\``],
    state: served.includes(name) ? 'told' : 'not told',
    note: noteOn(name),
  }));
  const ours = served.filter((name) => !etcdMetrics.includes(name));
  return [
    ...theirs,
    ...ours.map((name) => ({ cells: [`\`${name}\``], state: 'Keelson’s own', note: noteOn(name) })),
  ];
}

function defaultOf({ shownDefault }: Flag<unknown>): string {
  return shownDefault === '' ? '' : `\`${shownDefault}\``;
}

function formerNames({ aliases = [] }: Flag<unknown>): string {
  return aliases.length === 0 ? '' : ` Formerly ${aliases.map((name) => `\`--${name}\``).join(', ')}.`;
}

/** Does the flag take everything, or only what asks for what is the case anyway? */
function refuses(flag: Flag<unknown>): boolean {
  try {
    flag.parse('true');
    return false;
  } catch (error) {
    // Other forms of values are refused by every flag.
    return error instanceof UnfitValue;
  }
}

function flagRows(): Row[] {
  const working = Object.entries(serverFlags as Readonly<Record<string, Flag<unknown>>>).map(
    ([option, flag]) => ({
      cells: [`\`--${flagName(option)}\``, defaultOf(flag)],
      state: ownFlags.has(option) ? 'Keelson’s own' : 'works',
      note: `${flag.help}.${formerNames(flag)}`,
    }),
  );
  const idle = Object.entries(idleFlags).map(([option, flag]) => ({
    cells: [`\`--${flagName(option)}\``, defaultOf(flag)],
    state: refuses(flag) ? 'refused' : 'no effect',
    note: `${flag.help}: ${flag.idle!.reason}.${formerNames(flag)}`,
  }));
  return [...working, ...idle];
}

function head(rows: Readonly<Record<string, readonly Row[]>>): string {
  const counts = Object.entries(rows).map(([name, some]) => [name, String(some.length), count(some)]);
  return `<!-- Written by docs/generate.ts; not edited by hand. -->

# Compatibility with etcd 3.7

Keelson says to clients that it is etcd ${etcdVersion}. This page lists what they can ask of it, from the tables that the code
goes by: RPCs, paths of HTTP, metrics and flags, each with its state here. A difference to etcd that this page does not name is
a mistake. The commands of \`keelson ctl\` are listed by \`keelson ctl --help\`.

${table(['what', 'entries', 'state'], counts)}`;
}

function differences(): string {
  const lines = general.map(([title, text]) => `- **${title}.** ${text}\n`);
  return `## Different on purpose\n\n${lines.join('')}\nWhat concerns a single RPC, path or metric stands beside it below.\n`;
}

/** What the comparisons with older releases have met; another difference would fail them. */
function older(): string {
  const lines = Object.values(olderReleases).map(({ since, text }) => `- ${text} Since ${listed(since)}.\n`);
  return `## Beside etcd 3.4 and 3.5

A test sends the same random calls of several users to Keelson and to the newest etcd that it finds, by gRPC and by the JSON
gateway, and has both watched; \`npm run differential -- --seeds 50\` does so for longer. With \`--transport txn\` it sends txns
as bytes, their fields in any order and with noise between them, to any of three members. Every field of every answer that is
no id and no time is the same, codes and texts of refusals included, but for what has changed in etcd since that release:

${lines.join('')}`;
}

/** What etcd's own suites say, as they were run last; a new run changes the figures here. */
function ownTests(): string {
  return `## Under etcd’s own tests

The end-to-end tests of etcd 3.5.30 (\`tests/e2e\`) start what they find in \`-bin-dir\`. With Keelson as \`etcd\` and etcd’s own
etcdctl and etcdutl, 274 of their 313 tests were run: 225 pass and 14 skip themselves, for want of an older release or of
failpoints. The other 35 cannot: 8 look into etcd’s database or have etcd’s tools make one; 6 ask for v2, the proxies or the gateway
process; 6 expect the version 3.5 or a code of it; 6 wait for lines that Go or etcd’s internals log; 4 count the gateway’s
streams; 3 hold answers to 150 ms, which takes an idle machine; 2 fail with etcd, too, as Debian builds it. Left out were 34 tests of
v2, 4 that damage etcd’s database, and one that takes an idle machine. With \`keelson ctl\` in the place of etcd’s tools, the
tests of the tools pass but for those that expect texts or log lines of 3.5, and those that interrupt a tool 100 ms after its
start, when Node.js may not be up yet; on a busy machine some run out of time.

Of the tests of clients (\`tests/integration\` and \`tests/integration/clientv3\`), which etcd runs within one process, 362 were run
against clusters of processes: 332 pass, among them all of leasing, concurrency, naming, mirrors and ordering; on a machine with a load of 50 a
dozen of them only when they were run again alone. 17 skip or need a partition that only one process can make. The rest asks for what is different on
purpose (4 the size of answers from history, 1 leases without checkpoints, 1 the code of a learner’s refusal before 3.6, 1 what etcd remembers of
the hash of a compaction), writes to etcd’s database (3), reaches into the process (1), or waits too shortly for a member without a majority, with
etcd’s, too (2).

To repeat it with Go and etcd’s sources: \`cd tests/e2e && go test -c -o e2e.test . && ./e2e.test -bin-dir "$(keelson assets)" -test.v\`.
Where the machine is slow, tests of the tools need more than the 15 seconds that \`ctl_v3_test.go\` gives them.

## Under the tests of others

The suites of Python's etcd3 0.12 (gRPC in C; 82 tests), etcd3gw 2.0 (the JSON gateway; 22) and of tooz 3.1 over etcd3 (locks, groups
and elections; 96) end test for test as they do beside etcd 3.5.30, in Debian's packages of them. Patroni 3.0 keeps its leader in
Keelson: it starts two PostgreSQL servers, switches over, and keeps its leader when a member of Keelson is killed.

In Debian's packages or sources of them, as many tests pass as beside etcd 3.5.30: oslo.cache 4.3 and taskflow 6.4 over the JSON
gateway (38), Trillian 1.7 (elections and quotas over etcd; 57 with their parts), aptly 1.6 (its database in etcd; 6), Nextcloud's
signaling server 2.0 (what it keeps in etcd; 10). Where their tests start etcd within their process, a process was started instead.
Prometheus 3.5 scrapes members, and its \`promtool check metrics\` says of them nothing else than of etcd.
`;
}

function listed(versions: readonly string[]): string {
  return versions.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

/** The page as it ought to be. @throws Error for a note on something that is in no table */
export async function compatibilityPage(): Promise<string> {
  const member = await FakeMember.open();
  const network = new MeteredPeerNetwork(
    new LocalNetwork(member.runtime).join(member.id),
    member.runtime.clock,
  );
  const metrics = memberMetrics(member, network, member.runtime, new Map());
  const context = new ServiceContext(member, true);
  context.meter.register(metrics);
  context.work.register(metrics);
  const paths = new Set(
    endpointsOf(member, { versions: () => versionsOf(member), metrics, failureText: String }).keys(),
  );
  const rows = {
    RPCs: rpcRows(member),
    'HTTP paths': pathRows(paths),
    metrics: metricRows(metrics.names),
    flags: flagRows(),
  };
  for (const name of Object.keys(notes)) {
    if (!usedNotes.has(name)) throw new Error(`there is a note on ${name}, and no such thing`);
  }
  return [
    head(rows),
    differences(),
    older(),
    ownTests(),
    section(
      'RPCs',
      'Error codes and texts are those of etcd. What is not served answers UNIMPLEMENTED.',
      ['service', 'method', 'shape'],
      rows.RPCs,
    ),
    section(
      'HTTP paths',
      'On the client ports, or with `--listen-client-http-urls` on ports of their own. What is asked with POST is the JSON gateway, ' +
        'with the method behind it as a note; each of its paths also takes a WebSocket (a message for each request and each line of ' +
        'the answer, a token as the protocols `Bearer, TOKEN`; over HTTP/1.1 only). `/metrics`, `/health`, `/livez` and `/readyz` are also at `--listen-metrics-urls`.',
      ['method', 'path'],
      rows['HTTP paths'],
    ),
    section(
      'Metrics',
      'At `/metrics`, in the text format of Prometheus. Figures of Go’s runtime (`go_…`, `promhttp_…`), of the proxy (`etcd_grpc_proxy_…`), of the keys of etcd 2 (`etcd_debugging_store_…`) and of the inside of bbolt (`etcd_debugging_disk_backend_commit_…`) have no counterpart, and names that etcd 3.6 dropped are gone.',
      ['name'],
      rows.metrics,
    ),
    section(
      'Flags',
      'Of `keelson server`; each may also be a variable (`--data-dir` is `ETCD_DATA_DIR`) or stand in the file of ' +
        '`--config-file`. A flag without effect is taken for the sake of etcd’s command lines, with a warning unless its value ' +
        'asks for what is the case anyway. A refused one is taken only with the value that switches it off.',
      ['flag', 'default'],
      rows.flags,
    ),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(pagePath, await compatibilityPage());
