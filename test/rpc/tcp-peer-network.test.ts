import { get } from 'node:http';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Test } from 'tap';
import t from 'tap';
import { freePorts } from '../../bench/ports.ts';
import type { Endpoint } from '../../src/rpc/address.ts';
import { encodeIntroduction, FrameWriter, PEER_MAGIC } from '../../src/rpc/peer-frames.ts';
import { SILENCE_LIMIT_MS } from '../../src/rpc/peer-link.ts';
import type { TcpPeerNetwork, TcpPeerNetworkOptions } from '../../src/rpc/tcp-peer-network.ts';
import { tcpPeerNetwork } from '../../src/rpc/tcp-peer-network.ts';
import type { Failure } from '../../src/util/failure.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Clock, Logger, Runtime, Timer } from '../../src/util/runtime.ts';
import { silentLogger } from '../../src/util/runtime.ts';
import { Member, peerNetworkSuite } from '../suites/peer-network.ts';
import { pauseFor, until } from '../waiting.ts';

/** Remembers the lines with the reasons that they give. */
class Log implements Logger {
  readonly lines: string[] = [];
  debug = silentLogger.debug;
  info = (message: string, fields?: Record<string, unknown>): void => this.note(message, fields);
  warn = (message: string, fields?: Record<string, unknown>): void => this.note(message, fields);
  error = (message: string, fields?: Record<string, unknown>): void => this.note(message, fields);

  private note(message: string, fields: { reason?: unknown } = {}): void {
    this.lines.push(`${message}: ${fields.reason ?? ''}`);
  }

  has(pattern: RegExp): boolean {
    return this.lines.some((line) => pattern.test(line));
  }
}

type Changes = Partial<TcpPeerNetworkOptions>;

function network(id: string, port: number, changes: Changes = {}): TcpPeerNetwork {
  const listen = { host: '127.0.0.1', port };
  const endpoint: Endpoint = { url: '', secure: false, address: { kind: 'tcp', ...listen } };
  return tcpPeerNetwork({ id, clusterId: 'c1', listen: [endpoint], runtime: nodeRuntime(), ...changes });
}

function listening(made: TcpPeerNetwork): Promise<number> {
  return new Promise((resolve, reject) => {
    made.listen((failure, port) => (failure === null ? resolve(port) : reject(failure)));
  });
}

const url = (port: number): string => `http://127.0.0.1:${port}`;

async function member(id: string, changes: Changes = {}): Promise<{ member: Member; port: number }> {
  const made = network(id, 0, changes);
  const port = await listening(made);
  return { member: new Member(id, made), port };
}

peerNetworkSuite(t, (limits) => {
  const ports = new Map<string, number>();
  return {
    // A member that returns listens where it did before.
    join: async (id) => {
      const made = network(id, ports.get(id) ?? 0, limits);
      ports.set(id, await listening(made));
      return made;
    },
    address: (id) => ({ id, urls: ports.has(id) ? [url(ports.get(id)!)] : [] }),
  };
});

/** What a stranger on a raw connection gets to see. */
function stranger(
  port: number,
  ...bytes: Uint8Array[]
): { text(): string; closed(): boolean; socket: Socket } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let closed = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  for (const part of bytes) socket.write(part);
  return { text: () => text, closed: () => closed, socket };
}

t.test('strangers are refused with a reason that both ends can read', async (t) => {
  const log = new Log();
  const { member: a, port } = await member('a', { runtime: nodeRuntime({ log }) });
  const otherLog = new Log();
  const refused: [Changes & { id: string }, string, RegExp][] = [
    [
      { id: 'b', clusterId: 'c2' },
      'a',
      /cluster id mismatch: the dialler belongs to cluster c2, this member to c1; one of the two was started with/,
    ],
    [{ id: 'b' }, 'x', /this is member a, not x/],
    [{ id: 'a' }, 'x', /this is member a, not x/],
  ];
  for (const [changes, target, reason] of refused) {
    log.lines.length = 0;
    otherLog.lines.length = 0;
    const other = await member(changes.id, { ...changes, runtime: nodeRuntime({ log: otherLog }) });
    other.member.network.setPeers([{ id: target, urls: [url(port)] }]);
    await until('both logs say why', () => log.has(reason) && otherLog.has(reason));
    t.ok(otherLog.has(/the peer refused us/));
    t.equal(other.member.network.isConnected(target), false);
    await other.member.close();
  }
  const self = stranger(port, encodeIntroduction(['c1', 'a', 'a']));
  await until('it is refused', self.closed);
  t.match(self.text(), /has the id of this member/);
  t.same(a.frames, []);
  await a.close();
});

