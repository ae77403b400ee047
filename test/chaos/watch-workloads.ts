/**
 * Watchers of every kind beside the load: caches that list and then watch, as controllers do; many watchers on one stream,
 * each of something else, some going on where one before them ended, on another member; and readers that read seldom.
 * `watch-sessions.ts` judges what they were told.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WatchMessage } from '../../src/client/index.ts';
import { EventType } from '../../src/wire/messages.ts';
import type { DecodedEvent, DecodedWatchResponse } from '../../src/wire/watch-codec.ts';
import { RawWatch } from './raw-watch.ts';
import type { Record } from './record.ts';
import { judgeReflection, type ToldChange, type ToldMessage, type WatchSession } from './watch-sessions.ts';

const prefixes = ['register/', 'bank/', 'append/', 'lease/', 'lock/', 'set/'];
const fanOutWatchers = 40;
const slowWatchers = 3;
const accounts = 5;

function draw<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}

/** Lists, watches from there on for a while, and lists again: what it has kept by then must be what it sees. */
export async function listThenWatch(client: Client, record: Record): Promise<void> {
  const prefix = draw(prefixes);
  const { pairs, header } = await client.range({ prefix });
  const listed = new Map(pairs.map(({ keyText, text }) => [keyText, text]));
  const told: ToldMessage[] = [];
  const name = `cache ${record.caches + 1} of ${prefix}`;
  const session: WatchSession = {
    ...{ name, kind: 'list-then-watch', prefix, key: null, from: header.revision + 1 },
    ...{ puts: true, deletes: true, previous: true, told },
  };
  record.caches++;
  record.sessions.push(session);
  const watch = client.watch({ prefix }, { startRevision: session.from, previous: true });
  const reading = read(watch.messages(), told, record);
  try {
    await pause(1000 + Math.random() * 4000);
    const revision = await within(20_000, watch.requestProgress());
    // Told all up to here, whatever has come since.
    const at = Math.max(revision, told.at(-1)?.changes.at(-1)?.revision ?? 0);
    watch.close();
    await reading;
    const again = await client.range({ prefix }, { revision: at });
    const shown = new Map(again.pairs.map(({ keyText, text }) => [keyText, text]));
    const upTo = told.map(({ changes, ...rest }) => ({
      ...rest,
      changes: changes.filter((change) => change.revision <= at),
    }));
    const problem = judgeReflection(name, listed, upTo, shown);
    if (problem !== null) record.problems.push(problem);
    record.reflections++;
  } finally {
    watch.close();
    await reading;
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function read(
  messages: AsyncIterable<WatchMessage>,
  told: ToldMessage[],
  record: Record,
): Promise<void> {
  try {
    for await (const message of messages) {
      if (message.kind === 'compacted') continue;
      const events = message.kind === 'events' ? message.events : [];
      const changes = events.map(({ type, revision, pair, previous, isCreate }) =>
        record.toldChange({
          ...{ revision, key: pair.keyText, value: type === 'put' ? pair.text : null },
          ...{ previous: previous?.text ?? null, isCreate },
        }),
      );
      told.push({ revision: message.revision, changes });
    }
  } catch {
    // Its member was lost for longer than it waits: what it was told until then is judged.
  }
}

export function toldChange({ type, kv, prevKv }: DecodedEvent): ToldChange {
  const isPut = type === EventType.Put;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return {
    revision: kv.modRevision,
    key: text(kv.key),
    value: isPut ? text(kv.value) : null,
    previous: prevKv === null ? null : text(prevKv.value),
    isCreate: isPut && kv.createRevision === kv.modRevision,
  };
}

/** A watcher that is drawn; `from` 0 is from when it is created. */
function drawSession(kind: WatchSession['kind'], name: string, from: number): WatchSession {
  const isOne = kind === 'fan-out' && Math.random() < 0.4;
  const prefix = kind === 'slow-reader' ? '' : isOne ? 'bank/' : draw(prefixes);
  const filter = Math.random();
  return {
    ...{ name, kind, prefix, from, told: [] },
    key: isOne ? `bank/${Math.floor(Math.random() * accounts)}` : null,
    puts: filter > 0.1,
    deletes: filter < 0.9,
    previous: Math.random() < 0.5,
  };
}

/** First revision that was not told. */
function cursorOf({ from, told }: WatchSession): number {
  const last = told.at(-1);
  if (last === undefined) return from;
  return (last.changes.at(-1)?.revision ?? last.revision) + 1;
}

/** Many watchers on one stream, and now and then the next stream goes on where they ended. */
export class ManyWatchers {
  private readonly kind: 'fan-out' | 'slow-reader';
  private readonly urls: readonly string[];
  private readonly record: Record;
  private before: readonly WatchSession[] = [];

  constructor(kind: 'fan-out' | 'slow-reader', urls: readonly string[], record: Record) {
    this.kind = kind;
    this.urls = urls;
    this.record = record;
  }

  async watch(): Promise<void> {
    const sessions = this.begin();
    // The first message of each is that it was created: only then is it known from where one that begins now is told.
    const isCreated = sessions.map(() => false);
    const take = (response: DecodedWatchResponse): void => {
      const { watchId, created, canceled, header, events } = response;
      if (watchId < 0) {
        for (const session of sessions) session.told.push({ revision: header.revision, changes: [] });
        return;
      }
      const session = sessions[watchId];
      if (session === undefined || canceled) return;
      if (created) {
        isCreated[watchId] = true;
        if (session.from === 0) session.from = header.revision + 1;
      } else {
        const changes = events.map((event) => this.record.toldChange(toldChange(event)));
        session.told.push({ revision: header.revision, changes });
      }
    };
    const stream = new RawWatch(draw(this.urls), take);
    for (const { prefix, key, from, puts, deletes, previous } of sessions) {
      const range = key === null ? rangeOf(prefix) : { key, end: '' };
      stream.create({ ...range, startRevision: from, puts, deletes, previous });
    }
    try {
      await (this.kind === 'slow-reader' ? this.readSeldom(stream) : pause(3000 + Math.random() * 5000));
      stream.requestProgress();
      await pause(500);
    } finally {
      stream.close();
    }
    this.before = sessions.filter((_, at) => isCreated[at]);
    this.record.sessions.push(...this.before);
    if (this.before.length === 0) await pause(500);
  }

  private begin(): WatchSession[] {
    const goesOn = this.before.length > 0 && Math.random() < 0.5;
    const count = this.kind === 'fan-out' ? fanOutWatchers : slowWatchers;
    return Array.from({ length: count }, (_, at) => {
      const name = `${this.kind} watcher ${++this.record.opened}`;
      const before = this.before[at];
      if (goesOn && before !== undefined)
        return {
          ...before,
          name: `${name} after ${before.name.split(' after ')[0]}`,
          from: cursorOf(before),
          told: [],
        };
      const newest = this.record.newest;
      const past = Math.max(1, newest - Math.floor(Math.random() * 200));
      return drawSession(this.kind, name, Math.random() < 0.5 ? 0 : past);
    });
  }

  private async readSeldom(stream: RawWatch): Promise<void> {
    for (let left = 4; left > 0 && !stream.isClosed; left--) {
      stream.pause();
      await pause(1500);
      stream.resume();
      await pause(200);
    }
    // What has piled up comes now.
    await pause(1000);
  }
}

function rangeOf(prefix: string): { readonly key: string; readonly end: string } {
  if (prefix === '') return { key: '\0', end: '\0' };
  const end = Buffer.from(prefix);
  end[end.length - 1]!++;
  return { key: prefix, end: end.toString() };
}
