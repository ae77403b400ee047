/**
 * `bench slices`: the longest piece of work that single requests about very many keys are to a member, in time of the
 * processor: for so long it does nothing else, and everybody waits (`slices.ts`).
 *
 * One member, filled anew for each of them; a put every few milliseconds beside it, which is told to nobody but keeps the
 * member as busy as a member is.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { integerFlag, type parseFlags, textFlag } from '../src/cli/flags.ts';
import { type Client, connect } from '../src/client/index.ts';
import { Workplace } from './children.ts';
import { Cluster } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { table } from './format.ts';
import { systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { type Slices, slicesBetween, slicesFile } from './slices.ts';

export const pieceFlags = {
  out: systemFlags.out,
  keys: integerFlag({ help: 'how many keys a request is about', initial: 100_000, min: 100 }),
  valueBytes: integerFlag({ help: 'size of a value', initial: 256, min: 1, max: 1_000_000 }),
  rounds: integerFlag({ help: 'how often each of them is asked', initial: 3, min: 1, max: 100 }),
  case: textFlag({ help: 'only those whose name has this in it', initial: '' }),
} as const;

export type PieceOptions = ReturnType<typeof parseFlags<typeof pieceFlags>>['values'];

interface PieceResult {
  readonly name: string;
  /** One of each round. */
  readonly slices: readonly Slices[];
}

export interface PieceReport {
  readonly kind: 'slices';
  readonly environment: Environment;
  readonly options: PieceOptions;
  readonly results: readonly PieceResult[];
}

const GIVE_UP_MS = 120_000;
const PUT_EVERY_MS = 4;
const FILLERS = 64;
/** The meter writes four times a second. */
const METERED_MS = 600;

interface Question {
  readonly name: string;
  /** Makes sure that there are as many keys as it is about, and returns what is to be measured. */
  readonly prepare: (subject: Subject) => Promise<() => Promise<unknown>>;
}

class Subject {
  readonly client: Client;
  /** Where it is asked over HTTP. */
  readonly url: string;
  readonly keys: number;
  readonly #value: Buffer;
  #prefixes = 0;
  #plain: Promise<string> | null = null;

  constructor(client: Client, url: string, { keys, valueBytes }: PieceOptions) {
    this.client = client;
    this.url = url;
    this.keys = keys;
    this.#value = Buffer.alloc(valueBytes, 0x76);
  }