t.test('garbage, damage and giants cost their connection and nothing else', async (t) => {
  const log = new Log();
  const { member: a, port } = await member('a', { runtime: nodeRuntime({ log }), maxFrameBytes: 1000 });
  const b = await member('b', { maxFrameBytes: 1000 });
  b.member.network.setPeers([{ id: 'a', urls: [url(port)] }]);
  await until('b is linked', () => b.member.network.isConnected('a'));
  const hello = encodeIntroduction(['c1', 'z', 'a']);
  const damagedHello = Buffer.from(hello);
  damagedHello[9]! ^= 1;
  const damagedFrame = Buffer.concat(new FrameWriter().encode([Buffer.from('good'), Buffer.from('bad')]));
  damagedFrame[damagedFrame.length - 1]! ^= 1;
  const newer = Buffer.from(hello);
  newer[4] = 2;
  const cases: [string, Buffer[], RegExp][] = [
    [
      'noise behind the magic',
      [PEER_MAGIC, Buffer.alloc(2000, 0xee)],
      /version 238 of the peer protocol, not 1/,
    ],
    ['a newer version', [newer], /version 2 of the peer protocol, not 1/],
    ['a damaged introduction', [damagedHello], /damaged/],
    ['an introduction without end', [PEER_MAGIC, Buffer.from([1, 0xff, 0xff])], /too long/],
    ['an incomplete introduction', [encodeIntroduction(['c1'])], /not complete/],
    [
      'a giant frame',
      [hello, Buffer.from([0, 0, 0x10, 0, 0, 0, 0, 0])],
      /4096 bytes is larger than the 1000/,
    ],
    ['a damaged frame', [hello, damagedFrame], /damaged/],
  ];
  for (const [title, bytes, reason] of cases) {
    log.lines.length = 0;
    const visitor = stranger(port, ...bytes);
    await until(title, visitor.closed);
    t.ok(log.has(reason), `${title}: ${log.lines.join('; ')}`);
  }
  t.same(a.texts, ['good'], 'what came before the damage was whole');
  t.throws(() => b.member.send('a', 'x'.repeat(1001)), /larger than the 1000/);
  t.ok(b.member.send('a', 'well'));
  await until('the good link is well', () => a.frames.length === 2);
  await Promise.all([a.close(), b.member.close()]);
});

