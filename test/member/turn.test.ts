import t from 'tap';
import { FrameKind } from '../../src/member/peer-codec.ts';
import type { PeerNetwork } from '../../src/rpc/peer.ts';
import { put, TestCluster } from './cluster.ts';

t.test('what others wait for leaves before anything is applied', async (t) => {
  const cluster = new TestCluster(3);
  t.teardown(() => cluster.close());
  const waiting = [0, 0, 0];
  cluster.around = (network: PeerNetwork, index: number): PeerNetwork => {
    const send = (to: string, frame: Uint8Array): boolean => {
      if (frame[0] === FrameKind.Raft) waiting[index]!++;
      return network.send(to, frame);
    };
    return {
      start: (handler) => network.start(handler),
      setPeers: (peers) => network.setPeers(peers),
      send,
      flush: () => {
        waiting[index] = 0;
      },
      isConnected: (peer) => network.isConnected(peer),
      close: (done) => network.close(done),
    };
  };
  await cluster.startAll();
  const leader = await cluster.leader();
  const seen: number[] = [];
  for (const [index, { store }] of cluster.running.entries()) {
    const putPlaced = store.putPlaced.bind(store);
    store.putPlaced = (request) => {
      seen.push(waiting[index]!);
      putPlaced(request);
    };
  }
  for (let round = 0; round < 30; round++) {
    await Promise.all([put(leader, 'a', `${round}`), put(leader, 'b', `${round}`)]);
  }
  t.ok(seen.length >= 60, 'puts were applied');
  t.same(new Set(seen), new Set([0]));
});
