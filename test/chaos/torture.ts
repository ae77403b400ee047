/**
 * Bits that flip and files that go, in one member at a time of three real ones: `npm run torture -- --help`.
 *
 * Each round draws a member, a way to take it down (an orderly end, a kill, or damage while it runs and a kill behind it), a
 * file of its data directory and a place in it. Then it is started again, as whoever supervises it would, while clients
 * write to the others. It has to come back by itself: serve, vote, and hold what the others hold; and nothing that was
 * acknowledged may be lost. Exit code 0: so it was.
 */

import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { integerFlag, switchFlag } from '../../src/cli/flags.ts';
import { type Client, connect } from '../../src/client/index.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';
import { scriptFlags } from '../script-flags.ts';
import { Machines } from './machines.ts';

/** What is no data, or a copy of what was damaged before. */
const spared = /^(lock.*|spool|damaged-.*|rejoin\.json.*|LOCK|LOG|LOG\.old)$/;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (spared.test(entry.name)) return [];
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Half of the places are drawn from what is used of the file: logs are made of zeros ahead of use. */
function drawPlace(random: SimRandom, path: string): number {
  const { size } = statSync(path);
  if (size === 0) return -1;
  if (random.chance(0.5)) return random.below(size);
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(size);
    readSync(file, bytes, 0, size, 0);
    let end = size;
    while (end > 1 && bytes[end - 1] === 0) end--;
    return random.below(end);
  } finally {
    closeSync(file);
  }
}

/** @returns what was done, in words */
function damage(random: SimRandom, directory: string): string {
  const files = filesBelow(directory);
  const path = random.pick(files);
  const name = path.slice(directory.length + 1);
  const kind = random.below(10);
  if (kind === 0) {
    rmSync(path);
    return `${name} removed`;
  }
  if (kind === 1) {
    const lost = random.pick(['wal', 'state']);
    rmSync(join(directory, lost), { recursive: true, force: true });
    return `${lost}/ removed`;
  }
  const offset = drawPlace(random, path);
  if (offset < 0) return `${name} is empty`;
  const bit = random.below(8);
  const file = openSync(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    if (offset >= fstatSync(file).size) return `${name} became shorter`;
    readSync(file, byte, 0, 1, offset);
    byte[0]! ^= 1 << bit;
    writeSync(file, byte, 0, 1, offset);
  } finally {
    closeSync(file);
  }
  return `${name} bit ${bit} at ${offset}`;
}

class Torture {
  readonly #machines: Machines;
  readonly #random: SimRandom;
  readonly #patienceMs: number;
  readonly #clients: Client[];
  readonly #all: Client;
  /** What was acknowledged last, by key. */
  readonly #acknowledged = new Map<string, string>();
  #writes = 0;
  rounds = 0;

  constructor(machines: Machines, random: SimRandom, patienceMs: number) {
    this.#machines = machines;
    this.#random = random;
    this.#patienceMs = patienceMs;
    const options = { dialTimeoutMs: 1000, timeoutMs: 5000 };
    this.#clients = machines.all.map(({ clientUrl }) => connect({ endpoints: [clientUrl], ...options }));
    this.#all = connect({ endpoints: machines.all.map(({ clientUrl }) => clientUrl), ...options });
  }

  /** Waits for something; members that end meanwhile are started again. */
  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + this.#patienceMs;
    let problem: unknown = null;
    while (performance.now() < end) {
      for (const { index } of this.#machines.all) this.#machines.start(index);
      try {
        if (await holds()) return;
      } catch (error) {
        problem = error;
      }
      await pause(100);
    }
    throw new Error(`${what}: not within ${this.#patienceMs / 1000} s (${(problem as Error)?.message})`);
  }

