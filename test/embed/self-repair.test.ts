/** Members with real files and real links, whose files are damaged while they are away: they come back by themselves. */

import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { type Member, startMember } from '../../src/index.ts';
import { silentLogger } from '../../src/util/runtime.ts';
import { failing } from '../suites/failing.ts';
import { until } from '../waiting.ts';

t.setTimeout(600_000);

class Trio {
  readonly folder = mkdtempSync(join(tmpdir(), 'k-'));
  readonly lines: string[] = [];
  readonly members: (Member | null)[] = [];
  readonly #clientPorts: number[] = [];
  #initialCluster: Record<string, string[]> = {};

  static async start(t: Test, count = 3): Promise<Trio> {
    const trio = new Trio();
    for (let i = 0; i < count; i++) {
      const [peer, client] = await freePorts(2);
      trio.#initialCluster[`m${i}`] = [`http://127.0.0.1:${peer}`];
      trio.members.push(null);
      trio.#clientPorts.push(client!);
    }
    t.teardown(async () => {
      await Promise.all(trio.members.map((member) => member?.close()));
      rmSync(trio.folder, { recursive: true, force: true });
    });
    await Promise.all(trio.members.map((_, index) => trio.begin(index)));
    await Promise.all(trio.members.map((member) => member!.ready));
    return trio;
  }

  clientUrl(index: number): string {
    return `http://127.0.0.1:${this.#clientPorts[index]}`;
  }

  place(index: number): string {
    return join(this.folder, `m${index}`);
  }

  async begin(index: number, selfRepair = true): Promise<Member> {
    const name = `m${index}`;
    const member = await startMember({
      name,
      dataDir: this.place(index),
      initialCluster: this.#initialCluster,
      listenPeerUrls: this.#initialCluster[name]!,
      listenClientUrls: [this.clientUrl(index)],
      heartbeatMs: 50,
      electionMs: 500,
      selfRepair,
      log: { ...silentLogger, warn: (text) => this.lines.push(text) },
    });
    this.members[index] = member;
    return member;
  }

  async end(index: number): Promise<void> {
    await this.members[index]!.close();
    this.members[index] = null;
  }

  async write(count: number): Promise<void> {
    const member = this.members.find((one) => one !== null)!;
    for (let i = 0; i < count; i++) {
      const put = () => member.client.put(`key ${i}`, `value ${i} of ${count}`);
      // What was asked of a leader that has just gone is not asked again by itself: it may have happened.
      await until('a put is taken', () =>
        put().then(
          () => true,
          () => false,
        ),
      );
    }
  }

  /** All members hold the same, and each has its vote. */
  async agree(t: Test): Promise<void> {
    await until('everybody votes', () =>
      this.members.every((one) => one!.members().every(({ isLearner, name }) => !isLearner && name !== '')),
    );
    await until('all are equal', async () => {
      const hashes = await Promise.all(
        this.members.map(
          (one) =>
            new Promise<string>((resolve) => {
              one!.served.linearize(() =>
                one!.served.store.hashKv(0, (error, result) => resolve(JSON.stringify(error ?? result))),
              );
            }),
        ),
      );
      return new Set(hashes).size === 1;
    });
    for (const one of this.members) t.equal(one!.members().length, this.members.length);
    t.equal(await this.members[0]!.client.get('key 3').then((got) => got !== null), true);
  }
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 0x10;
  writeFileSync(path, bytes);
}

/** A place in the log that a later record proves to have been durable. */
function damageLog(place: string): void {
  const [first] = readdirSync(join(place, 'wal')).filter((name) => name.endsWith('.wal'));
  flip(join(place, 'wal', first!), 700);
}

t.test(
  'a member whose log is damaged comes back as a new one, with its vote, and nothing is lost',
  async (t) => {
    const trio = await Trio.start(t);
    await trio.write(50);
    const { id } = trio.members[1]!;
    await trio.end(1);
    damageLog(trio.place(1));
    await t.rejects(trio.begin(1, false), failing('walDamaged', /offset/), 'without repair it says where');
    const back = await trio.begin(1);
    t.not(back.id, id, 'what the old id has promised nobody can know');
    await trio.write(60);
    await trio.agree(t);
    t.ok(readdirSync(trio.place(1)).includes('damaged-wal'));
    t.notOk(readdirSync(trio.place(1)).includes('rejoin.json'));
    const again = back.id;
    await trio.end(1);
    t.equal((await trio.begin(1)).id, again, 'and it stays who it is now');
    await trio.agree(t);
  },
);

t.test('a member whose log is lost does not begin as who it was', async (t) => {
  const trio = await Trio.start(t);
  await trio.write(20);
  const { id } = trio.members[2]!;
  await trio.end(2);
  renameSync(join(trio.place(2), 'wal'), join(trio.folder, 'lost'));
  t.not((await trio.begin(2)).id, id);
  await trio.agree(t);
});

