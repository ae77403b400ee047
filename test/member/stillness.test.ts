/** What members that have nothing to do say and do, counted over a minute of virtual time. */

import t from 'tap';
import { InlinePasswords } from '../../src/auth/passwords.ts';
import { noTokens } from '../../src/auth/tokens.ts';
import { MemoryImage, memoryBackend } from '../../src/backend/memory-backend.ts';
import { Member } from '../../src/member/member.ts';
import { decodeRaftFrame, FrameKind } from '../../src/member/peer-codec.ts';
import { defaultLimits, RequestKind } from '../../src/member/types.ts';
import { MessageType, Role } from '../../src/raft/types.ts';
import { NodeRuntime, SimClock, SimProcess } from '../../src/sim/sim-clock.ts';
import { SimNetwork } from '../../src/sim/sim-network.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';
import { memoryDisk } from '../../src/util/memory-disk.ts';
import { encodePutRequest } from '../../src/wire/kv-codec.ts';

const names = ['n1', 'n2', 'n3'];

class StillWorld {
  readonly clock = new SimClock();
  readonly network: SimNetwork;
  readonly processes = names.map((_, index) => new SimProcess(index));
  readonly members: Member[] = [];
  /** Jobs and timers that ran, by member. */
  readonly wakes = [0, 0, 0];
  readonly beats = { heartbeats: 0, answers: 0 };

  constructor(seed: number) {
    const random = new SimRandom(seed);
    const urls = names.map((name) => `http://${name}:2380`);
    this.network = new SimNetwork(this.clock, random.fork('network'), urls);
    this.network.onSent = (_from, _to, frame) => this.#count(frame);
    for (const [index, name] of names.entries()) this.#open(index, name, random);
  }

  #count(frame: Uint8Array): void {
    if (frame[0] !== FrameKind.Raft) return;
    for (const { type } of decodeRaftFrame(frame, 'from', 'to')) {
      if (type === MessageType.Heartbeat) this.beats.heartbeats++;
      if (type === MessageType.HeartbeatResponse) this.beats.answers++;
    }
  }

  #open(index: number, name: string, random: SimRandom): void {
    const process = this.processes[index]!;
    const runtime = new NodeRuntime(this.clock, process, random.fork(name));
    const { scheduler } = runtime;
    const options = {
      name,
      clusterToken: 'still',
      initialCluster: names.map((other) => ({ name: other, peerUrls: [`http://${other}:2380`] })),
      join: null,
      walDirectory: 'wal',
      spoolDirectory: 'spool',
      preallocate: false,
      limits: defaultLimits,
      maxLearners: 1,
      strictReconfigCheck: true,
      selfRepair: true,
      trustsCommonName: false,
      mutant: '',
    };
    const dependencies = {
      runtime,
      disk: memoryDisk(scheduler),
      backend: memoryBackend({ scheduler, image: new MemoryImage() }),
      tokens: noTokens,
      passwords: new InlinePasswords(runtime.random, scheduler),
      network: (id: string) => this.network.attach(process, id),
    };
    Member.open(options, dependencies, ignore, (error, member) => {
      if (member === null) throw error;
      this.members.push(member);
      member.publish([`http://${name}:2379`]);
    });
  }

  /** Lets so much time pass. */
  pass(ms: number): void {
    const until = this.clock.now + ms;
    while (this.clock.nextAt() <= until) {
      const before = this.clock.steps;
      this.clock.step();
      if (this.clock.steps > before && this.clock.ran !== null) this.wakes[this.clock.ran.index]!++;
    }
    this.clock.now = until;
  }

  get leader(): Member {
    const leader = this.members.find(({ raft }) => raft.role === Role.Leader);
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  /** What happens in so much time, per second. */
  rates(ms: number): { heartbeats: number; answers: number; wakes: number } {
    Object.assign(this.beats, { heartbeats: 0, answers: 0 });
    this.wakes.fill(0);
    this.pass(ms);
    const { heartbeats, answers } = this.beats;
    const wakes = this.wakes.reduce((sum, count) => sum + count, 0);
    const rate = (count: number): number => (count * 1000) / ms;
    return { heartbeats: rate(heartbeats), answers: rate(answers), wakes: rate(wakes) };
  }
}

function ignore(): void {}

t.test(
  'members at rest say one thing in three heartbeats, and followers answer every second time',
  async (t) => {
    const world = new StillWorld(1);
    world.pass(20_000);
    const { leader } = world;
    const { term } = leader.raft;
    const { heartbeats, answers, wakes } = world.rates(60_000);
    t.ok(heartbeats > 6 && heartbeats < 7.5, `${heartbeats} heartbeats a second to two followers`);
    t.ok(answers > 3 && answers < 5, `${answers} answers a second`);
    t.ok(wakes < 25, `${wakes} jobs and timers a second, of three members`);
    t.equal(world.leader, leader);
    t.equal(leader.raft.term, term, 'nobody has stood');
  },
);

t.test('a write ends the rest of all, and all rest again after it', async (t) => {
  const world = new StillWorld(2);
  world.pass(20_000);
  let isDone = false;
  const put = {
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
  const follower = world.members.find((member) => member !== world.leader)!;
  follower.propose(RequestKind.Put, encodePutRequest(put), put, () => {
    isDone = true;
  });
  world.pass(50);
  t.ok(isDone, 'at once');
  const busy = world.rates(4000);
  t.ok(busy.heartbeats > 15, `${busy.heartbeats} heartbeats a second`);
  t.ok(busy.answers > 15, `${busy.answers} answers a second`);
  world.pass(5000);
  t.ok(world.rates(10_000).heartbeats < 8);
});

t.test('a leader that falls silent while all rest is followed by another in due time', async (t) => {
  for (let seed = 10; seed < 20; seed++) {
    const world = new StillWorld(seed);
    world.pass(20_000 + seed * 37);
    const { leader } = world;
    const others = world.members.filter((member) => member !== leader);
    world.clock.pause(world.processes[world.members.indexOf(leader)]!);
    world.pass(700);
    t.ok(
      others.every(({ raft }) => raft.leader === leader.id),
      'not too soon',
    );
    const leads = (): boolean => others.some(({ raft }) => raft.role === Role.Leader);
    for (let waited = 0; waited < 100 && !leads(); waited++) world.pass(100);
    t.ok(leads(), `seed ${seed}: one of the others leads`);
  }
});

t.test('a leader that is cut off while all rest stops leading', async (t) => {
  const world = new StillWorld(3);
  world.pass(20_000);
  const { leader } = world;
  const index = world.members.indexOf(leader);
  for (const other of [0, 1, 2]) {
    if (other === index) continue;
    world.network.setCut(index, other, true);
    world.network.setCut(other, index, true);
  }
  world.pass(2600);
  t.not(leader.raft.role, Role.Leader);
});

t.test('a leader that rests knows at any time whom it can hand leadership to', async (t) => {
  const world = new StillWorld(4);
  world.pass(20_000);
  const looks = Array.from({ length: 100 }, () => {
    world.pass(97);
    return [...world.leader.raft.status().progress.values()];
  });
  t.ok(looks.every((progress) => progress.length > 1 && progress.every(({ recentActive }) => recentActive)));
});