t.test('a dialler survives what a false peer answers', async (t) => {
  const answers = [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.alloc(5000, 0x89),
    Buffer.concat([encodeIntroduction(['welcome', '']), Buffer.alloc(100, 1)]),
  ];
  for (const answer of answers) {
    let dialled = 0;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      dialled += 1;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.write(answer);
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const log = new Log();
    const { member: a } = await member('a', { runtime: nodeRuntime({ log }) });
    a.network.setPeers([{ id: 'b', urls: [url(port)] }]);
    await until('it is dropped', () => dialled > 0 && log.has(/peer link (refused|lost): .+/));
    t.equal(a.network.isConnected('b'), false, log.lines.join('; '));
    await a.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

t.test(
  'the URLs of a peer are tried in turn, new ones at once, and a link outlives its address',
  async (t) => {
    const { member: b, port } = await member('b');
    const { member: a } = await member('a');
    const nowhere = 'http://127.0.0.1:1';
    a.network.setPeers([{ id: 'b', urls: ['nonsense', nowhere, url(port)] }]);
    await until('the third one leads there', () => a.network.isConnected('b'));
    a.network.setPeers([{ id: 'b', urls: [nowhere] }]);
    t.equal(a.network.isConnected('b'), true, 'nobody need listen at the new address yet');
    a.send('b', 'still here');
    await until('it is heard', () => b.texts.includes('still here'));
    await b.close();
    await until('the link is lost', () => !a.network.isConnected('b'));
    const { member: moved, port: newPort } = await member('b');
    a.network.setPeers([{ id: 'b', urls: [url(newPort)] }]);
    await until('the new address leads there', () => a.network.isConnected('b'));
    await Promise.all([a.close(), moved.close()]);
  },
);

t.test('a member that does not know who dials it can answer, until that one leaves', async (t) => {
  const { member: away, port } = await member('away');
  // Where the dialler is has to be known before it listens.
  const [free] = (await freePorts(1)) as [number];
  const made = network('new', free, { urls: ['x'.repeat(300), url(free)] });
  await listening(made);
  const leader = new Member('new', made);
  leader.network.setPeers([{ id: 'away', urls: [url(port)] }]);
  await until('the link back is up', () => away.network.isConnected('new'));
  leader.send('away', 'where does your log end?');
  await until('it is heard', () => away.texts.length === 1);
  away.send('new', 'here');
  await until('and answered', () => leader.texts.includes('here'));
  away.network.setPeers([]);
  t.ok(away.network.isConnected('new'), 'it is a guest, not a peer');
  await leader.close();
  await until('the guest is gone', () => !away.network.isConnected('new'));
  await away.close();
});

t.test('the peer port answers HTTP/1.1', async (t) => {
  const { member: a, port } = await member('a', {
    http: (_request, response) => response.end('{"etcdserver":"3"}'),
  });
  const plain = await member('b');
  const ask = (from: number): Promise<string> =>
    new Promise((resolve, reject) => {
      get(`http://127.0.0.1:${from}/version`, { agent: false }, (response) => {
        response.setEncoding('utf8');
        response.on('data', (text: string) => resolve(`${response.statusCode} ${text}`));
      }).on('error', reject);
    });
  t.equal(await ask(port), '200 {"etcdserver":"3"}');
  t.match(await ask(plain.port), /^404/);
  await Promise.all([a.close(), plain.member.close()]);
});

t.test('a taken peer port is a failure that names it', async (t) => {
  const { member: a, port } = await member('a');
  const failure = await listening(network('b', port)).then(
    () => null,
    (error: Failure) => error,
  );
  t.equal(failure?.reason, 'portTaken');
  t.match(failure?.message, new RegExp(`:${port}`));
  await a.close();
});

/** A clock that can be moved ahead: its timers fire when they are due by it. */
class FastClock implements Clock {
  private aheadMs = 0;
  private readonly timers = new Set<{ dueMs: number; fire: () => void }>();
  now = (): number => performance.now() + this.aheadMs;
  wallNow = (): number => Date.now();

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { dueMs: this.now() + delayMs, fire };
    this.timers.add(timer);
    const handle = setTimeout(() => this.fire(timer), delayMs);
    return {
      cancel: () => {
        clearTimeout(handle);
        this.timers.delete(timer);
      },
    };
  }

  advance(ms: number): void {
    this.aheadMs += ms;
    for (const timer of [...this.timers]) if (timer.dueMs <= this.now()) this.fire(timer);
  }

  private fire(timer: { dueMs: number; fire: () => void }): void {
    if (this.timers.delete(timer)) timer.fire();
  }
}

/** A TCP relay that can fall silent without closing anything, as a cable that is pulled does. */
async function relay(t: Test, to: number): Promise<{ port: number; silence(): void }> {
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('data', (chunk) => {
        if (!silent) into.write(chunk);
      });
      from.on('close', () => {
        if (!silent) into.destroy();
      });
    }
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port,
    silence: () => {
      silent = true;
    },
  };
}