t.test('nobody is replaced while another member is away', async (t) => {
  const trio = await Trio.start(t);
  await trio.write(20);
  await trio.end(0);
  await trio.end(1);
  damageLog(trio.place(1));
  let isBack = false;
  const back = trio.begin(1).then(() => {
    isBack = true;
  });
  await until('it says why it waits', () => trio.lines.some((line) => line.includes('is not replaced yet')));
  let health = '';
  await until('and in its health', async () => {
    const answer = await fetch(`${trio.clientUrl(1)}/health`).catch(() => null);
    health = answer === null ? '' : `${answer.status} ${await answer.text()}`;
    return health !== '';
  });
  t.match(health, /^503 \{"health":"false","reason":"CORRUPT: the log is damaged/);
  t.notOk(isBack);
  await trio.begin(0);
  await back;
  await trio.write(30);
  await trio.agree(t);
});

t.test('of two members none is replaced: it is refused, with file and offset', async (t) => {
  const trio = await Trio.start(t, 2);
  await trio.write(20);
  await trio.end(1);
  damageLog(trio.place(1));
  await t.rejects(trio.begin(1), failing('walDamaged', /offset/));
});

t.test('a start after the cluster has answered goes on where it was', async (t) => {
  const trio = await Trio.start(t);
  await trio.write(20);
  await trio.end(1);
  damageLog(trio.place(1));
  const back = await trio.begin(1);
  const { id } = back;
  const origin = back.served as unknown as { origin(): unknown };
  const note = JSON.stringify({ origin: origin.origin(), memberId: id });
  await trio.end(1);
  writeFileSync(join(trio.place(1), 'rejoin.json'), note);
  t.equal((await trio.begin(1)).id, id, 'the new log is there: the note is of no more use');
  await trio.agree(t);
  await trio.end(1);
  damageLog(trio.place(1));
  writeFileSync(join(trio.place(1), 'rejoin.json'), note);
  t.not((await trio.begin(1)).id, id, 'the new log is damaged: another id');
  await trio.agree(t);
});

t.test('a member whose state is damaged keeps its id; what cannot be read goes aside', async (t) => {
  const trio = await Trio.start(t);
  await trio.write(300);
  const { id } = trio.members[1]!;
  await trio.end(1);
  const state = join(trio.place(1), 'state');
  const current = readFileSync(join(state, 'CURRENT'), 'latin1').trim();
  const manifest = readdirSync(join(state, current)).find((name) => name.startsWith('MANIFEST'))!;
  copyFileSync(join(state, current, manifest), join(trio.folder, 'manifest'));
  flip(join(state, current, manifest), 20);
  t.equal((await trio.begin(1)).id, id);
  await trio.write(310);
  await trio.agree(t);
  t.ok(readdirSync(trio.place(1)).includes('damaged-state'));
  await trio.end(1);
  writeFileSync(join(state, 'CURRENT'), 'state-00');
  t.equal((await trio.begin(1)).id, id, 'again');
  await trio.agree(t);
});

t.test('what is damaged while a member runs and read before its turn is mended at once', async (t) => {
  const trio = await Trio.start(t);
  await trio.write(20);
  for (let i = 0; i < 30; i++) await trio.members[1]!.client.put(`large ${i}`, 'x'.repeat(20_000 + i));
  // Its next start has nothing of it in memory.
  await trio.end(1);
  const { client, id } = await trio.begin(1);
  const state = join(trio.place(1), 'state');
  const files = readdirSync(state, { recursive: true, encoding: 'utf8' });
  for (const name of files.filter((name) => name.endsWith('.records'))) {
    const bytes = readFileSync(join(state, name));
    for (let at = 100; at < bytes.length; at += 1000) bytes[at]! ^= 0x10;
    writeFileSync(join(state, name), bytes);
  }
  const read = (index: number): Promise<number> =>
    client.get(`large ${index}`, { timeoutMs: 1000 }).then(
      (got) => got?.text.length ?? 0,
      () => -1,
    );
  const first = await read(3);
  t.ok(first === -1 || first === 20_003, 'nothing false is said');
  await until('it is mended', async () => (await read(3)) === 20_003);
  t.equal(trio.members[1]!.id, id);
  await trio.agree(t);
});

t.test(
  'a member that is put back to an older copy of itself is found out by its leader, and comes back as a new one',
  async (t) => {
    const trio = await Trio.start(t);
    await trio.write(20);
    const isLed = (one: Member | null): boolean => !['', one!.id].includes(one!.served.status().leader);
    const revisionOf = (one: Member): number => one.served.store.revision;
    for (let foundOut: Error | null = null; foundOut === null; ) {
      await until('somebody follows', () => trio.members.some(isLed));
      const index = trio.members.findIndex(isLed);
      const { id } = trio.members[index]!;
      const copy = join(trio.folder, 'older');
      await trio.end(index);
      cpSync(trio.place(index), copy, { recursive: true });
      await trio.begin(index);
      await trio.write(60);
      await trio.agree(t);
      await trio.end(index);
      rmSync(trio.place(index), { recursive: true });
      renameSync(copy, trio.place(index));
      const back = await trio.begin(index);
      void back.failed.then((error) => {
        foundOut = error;
      });
      // Whoever came to lead meanwhile does not know what it had acknowledged, and sends it what it lacks.
      const other = trio.members[(index + 1) % 3]!;
      await until('something comes of it', () => foundOut !== null || revisionOf(back) >= revisionOf(other));
      if (foundOut === null) continue;
      t.match((foundOut as Error).message, /was acknowledged up to/);
      await back.close();
      trio.members[index] = null;
      t.not((await trio.begin(index)).id, id, 'it has forgotten promises, so it speaks under another id');
      await trio.agree(t);
      await trio.end(index);
      await trio.begin(index);
      await trio.agree(t);
    }
  },
);
