import t from 'tap';
import { createSimCluster, SimRandom } from '../../src/sim/index.ts';
import { encodePutRequest } from '../../src/wire/kv-codec.ts';

// Much is computed here, and a busy machine may need long for it.
t.setTimeout(600_000);

/** A put through whichever member takes it; the answer is counted by the caller. */
function put(
  cluster: ReturnType<typeof createSimCluster>,
  node: number,
  value: string,
  done: () => void,
): void {
  const request = {
    key: Buffer.from('k'),
    value: Buffer.from(value),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
  cluster.portOf(node)?.write({ kind: 'put', request }, encodePutRequest(request), (reason) => {
    if (reason === null) done();
  });
}

t.test(
  'whatever links are cut, while one member still reaches a quorum there is one stable leader',
  async (t) => {
    const random = new SimRandom(2024);
    let graphs = 0;
    while (graphs < 40) {
      const links: [number, number][] = [];
      const degree = [0, 0, 0, 0, 0];
      for (let a = 0; a < 5; a++) {
        for (let b = 0; b < a; b++) {
          if (!random.chance(0.45)) continue;
          links.push([a, b]);
          degree[a]!++;
          degree[b]!++;
        }
      }
      if (!degree.some((count) => count >= 2)) continue;
      graphs++;
      const cluster = createSimCluster({ seed: graphs, nodes: 5 });
      cluster.startAll();
      cluster.runFor(4000);
      for (let a = 0; a < 5; a++) {
        for (let b = 0; b < 5; b++) {
          const linked = links.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
          if (a !== b && !linked) cluster.network.setCut(a, b, true);
        }
      }
      cluster.runFor(15_000);
      const leadersBefore = cluster.memory.leaders.size;
      let answered = 0;
      for (let second = 0; second < 10; second++) {
        for (let node = 0; node < 5; node++)
          if (cluster.isLeader(node)) put(cluster, node, `${second}`, () => answered++);
        cluster.runFor(1000);
      }
      const shape = links.map(([a, b]) => `${a}-${b}`).join(' ');
      t.ok(answered >= 9, `with links ${shape} writes go on (${answered})`);
      t.ok(cluster.memory.leaders.size - leadersBefore <= 1, `with links ${shape} leadership is stable`);
    }
  },
);
