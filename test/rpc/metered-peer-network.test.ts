import t from 'tap';
import { LocalNetwork } from '../../src/rpc/local-peer-network.ts';
import { MeteredPeerNetwork, PROBE_INTERVAL_MS } from '../../src/rpc/metered-peer-network.ts';
import type { PeerHandler, PeerNetwork } from '../../src/rpc/peer.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Timer } from '../../src/util/runtime.ts';
import { peerNetworkSuite } from '../suites/peer-network.ts';

const { scheduler, clock } = nodeRuntime();

peerNetworkSuite(t, (limits) => {
  const network = new LocalNetwork({ scheduler, ...limits });
  return {
    join: async (id) => new MeteredPeerNetwork(network.join(id), clock),
    address: (id) => ({ id, urls: [] }),
  };
});

/** Time that the test makes pass. */
class HandClock {
  at = 0;
  readonly timers: { readonly due: number; readonly fire: () => void; isCanceled: boolean }[] = [];

  now(): number {
    return this.at;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { due: this.at + delayMs, fire, isCanceled: false };
    this.timers.push(timer);
    return {
      cancel: () => {
        timer.isCanceled = true;
      },
    };
  }

  pass(ms: number): void {
    this.at += ms;
    for (const timer of this.timers.splice(0)) {
      if (timer.isCanceled) continue;
      if (timer.due <= this.at) timer.fire();
      else this.timers.push(timer);
    }
  }
}

/** A network to one peer, `b`, whose frames go through the test's hands. */
class HandNetwork implements PeerNetwork {
  readonly sent: Uint8Array[] = [];
  isUp = true;
  handler: PeerHandler | null = null;

  start(handler: PeerHandler): void {
    this.handler = handler;
  }

  setPeers(): void {}

  send(_to: string, frame: Uint8Array): boolean {
    if (this.isUp) this.sent.push(frame);
    return this.isUp;
  }

  isConnected(): boolean {
    return this.isUp;
  }

  close(done: () => void): void {
    done();
  }
}

/** Frames of members: time for probes is when one of them comes. */
const word = Buffer.from([1]);

interface Side {
  readonly network: HandNetwork;
  readonly metered: MeteredPeerNetwork;
  readonly clock: HandClock;
  readonly heard: Uint8Array[];
}

function side(): Side {
  const network = new HandNetwork();
  const clock = new HandClock();
  const metered = new MeteredPeerNetwork(network, clock);
  const heard: Uint8Array[] = [];
  metered.start({
    onFrame: (_from, frame) => heard.push(frame),
    onConnect: () => {},
    onDisconnect: () => {},
  });
  metered.setPeers([{ id: 'b', urls: [] }]);
  return { network, metered, clock, heard };
}

t.test('frames and their bytes are counted, those too that find no way', async (t) => {
  const { network, metered, heard } = side();
  metered.send('b', Buffer.from([1, 2, 3]));
  network.isUp = false;
  t.equal(metered.send('b', Buffer.from([1])), false);
  network.handler!.onFrame('b', Buffer.from([1, 5]));
  network.handler!.onDisconnect('b');
  t.match(metered.peers.get('b'), { sentBytes: 3, sendFailures: 1, receivedBytes: 2, disconnects: 1 });
  t.equal(heard.length, 1);
});

t.test('a probe goes there and back, and is seen by no member', async (t) => {
  const a = side();
  const b = side();
  a.clock.pass(PROBE_INTERVAL_MS - 1);
  a.network.handler!.onFrame('b', word);
  t.equal(a.network.sent.length, 0, 'not yet');
  a.clock.pass(1);
  a.network.handler!.onFrame('b', word);
  a.network.handler!.onFrame('b', word);
  t.equal(a.network.sent.length, 1);
  b.network.handler!.onFrame('a', a.network.sent[0]!);
  t.equal(b.network.sent.length, 1);
  a.clock.pass(3);
  a.network.handler!.onFrame('b', b.network.sent[0]!);
  a.network.handler!.onFrame('b', b.network.sent[0]!);
  const { roundTripSeconds } = a.metered.peers.get('b')!;
  t.equal(roundTripSeconds.sum, 0.003);
  t.equal(
    roundTripSeconds.counts.reduce((sum, count) => sum + count),
    1,
    'an echo counts once',
  );
  t.same([a.heard, b.heard], [[word, word, word], []]);
  t.match(a.metered.peers.get('b'), { sentBytes: 0, receivedBytes: 3 });
});

t.test('an echo that comes after the next probe is not taken for its own', async (t) => {
  const a = side();
  const b = side();
  a.clock.pass(PROBE_INTERVAL_MS);
  a.network.handler!.onFrame('b', word);
  b.network.handler!.onFrame('a', a.network.sent[0]!);
  a.clock.pass(PROBE_INTERVAL_MS);
  a.network.handler!.onFrame('b', word);
  t.equal(a.network.sent.length, 2);
  a.network.handler!.onFrame('b', b.network.sent[0]!);
  t.equal(a.metered.peers.get('b')!.roundTripSeconds.sum, 0);
});

t.test('nobody is probed who is not connected, and nobody is woken to probe', async (t) => {
  const a = side();
  a.network.isUp = false;
  a.clock.pass(PROBE_INTERVAL_MS);
  a.network.handler!.onFrame('c', word);
  a.network.isUp = true;
  a.clock.pass(PROBE_INTERVAL_MS);
  t.equal(a.network.sent.length, 0);
  t.match(a.metered.peers.get('b'), undefined);
  t.equal(a.clock.timers.length, 0);
});

t.test(
  'frames in pieces are counted whole, and put together for a network that takes no pieces',
  async (t) => {
    const { network, metered } = side();
    t.ok(metered.sendPieces('b', [Buffer.from([1, 2]), Buffer.from([3])]));
    t.same(network.sent.at(-1), Buffer.from([1, 2, 3]));
    network.isUp = false;
    t.equal(metered.sendPieces('b', [Buffer.from([1])]), false);
    const figures = metered.peers.get('b')!;
    t.equal(figures.sentBytes, 3);
    t.equal(figures.sendFailures, 1);
  },
);

t.test('what leaves at once leaves the network inside at once', (t) => {
  const { network, metered } = side();
  let flushes = 0;
  metered.flush();
  Object.assign(network, { flush: () => flushes++ });
  metered.flush();
  t.equal(flushes, 1);
  t.end();
});
