/**
 * Watchers that a seed makes, on one stream of etcd and one of Keelson, beside the same writes: what each watcher is told,
 * from its creation to its end, event by event, must be the same. How events are put together into answers may differ
 * where a watcher catches up; that no revision is torn apart is held of every answer.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { type Client, connect, type Message } from '../../examples/grpc-from-proto.ts';
import { comparable } from './differential.ts';
import type { Servers } from './harness.ts';
import { RandomRequests } from './random-requests.ts';

interface Answer extends Message {
  readonly header: { readonly revision: string };
  readonly watch_id: string;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: string;
  readonly cancel_reason: string;
  readonly fragment: boolean;
  readonly events: readonly { readonly kv: { readonly mod_revision: string } }[];
}

const settleMs = 5000;

/** One system: its keys and one stream of watchers. */
class Watched {
  readonly kv: Client;
  /** What was told, by watcher. */
  readonly told = new Map<string, unknown[]>();
  /** Answers that broke a promise. */
  readonly broken: string[] = [];
  readonly #watch: Client;
  readonly #stream: ClientDuplexStream<Message, Message>;
  lastCreated = '-1';
  readonly #last = new Map<string, number>();
  #onAnswer: () => void = () => {};

  constructor(servers: Servers) {
    const { clientUrl } = servers.members[0]!;
    this.kv = connect('etcdserverpb.KV', clientUrl);
    this.#watch = connect('etcdserverpb.Watch', clientUrl);
    this.#stream = this.#watch.stream('Watch');
    this.#stream.on('data', (answer: Answer) => this.#hear(answer));
    this.#stream.on('error', (error: Error) => this.broken.push(`the stream ended: ${error.message}`));
  }

  send(request: Message): void {
    this.#stream.write(request);
  }

  /** Resolves with the next answer, or when `ms` have passed. */
  next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onAnswer = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#stream.on('error', () => {});
    this.#stream.cancel();
    this.#watch[Symbol.dispose]();
    this.kv[Symbol.dispose]();
  }

  #hear(answer: Answer): void {
    const { header, watch_id: id, created, canceled, compact_revision, cancel_reason, events } = answer;
    const told = this.told.get(id) ?? [];
    this.told.set(id, told);
    if (created) this.lastCreated = id;
    if (created || (canceled && compact_revision === '0')) {
      told.push({ revision: header.revision, created, canceled, cancel_reason });
      this.#last.set(id, 0);
    } else if (canceled) told.push({ compact_revision, cancel_reason });
    else if (events.length === 0) told.push({ progress: header.revision });
    const last = this.#last.get(id) ?? 0;
    for (const event of events) {
      told.push(comparable(event));
      if (Number(event.kv.mod_revision) <= last)
        this.broken.push(`watcher ${id}: revision ${last} torn apart`);
    }
    const lastEvent = events.at(-1);
    if (lastEvent !== undefined) this.#last.set(id, Number(lastEvent.kv.mod_revision));
    this.#onAnswer();
  }
}

export interface WatchCompared {
  readonly steps: number;
  readonly events: number;
  readonly watchers: number;
  /** The first difference, or null. */
  readonly difference: string | null;
}

/** Runs `steps` steps of a seed: watchers come and go, and keys change. */
export async function compareWatches(
  etcd: Servers,
  keelson: Servers,
  seed: number,
  steps: number,
): Promise<WatchCompared> {
  const run = new WatchRun(new Watched(etcd), new Watched(keelson), seed);
  try {
    return await run.run(steps);
  } finally {
    run.close();
  }
}

class WatchRun {
  readonly #both: readonly [Watched, Watched];
  readonly #draws: RandomRequests;
  /** Ids of watchers that live, with the revision that each waits for. */
  readonly #living = new Map<number, number>();
  /** Where watchers began, by id. */
  readonly #starts = new Map<string, number>();
  #start = 0;
  #awaited: { readonly id: string; readonly items: number } = { id: '', items: 0 };
  /** Watchers that a compaction ended and nobody has cancelled. */
  #compactedAway = 0;
  #created = 0;
  #compacted = 0;
  #steps = 0;

  constructor(etcd: Watched, keelson: Watched, seed: number) {
    this.#both = [etcd, keelson];
    this.#draws = new RandomRequests(seed);
  }