  /** A write in doubt leaves its key out of the account. */
  async #write(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const key = `key ${this.#random.below(400)}`;
      const value = `${this.#writes++} ${'v'.repeat(this.#random.below(2000))}`;
      try {
        await this.#all.put(key, value);
        this.#acknowledged.set(key, value);
      } catch {
        this.#acknowledged.delete(key);
      }
    }
  }

  async #compact(): Promise<void> {
    const { header } = await this.#all.range('key 0');
    await this.#all.compact(Math.max(1, header.revision - 200)).catch(() => {});
  }

  async #voters(): Promise<string[]> {
    const members = await this.#all.members.list({ linearizable: true });
    return members.filter(({ isLearner, name }) => !isLearner && name !== '').map(({ id }) => `${id}`);
  }

  async #agree(): Promise<boolean> {
    if ((await this.#voters()).length !== this.#machines.all.length) return false;
    const revisions = await Promise.all(this.#clients.map((client) => client.range('key 0')));
    const revision = Math.min(...revisions.map(({ header }) => header.revision));
    const hashes = await Promise.all(
      this.#machines.all.map(({ clientUrl }) =>
        this.#all.maintenance.hashKv({ revision, endpoint: clientUrl }),
      ),
    );
    return new Set(hashes.map(({ hash, compactRevision }) => `${hash} ${compactRevision}`)).size === 1;
  }

  async #judge(): Promise<void> {
    const { pairs } = await this.#all.range({ prefix: '' });
    const found = new Map(pairs.map((pair) => [pair.keyText, pair.text]));
    for (const [key, value] of this.#acknowledged) {
      if (found.get(key) !== value) throw new Error(`${key}: an acknowledged value is lost`);
    }
  }

  async begin(): Promise<void> {
    await this.#until('a cluster', () => this.#agree());
    await this.#write(200);
  }

  async round(number: number): Promise<void> {
    const random = this.#random;
    const index = random.below(this.#machines.all.length);
    const { name, directory } = this.#machines.all[index]!;
    const way = random.pick(['ended', 'killed', 'running']);
    const before = await this.#voters();
    await this.#write(30);
    if (random.chance(0.3)) await this.#compact();
    const beganAt = performance.now();
    let done: string;
    if (way === 'running') {
      done = damage(random, directory);
      await this.#write(5);
      await this.#machines.end(index, 'SIGKILL');
    } else {
      await this.#machines.end(index, way === 'ended' ? 'SIGTERM' : 'SIGKILL');
      done = damage(random, directory);
    }
    this.#machines.start(index);
    await this.#write(20);
    await this.#until(`${name} after «${done}»`, () => this.#agree());
    await this.#judge();
    const after = await this.#voters();
    this.rounds++;
    const how = after.every((id) => before.includes(id)) ? 'as it was' : 'as a new member';
    say(
      `${number}. ${name} ${way}: ${done}: back ${how} after ${Math.round(performance.now() - beganAt)} ms`,
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients, this.#all].map((client) => client.close()));
  }
}

async function main(): Promise<number> {
  const { values } = scriptFlags({
    name: 'torture',
    about: `Damages the data of one of three members at a time, and looks whether it comes back by itself and nothing that was
acknowledged is lost. Ends with 1 if not.`,
    flags: {
      flips: integerFlag({ help: 'rounds', initial: 20, min: 1 }),
      seed: integerFlag({
        help: 'of what is drawn',
        initial: Date.now() % 1_000_000,
        shownDefault: 'the time',
        min: 0,
      }),
      patience: integerFlag({ help: 'seconds that a member may take to come back', initial: 120, min: 1 }),
      keep: switchFlag('leave the data where it is'),
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'torture-'));
  const machines = await Machines.make({ count: 3, directory: `${directory}/members` });
  const torture = new Torture(machines, new SimRandom(values.seed), values.patience * 1000);
  say(`seed ${values.seed}; data in ${directory}`);
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  let problem: Error | null = null;
  try {
    for (const { index } of machines.all) machines.start(index);
    await torture.begin();
    for (let number = 1; number <= values.flips && !isInterrupted; number++) await torture.round(number);
  } catch (error) {
    problem = error as Error;
  }
  await torture.close();
  await machines.close();
  if (problem === null) {
    say(`${torture.rounds} times damaged, each time repaired by itself, nothing lost`);
    if (!values.keep) rmSync(directory, { recursive: true, force: true });
    return 0;
  }
  say(`wrong: ${problem.message}; the data and the logs of the members are in ${directory}`);
  return 1;
}

process.exit(await main());
