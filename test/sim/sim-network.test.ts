import t from 'tap';
import type { PeerNetwork } from '../../src/rpc/peer.ts';
import { SimClock, SimProcess, Stepped } from '../../src/sim/sim-clock.ts';
import { SimNetwork } from '../../src/sim/sim-network.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';

interface Node {
  process: SimProcess;
  port: PeerNetwork;
  heard: string[];
}

const urls = ['http://a', 'http://b', 'http://c'];

function start(network: SimNetwork, index: number): Node {
  const node: Node = { process: new SimProcess(index), port: null as never, heard: [] };
  node.port = network.attach(node.process);
  node.port.start({
    onFrame: (from, frame) => node.heard.push(`${from}:${Buffer.from(frame).toString()}`),
    onConnect: (peer) => node.heard.push(`+${peer}`),
    onDisconnect: (peer) => node.heard.push(`-${peer}`),
  });
  node.port.setPeers(urls.flatMap((url, at) => (at === index ? [] : [{ id: `id${at}`, urls: [url] }])));
  return node;
}

function world(seed = 1): { clock: SimClock; network: SimNetwork; nodes: Node[] } {
  const clock = new SimClock();
  const network = new SimNetwork(clock, new SimRandom(seed), urls);
  const nodes = urls.map((_, index) => start(network, index));
  drain(clock);
  for (const node of nodes) node.heard.length = 0;
  return { clock, network, nodes };
}

function drain(clock: SimClock): void {
  while (clock.step() !== Stepped.Empty);
}

function sendMany(from: Node, to: number, count: number): void {
  for (let at = 0; at < count; at++) from.port.send(`id${to}`, Buffer.from(String(at).padStart(3, '0')));
}

t.test('frames arrive whole, once and in order when nothing is wrong', async (t) => {
  const { clock, nodes } = world();
  sendMany(nodes[0]!, 1, 100);
  drain(clock);
  t.same(
    nodes[1]!.heard,
    Array.from({ length: 100 }, (_, at) => `id0:${String(at).padStart(3, '0')}`),
  );
  t.same(nodes[2]!.heard, []);
});

t.test('drops, repeats and reordering happen when asked for', async (t) => {
  const { clock, network, nodes } = world();
  network.faults.dropChance = 0.2;
  network.faults.duplicateChance = 0.2;
  network.faults.reorderChance = 0.3;
  sendMany(nodes[0]!, 1, 300);
  drain(clock);
  const heard = nodes[1]!.heard;
  t.ok(network.counts.dropped > 20 && network.counts.duplicated > 20);
  t.equal(heard.length, 300 - network.counts.dropped + network.counts.duplicated);
  t.ok(new Set(heard).size < heard.length, 'some came twice');
  t.notSame(heard, [...heard].sort(), 'some overtook');
});

t.test('an old frame may come back', async (t) => {
  const { clock, network, nodes } = world();
  network.faults.replayChance = 1;
  sendMany(nodes[0]!, 1, 10);
  drain(clock);
  t.equal(nodes[1]!.heard.length, 20);
});

t.test('a one-way cut stops one direction only, until it is noticed; healing connects again', async (t) => {
  const { clock, network, nodes } = world();
  network.faults.noticeMs = 1000;
  network.setCut(0, 1, true);
  sendMany(nodes[0]!, 1, 1);
  sendMany(nodes[1]!, 0, 1);
  while (clock.nextAt() < 100) clock.step();
  drain(clock);
  t.same(nodes[0]!.heard, ['id1:000', '-id1']);
  t.same(nodes[1]!.heard, ['-id0']);
  t.equal(nodes[0]!.port.send('id1', Buffer.from('x')), false, 'there is no link');
  network.healAll();
  drain(clock);
  t.equal(nodes[0]!.port.isConnected('id1'), true);
  t.equal(nodes[1]!.heard.at(-1), '+id0');
});

t.test('a death breaks its links, frames under way are lost, a restart connects again', async (t) => {
  const { clock, network, nodes } = world();
  sendMany(nodes[0]!, 1, 3);
  clock.kill(nodes[1]!.process);
  network.detach(1);
  t.equal(nodes[1]!.port.send('id0', Buffer.from('from the dead')), false);
  drain(clock);
  t.same(nodes[0]!.heard, ['-id1']);
  const again = start(network, 1);
  drain(clock);
  t.same([...again.heard].sort(), ['+id0', '+id2'], 'and hears nothing of the old connection');
});

t.test('a clogged path delivers late, in order', async (t) => {
  const { clock, network, nodes } = world();
  const at = clock.now;
  network.clog(0, 1, 400);
  sendMany(nodes[0]!, 1, 5);
  drain(clock);
  t.ok(clock.now - at >= 400);
  t.same(nodes[1]!.heard, ['id0:000', 'id0:001', 'id0:002', 'id0:003', 'id0:004']);
});

t.test('bytes under way are bounded', async (t) => {
  const { network, nodes } = world();
  const frame = Buffer.alloc(1024 * 1024);
  let taken = 0;
  while (nodes[0]!.port.send('id1', frame)) taken++;
  t.equal(taken, 8);
  t.equal(network.fullestPathBytes(), 8 * 1024 * 1024);
});
