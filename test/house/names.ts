/**
 * Where the world outside may be touched. Time, chance, scheduling, the disk and the network come in through small
 * interfaces; whatever goes around them cannot be simulated, and would not be found by a test of behaviour.
 *
 * What has no row here is forbidden in `src`. A row that nothing uses any more is a breach, too.
 */

import { allImports } from './imports.ts';
import { codeOnly, lineAt, type Sources } from './sources.ts';

export interface Allowance {
  /** A module, or a name of `watchedNames`. */
  readonly what: string;
  /** A file, or a folder that ends in `/`. */
  readonly where: string;
  readonly reason: string;
}

const nodeTimers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'] as const;

/** Names of the language and of Node that need no import. */
export const watchedNames: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\s*\??\.\s*now\b/g,
  'new Date()': /\bnew\s+Date\s*(?:\(\s*\)|(?!\s*\())/g,
  'Math.random': /\bMath\s*\??\.\s*random\b/g,
  'performance.now': /\bperformance\s*\??\.\s*\w+/g,
  'process.nextTick': /\bprocess\s*\??\.\s*nextTick\b/g,
  'process.hrtime': /\bprocess\s*\??\.\s*hrtime\b/g,
  'process.env': /\bprocess\s*\??\.\s*env\b/g,
  'process.exit': /\bprocess\s*\??\.\s*(?:exit|abort)\b/g,
  console: /\bconsole\s*\??\.\s*\w+/g,
  crypto: /(?<!['"./:\w])crypto\s*\??\.\s*\w+/g,
  fetch: /(?<![.#\w])fetch\s*\(/g,
  ...Object.fromEntries(nodeTimers.map((name) => [name, new RegExp(`(?<![.#\\w])${name}\\b`, 'g')])),
};

const clock = 'the adapter of the real clock, timers and chance';
const checksum = 'a checksum of bytes in hand: no effect';

export const allowances: readonly Allowance[] = [
  { what: 'Date.now', where: 'src/util/node-runtime.ts', reason: clock },
  { what: 'performance.now', where: 'src/util/node-runtime.ts', reason: clock },
  { what: 'setTimeout', where: 'src/util/node-runtime.ts', reason: clock },
  { what: 'setImmediate', where: 'src/util/node-runtime.ts', reason: clock },
  { what: 'node:crypto', where: 'src/util/node-runtime.ts', reason: clock },
  {
    what: 'node:crypto',
    where: 'src/util/certificate.ts',
    reason: 'makes keys and signatures; serials are injected',
  },
  { what: 'node:net', where: 'src/util/certificate.ts', reason: 'tells addresses from names; opens nothing' },
  { what: 'process.nextTick', where: 'src/util/node-runtime.ts', reason: clock },
  {
    what: 'process.nextTick',
    where: 'src/util/node-disk.ts',
    reason: 'a disk answers when the caller is done, whatever it is asked',
  },
  { what: 'node:fs', where: 'src/util/node-disk.ts', reason: 'the adapter of the real disk' },
  { what: 'node:path', where: 'src/util/node-disk.ts', reason: 'the adapter of the real disk' },
  {
    what: 'node:fs',
    where: 'src/util/node-process.ts',
    reason: 'what Linux tells of a process stands in /proc',
  },
  { what: 'node:v8', where: 'src/util/node-heap.ts', reason: 'how much garbage may gather' },
  { what: 'node:v8', where: 'src/util/node-compiler.ts', reason: 'when what runs often is optimized' },
  { what: 'node:perf_hooks', where: 'src/util/node-heap.ts', reason: 'to hear of collections' },
  {
    what: 'node:vm',
    where: 'src/util/node-heap.ts',
    reason: 'a new context is given the function that collects',
  },
  { what: 'setTimeout', where: 'src/util/node-heap.ts', reason: 'looks whether a process is quiet' },
  {
    what: 'node:fs',
    where: 'src/util/node-lock.ts',
    reason: 'the lock of a data directory, part of the real disk',
  },

  {
    what: 'node:crypto',
    where: 'src/http/gateway-socket.ts',
    reason: 'a checksum that handshakes of WebSockets are answered with: no effect',
  },
  { what: 'node:net', where: 'src/rpc/', reason: 'sockets are what this room is for' },
  { what: 'node:tls', where: 'src/rpc/', reason: 'TLS in front of these sockets' },
  {
    what: 'node:fs',
    where: 'src/rpc/tls-files.ts',
    reason: 'certificates are files of the user, read again when they change',
  },
  { what: 'node:fs', where: 'src/rpc/listener.ts', reason: 'a Unix socket that is left from before' },
  { what: 'node:dns', where: 'src/rpc/tls-identity.ts', reason: 'whether a host of a certificate calls' },
  {
    what: 'node:http',
    where: 'src/rpc/peer-request.ts',
    reason: 'a member that joins asks others before it has a network',
  },
  {
    what: 'node:stream',
    where: 'src/http/plain-requests.ts',
    reason: 'bodies of HTTP/2, as handlers read them',
  },
  {
    what: 'node:stream',
    where: 'src/http/gateway-socket.ts',
    reason: 'messages of a WebSocket as the body of a request, and an answer as messages: no effect',
  },
  { what: 'node:buffer', where: 'src/http/web-socket.ts', reason: 'tells UTF-8: no effect' },
  {
    what: 'node:crypto',
    where: 'src/rpc/self-signed.ts',
    reason: 'keys of certificates, which must be the chance of the system',
  },
  { what: 'node:fs', where: 'src/rpc/self-signed.ts', reason: 'and are kept in files' },
  {
    what: 'node:child_process',
    where: 'src/cli/service-manager.ts',
    reason: 'systemd is told through its own program',
  },
  { what: 'node:os', where: 'src/cli/assets.ts', reason: 'where temporary files are' },
  { what: 'node:os', where: 'src/cli/ctl/offline-commands.ts', reason: 'where temporary files are' },
  { what: 'node:events', where: 'src/cli/ctl/ctl.ts', reason: 'how many may wait for Ctrl-C: no effect' },
  { what: 'fetch', where: 'src/cli/ctl/check-commands.ts', reason: "metrics of a member, as anybody's" },
  {
    what: 'node:child_process',
    where: 'src/cli/ctl/run-command.ts',
    reason: 'commands of the user, run while a lock is held or for each change of a watch',
  },
  { what: 'yaml', where: 'src/cli/config-file.ts', reason: 'the configuration file of etcd' },
  { what: 'node:http', where: 'src/rpc/http1.ts', reason: 'HTTP/1.1 on the port that gRPC has, too' },
  { what: 'node:http', where: 'src/http/', reason: 'the types of the requests that http1.ts hands over' },
  { what: '@grpc/grpc-js', where: 'src/rpc/', reason: 'a transport, behind RpcTransport' },
  { what: 'level', where: 'src/backend/level-backend.ts', reason: 'the store of the state, behind Backend' },
  {
    what: 'protobufjs/light.js',
    where: 'src/wire/cold-codec.ts',
    reason: 'messages too rare for a codec by hand',
  },
  { what: 'msgpackr', where: 'src/member/', reason: 'records that only members read' },
  { what: 'msgpackr', where: 'src/kube/storage/', reason: 'stored API objects, which nothing else reads' },
  { what: 'yaml', where: 'src/kube/', reason: 'bodies of requests and answers in YAML' },
  { what: '@marcbachmann/cel-js', where: 'src/kube/crd/', reason: 'rules of custom resources' },
  { what: '@marcbachmann/cel-js', where: 'src/kube/policies/', reason: 'expressions of admission' },
  { what: 'node:net', where: 'src/kube/crd/cel-library.ts', reason: 'tells addresses; opens nothing' },
  {
    what: 'node:crypto',
    where: 'src/client/snapshot.ts',
    reason: 'a snapshot comes with its SHA-256: a hash, no chance',
  },
  { what: 'bcryptjs', where: 'src/auth/', reason: 'hashes of passwords as etcd stores them' },

  { what: 'node:zlib', where: 'src/util/chain-crc.ts', reason: checksum },
  { what: 'node:zlib', where: 'src/wal/', reason: checksum },
  { what: 'node:zlib', where: 'src/rpc/peer-frames.ts', reason: checksum },
  { what: 'node:zlib', where: 'src/rpc/http2/gzip.ts', reason: 'messages of gRPC that come compressed' },
  {
    what: 'node:zlib',
    where: 'src/rpc/http2/gzip.ts',
    reason: 'messages that a client wants compressed: no effect',
  },
  { what: 'node:zlib', where: 'src/mvcc/digest.ts', reason: checksum },
  { what: 'node:zlib', where: 'src/lease/leases.ts', reason: checksum },
  { what: 'node:zlib', where: 'src/backend/level-ledger.ts', reason: checksum },
  { what: 'node:zlib', where: 'src/backend/pack.ts', reason: checksum },
  {
    what: 'node:crypto',
    where: 'src/member/identity.ts',
    reason: 'etcd makes ids of a SHA-1: a hash, no chance',
  },
  {
    what: 'node:crypto',
    where: 'src/auth/',
    reason: 'signatures of tokens and comparing in constant time: computation, no chance',
  },
  { what: 'bcryptjs', where: 'src/auth/passwords.ts', reason: 'hashes of passwords, as etcd stores them' },
  {
    what: 'node:worker_threads',
    where: 'src/auth/password-worker.ts',
    reason: 'hashing on another thread, behind Passwords',
  },
  {
    what: 'node:module',
    where: 'src/auth/password-worker.ts',
    reason: 'tells that thread where bcryptjs is',
  },
  {
    what: 'node:module',
    where: 'src/rpc/grpc-js.ts',
    reason: 'loads grpc-js when it is chosen, and not before',
  },
  { what: 'node:buffer', where: 'src/etcd/guard.ts', reason: 'whether bytes are UTF-8: no effect' },

  ...['node:http', 'node:http2', 'node:net', 'node:tls', 'node:zlib'].map((what) => {
    return {
      what,
      where: 'src/kube/http/',
      reason: 'the HTTPS server of the API and calls to webhooks, and nothing else of this room',
    };
  }),
  {
    what: 'node:https',
    where: 'src/kube/http/component-probe.ts',
    reason: 'asks components of the control plane how they are',
  },
  {
    what: 'node:https',
    where: 'src/kube/http/webhook-caller.ts',
    reason: 'calls webhooks, behind WebhookCaller',
  },
  {
    what: 'node:crypto',
    where: 'src/etcd/snapshot.ts',
    reason: 'snapshots end with their SHA-256: no chance',
  },
  { what: 'node:crypto', where: 'src/embed/restore.ts', reason: 'and are checked against it: no chance' },
  { what: 'node:crypto', where: 'src/kube/auth/', reason: 'signatures of tokens, names in certificates' },
  { what: 'node:crypto', where: 'src/kube/discovery/', reason: 'ETags are hashes of documents: no chance' },
  { what: 'node:crypto', where: 'src/kube/openapi/', reason: 'ETags are hashes of documents: no chance' },
  {
    what: 'node:crypto',
    where: 'src/kube/auth/static-tokens.ts',
    reason: 'tokens are looked up by their hash',
  },
  {
    what: 'node:fs',
    where: 'src/embed/start-member.ts',
    reason: 'the keys that sign tokens are files of the user',
  },

  { what: 'node:fs', where: 'src/cli/', reason: 'a command reads and writes files of its user' },
  { what: 'node:path', where: 'src/cli/', reason: 'a command reads and writes files of its user' },
  {
    what: 'node:child_process',
    where: 'src/cli/processes.ts',
    reason: '`keelson cluster` starts a process per member',
  },
  { what: 'process.env', where: 'src/cli/', reason: 'a command takes options from the environment' },
  { what: 'process.exit', where: 'src/cli/server.ts', reason: 'a second Ctrl-C ends at once' },
  { what: 'process.exit', where: 'src/cli/apiserver.ts', reason: 'the store may never answer again' },
  { what: 'process.exit', where: 'src/cli/main.ts', reason: 'nobody reads any more what it would print' },
  { what: 'node:util', where: 'src/sim/main.ts', reason: 'the flags of the search for seeds' },
];

interface Use {
  readonly what: string;
  readonly path: string;
  readonly line: number;
}

function usesIn(sources: Sources): Use[] {
  const uses: Use[] = allImports(sources)
    .filter(({ isFile }) => !isFile)
    .map(({ from, line, target }) => ({ what: target, path: from, line }));
  for (const [path, text] of sources) {
    const code = codeOnly(text);
    for (const [what, pattern] of Object.entries(watchedNames)) {
      for (const match of code.matchAll(pattern)) uses.push({ what, path, line: lineAt(text, match.index) });
    }
  }
  return uses;
}

function covers(allowance: Allowance, use: Use): boolean {
  const { what, where } = allowance;
  return what === use.what && (where.endsWith('/') ? use.path.startsWith(where) : use.path === where);
}

/** Uses that no allowance covers, and allowances that cover nothing. */
export function nameBreaches(sources: Sources, allowed: readonly Allowance[]): string[] {
  const uses = usesIn(sources);
  const breaches = uses
    .filter((use) => !allowed.some((allowance) => covers(allowance, use)))
    .map(({ what, path, line }) => `${path}:${line}: ${what} has no place here`);
  for (const allowance of allowed) {
    if (!uses.some((use) => covers(allowance, use))) {
      breaches.push(`${allowance.where}: the allowance of ${allowance.what} is not used`);
    }
  }
  return breaches;
}