  /** Puts keys under a prefix of their own, in an order that is not theirs. */
  async fill(count: number, lease?: bigint): Promise<string> {
    const prefix = `${String(this.#prefixes++).padStart(4, '0')}/`;
    const step = 7919;
    let next = 0;
    const options = lease === undefined ? {} : { lease };
    const put = async (): Promise<void> => {
      for (let at = next++; at < count; at = next++) {
        const key = prefix + String((at * step) % count).padStart(20, '0');
        await this.client.put(key, this.#value, { ...options, timeoutMs: GIVE_UP_MS });
      }
    };
    await Promise.all(Array.from({ length: FILLERS }, put));
    return prefix;
  }

  /** Keys for those who only read. */
  filled(): Promise<string> {
    this.#plain ??= this.fill(this.keys);
    return this.#plain;
  }
}

const patience = { timeoutMs: GIVE_UP_MS };

function deletion(share: number): Question {
  return {
    name: `DeleteRange of a part: 1/${share}`,
    prepare: async (subject) => {
      const prefix = await subject.fill(Math.ceil(subject.keys / share));
      return () => subject.client.delete({ prefix }, patience);
    },
  };
}

/** A lease with all keys; `ttl` short: it ends by itself. */
async function leased(subject: Subject, ttl: number): Promise<bigint> {
  const { id } = await subject.client.leases.grant(ttl, { keepAlive: false });
  await subject.fill(subject.keys, id);
  return id;
}

const questions: readonly Question[] = [
  {
    name: 'range with values',
    prepare: async (subject) => {
      const prefix = await subject.filled();
      return () => subject.client.range({ prefix }, patience);
    },
  },
  {
    name: 'range, keys only',
    prepare: async (subject) => {
      const prefix = await subject.filled();
      return () => subject.client.range({ prefix }, { ...patience, keysOnly: true });
    },
  },
  {
    name: 'range with values, as JSON',
    prepare: async (subject) => {
      const prefix = Buffer.from(await subject.filled());
      const behind = Buffer.from(prefix);
      behind[behind.length - 1]!++;
      const body = JSON.stringify({ key: prefix.toString('base64'), range_end: behind.toString('base64') });
      return async () => {
        const answer = await fetch(`${subject.url}/v3/kv/range`, { method: 'POST', body });
        if (!answer.ok) throw new Error(await answer.text());
        await answer.arrayBuffer();
      };
    },
  },
  {
    name: 'watch of all there was',
    prepare: async (subject) => {
      const prefix = await subject.filled();
      return async () => {
        let seen = 0;
        const watch = subject.client.watch({ prefix }, { startRevision: 1 });
        for await (const _ of watch) if (++seen === subject.keys) break;
        watch.close();
      };
    },
  },
  {
    name: 'snapshot is saved',
    prepare: async (subject) => {
      await subject.filled();
      return async () => {
        for await (const _ of subject.client.maintenance.snapshot());
      };
    },
  },
  deletion(100),
  deletion(10),
  deletion(1),
  {
    name: 'keys of a lease are listed',
    prepare: async (subject) => {
      const id = await leased(subject, 1000);
      return () => subject.client.leases.timeToLive(id, { ...patience, keys: true });
    },
  },
  {
    name: 'lease is revoked',
    prepare: async (subject) => {
      const id = await leased(subject, 1000);
      return () => subject.client.leases.revoke(id, patience);
    },
  },
];

async function ask(subject: Subject, { prepare }: Question, file: string): Promise<Slices> {
  const work = await prepare(subject);
  // What was put is flushed meanwhile, and the meter begins a line.
  await pause(2500);
  const from = Date.now();
  await work();
  const to = Date.now();
  await pause(METERED_MS);
  return slicesBetween(file, from, to);
}

/** Runs the benchmark. @throws Error when something is refused */
export async function runPieces(options: PieceOptions): Promise<PieceReport> {
  const chosen = questions.filter(({ name }) => name.includes(options.case));
  const progress = new Progress(chosen.length * options.rounds);
  const workplace = new Workplace();
  try {
    const flags = { 'quota-backend-bytes': String(8 * 1024 ** 3) };
    const cluster = await Cluster.prepare('keelson', 1, workplace, 'slices', { flags, isMetered: true });
    cluster.start();
    await cluster.waitHealthy();
    const [member] = cluster.members;
    const url = `http://127.0.0.1:${member!.port}`;
    const client = connect({ endpoints: [url], timeoutMs: GIVE_UP_MS });
    const beside = setInterval(() => void client.put('beside', 'value').catch(() => {}), PUT_EVERY_MS);
    const subject = new Subject(client, url, options);
    const results: PieceResult[] = [];
    for (const question of chosen) {
      const slices: Slices[] = [];
      for (let round = 0; round < options.rounds; round++) {
        progress.step(question.name, 1);
        slices.push(await ask(subject, question, slicesFile(workplace.folder, member!.name)));
      }
      results.push({ name: question.name, slices });
    }
    clearInterval(beside);
    await client.close();
    return { kind: 'slices', environment: describeEnvironment(['keelson']), options, results };
  } finally {
    progress.close();
    await workplace.close();
  }
}

export function piecesText({ options, results }: PieceReport): string {
  const rows = results.map(({ name, slices }) => [
    name,
    Math.min(...slices.map(({ worstMs }) => worstMs)).toFixed(1),
    slices.map(({ worstMs }) => worstMs.toFixed(1)).join(' '),
    slices.map(({ overFive }) => overFive).join(' '),
  ]);
  return [
    `slices: ${options.keys} keys with values of ${options.valueBytes} bytes, one member`,
    '',
    table(['longest piece', 'best ms', 'each round', '> 5 ms'], rows),
  ].join('\n');
}