t.test('a link on which nothing is heard is taken for dead; signs of life keep an idle one', async (t) => {
  const clock = new FastClock();
  const log = new Log();
  const runtime: Runtime = { ...nodeRuntime({ log }), clock };
  const { member: b, port } = await member('b', { runtime });
  const wire = await relay(t, port);
  const { member: a } = await member('a', { runtime });
  a.network.setPeers([{ id: 'b', urls: [url(wire.port)] }]);
  await until('they are linked', () => a.network.isConnected('b'));
  // A sign of life goes through four sockets there and back: each has its turn before the next second.
  const second = async (): Promise<void> => {
    clock.advance(1000);
    for (let turn = 0; turn < 20; turn += 1) await pauseFor(1);
  };
  for (let at = 0; at < SILENCE_LIMIT_MS / 1000 + 3; at += 1) await second();
  t.same(a.events, ['+b'], 'idle but alive');
  clock.advance(60_000);
  await pauseFor(5);
  t.same(a.events, ['+b'], 'a process that slept does not blame its peers');
  wire.silence();
  for (let at = 0; at < SILENCE_LIMIT_MS / 1000 + 2; at += 1) await second();
  t.same(a.events.slice(0, 2), ['+b', '-b']);
  t.ok(log.has(/peer link lost: nothing heard for 5000 ms/));
  t.ok(log.has(/peer connection cut: nothing heard for 5000 ms/), 'the other end notices as well');
  await Promise.all([a.close(), b.close()]);
});

t.test('a peer that reads nothing costs bounded memory, and is left in the end', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(encodeIntroduction(['welcome', '']));
    socket.pause();
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const maxQueuedBytes = 2 * 1024 * 1024;
  const { member: a } = await member('a', { maxQueuedBytes });
  a.network.setPeers([{ id: 'b', urls: [url(port)] }]);
  await until('it is linked', () => a.network.isConnected('b'));
  const frame = Buffer.alloc(256 * 1024);
  let accepted = 0;
  for (let round = 0; round < 30; round += 1) {
    while (accepted < 100 * 1024 * 1024 && a.network.send('b', frame)) accepted += frame.length;
    await pauseFor(2);
  }
  t.ok(accepted < 20 * 1024 * 1024, `${accepted} bytes accepted for a peer that reads none`);
  await until('no more is taken', () => !a.network.send('b', frame));
  const begun = Date.now();
  await a.close();
  t.ok(Date.now() - begun < 20_000, 'closing does not wait for it');
  server.close();
});

t.test('all frames of a turn leave in one write', async (t) => {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(encodeIntroduction(['welcome', '']));
      socket.on('data', (chunk) => chunks.push(chunk));
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const { member: a } = await member('a');
  a.network.setPeers([{ id: 'b', urls: [url(port)] }]);
  await until('it is linked', () => a.network.isConnected('b'));
  for (let number = 0; number < 1000; number += 1) a.send('b', `${number}`.padStart(8));
  await until('they arrive', () => chunks.length > 0);
  t.equal(chunks.length, 1);
  t.equal(chunks[0]!.length, 16_000);
  await a.close();
  server.close();
});

t.test('what was sent leaves as soon as somebody wants it to, and once', async (t) => {
  const runtime = nodeRuntime();
  const { scheduler } = runtime;
  // The work at hand never ends.
  const endless = { ...runtime, scheduler: { defer: scheduler.defer, afterwards: () => {} } };
  const { member: b, port } = await member('b');
  const { member: a } = await member('a', { runtime: endless });
  b.network.setPeers([{ id: 'a', urls: [] }]);
  a.network.setPeers([{ id: 'b', urls: [url(port)] }]);
  await until('it is linked', () => a.network.isConnected('b'));
  a.send('b', 'one');
  a.send('b', 'two');
  a.network.flush!();
  a.network.flush!();
  a.send('b', 'three');
  a.network.flush!();
  await until('they arrive', () => b.texts.length >= 3);
  t.same(b.texts, ['one', 'two', 'three']);
  await Promise.all([a.close(), b.close()]);
});

t.test('closing leaves nothing behind', async (t) => {
  const before = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
  const a = await member('a');
  const b = await member('b');
  a.member.network.setPeers([{ id: 'b', urls: [url(b.port)] }]);
  b.member.network.setPeers([{ id: 'a', urls: [url(a.port)] }]);
  await until(
    'they are linked',
    () => a.member.network.isConnected('b') && b.member.network.isConnected('a'),
  );
  await Promise.all([a.member.close(), b.member.close()]);
  const left = (): number =>
    process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
  await until('sockets and timers are gone', () => left() <= before + 1);
  t.pass();
});