  close(): void {
    for (const watched of this.#both) watched.close();
  }

  async run(steps: number): Promise<WatchCompared> {
    let difference: string | null = null;
    for (; this.#steps < steps && difference === null; this.#steps++) {
      const what = await this.#step();
      const settled = await this.#settle();
      if (settled !== null) difference = `step ${this.#steps}, ${what}: ${settled}`;
    }
    const [etcd, keelson] = this.#both;
    if (difference === null && keelson.broken.length > 0) difference = keelson.broken.join('; ');
    const count = [...etcd.told.values()].reduce((sum, list) => sum + list.length, 0);
    return { steps: this.#steps, events: count, watchers: this.#created, difference };
  }

  async #step(): Promise<string> {
    const draws = this.#draws;
    const kind = draws.one(['create', 'cancel', 'write', 'write', 'write', 'write', 'progress'] as const);
    if (kind === 'create' && this.#living.size < 12) return this.#create();
    if (kind === 'cancel') return this.#cancel();
    if (kind === 'progress') return this.#progress();
    return this.#write(1 + draws.below(4));
  }

  /** The step is over when watcher `id` has been told something more. */
  #await(id: string): void {
    this.#awaited = { id, items: (this.#both[0].told.get(id)?.length ?? 0) + 1 };
  }

  #send(request: Message): string {
    for (const watched of this.#both) watched.send(request);
    return JSON.stringify(comparable(request));
  }

  async #create(): Promise<string> {
    const draws = this.#draws;
    const start = draws.one([0, 0, this.#aStart(), draws.revision + 1, draws.revision + 3]);
    const given = draws.chance(5) ? 20 + draws.below(4) : 0;
    const create = {
      key: Buffer.from(draws.one(['', 'a', 'b', 'b/', 'c', '\0'])),
      range_end: Buffer.from(draws.one(['', '', 'b', 'b0', 'c', '\0'])),
      start_revision: start,
      ...draws.at(2, () => ({ prev_kv: true })),
      ...draws.at(3, () => ({ filters: draws.one([[0], [1], [0, 1], [1, 1]]) })),
      ...draws.at(3, () => ({ fragment: true })),
      ...draws.at(3, () => ({ progress_notify: true })),
      ...(given === 0 ? {} : { watch_id: given }),
    };
    this.#created++;
    this.#start = start;
    const sent = this.#send({ create_request: create });
    // etcd looks for watchers that are behind every 100 ms.
    if (start > 0 && start <= draws.revision) await pause(150);
    return sent;
  }

  /** A revision that was, but not the one that was compacted: older releases have lost a deletion there. */
  #aStart(): number {
    const start = 1 + this.#draws.below(this.#draws.revision);
    return start === this.#compacted ? start + 1 : start;
  }

  #cancel(): string {
    const ids = [...this.#living.keys()];
    const id = this.#draws.chance(6) || ids.length === 0 ? 99 : this.#draws.one(ids);
    if (id !== 99) this.#await(String(id));
    return this.#send({ cancel_request: { watch_id: id } });
  }

  /**
   * Asked only where all releases answer alike: there are watchers, none waits for what is to come, and none was ended by
   * a compaction.
   */
  async #progress(): Promise<string> {
    const waits = [...this.#living.values()].some((start) => start > this.#draws.revision);
    if (this.#living.size === 0 || waits || this.#compactedAway > 0) return 'nothing';
    await pause(30); // Watchers that just began have caught up.
    this.#await('-1');
    return this.#send({ progress_request: {} });
  }

  async #write(count: number): Promise<string> {
    const shown: string[] = [];
    for (let index = 0; index < count; index++) {
      const { method, message } = this.#draws.next();
      shown.push(`${method} ${JSON.stringify(comparable(message))}`);
      const ask = async ({ kv }: Watched): Promise<Message | null> =>
        kv.call(method, message).catch(() => null);
      const [said] = await Promise.all(this.#both.map(ask));
      if (said === null || said === undefined) continue;
      const { header } = said as { header: { revision: string } };
      this.#draws.revision = Math.max(this.#draws.revision, Number(header.revision));
      if (method === 'Compact') this.#compacted = Number(message['revision']);
    }
    return shown.join(', ');
  }

  /** Waits until both have told the same. Null, or what still differs when there has been time enough. */
  async #settle(): Promise<string | null> {
    const giveUpAt = Date.now() + settleMs;
    for (;;) {
      const different = this.#different();
      if (different === null) break;
      const left = giveUpAt - Date.now();
      if (left <= 0) return different;
      await Promise.race(this.#both.map((watched) => watched.next(Math.min(left, 100))));
    }
    this.#learnLiving();
    return null;
  }

  #different(): string | null {
    const [etcd, keelson] = this.#both;
    for (const id of new Set([...etcd.told.keys(), ...keelson.told.keys()])) {
      const [expected, actual] = [etcd.told.get(id) ?? [], keelson.told.get(id) ?? []];
      for (let at = 0; at < Math.max(expected.length, actual.length); at++) {
        const [one, other] = [JSON.stringify(expected[at]), JSON.stringify(actual[at])];
        if (one !== other) return `watcher ${id}, ${at}: etcd ${one}, keelson ${other}`;
      }
    }
    const { id, items } = this.#awaited;
    if ((etcd.told.get(id)?.length ?? 0) < items) return `watcher ${id} was told nothing more`;
    // Who was created is told by the streams; until both have, nothing is settled.
    const created = (watched: Watched): number =>
      [...watched.told.values()].flat().filter((item) => (item as { created?: boolean }).created === true)
        .length;
    return created(etcd) === this.#created
      ? null
      : `${created(etcd)} of ${this.#created} watchers were created`;
  }

  #learnLiving(): void {
    this.#living.clear();
    this.#compactedAway = 0;
    this.#starts.set(this.#both[0].lastCreated, this.#start);
    for (const [id, items] of this.#both[0].told) {
      let lives = false;
      for (const item of items as { created?: boolean; canceled?: boolean; compact_revision?: string }[]) {
        if (item.created === true) lives = item.canceled !== true;
        if (item.canceled === true || item.compact_revision !== undefined) lives = false;
      }
      const last = items.at(-1) as { compact_revision?: string };
      if (last.compact_revision !== undefined) this.#compactedAway++;
      if (lives && id !== '-1') this.#living.set(Number(id), this.#starts.get(id) ?? 0);
    }
  }
}
