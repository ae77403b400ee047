/** watch, lock and elect: what goes on until it is interrupted. */

import { CompactedError, EtcdError, type KeyRange, type WatchEvent } from '../../client/index.ts';
import { exitBadArgs, flag, integer, UsageError } from './arguments.ts';
import { goJson, goObject } from './go-text.ts';
import { rangeOf, showKey } from './kv-commands.ts';
import type { KeyValue } from './messages.ts';
import { asBytes, field, pairFields, pairLines } from './print-kv.ts';
import { type CtlCommand, type CtlCommands, exitInterrupted, type Session, unsupported } from './session.ts';

/** What etcdctl ends with when a watch is cancelled. */
const exitCanceled = 5;

function messageOf(pair: WatchEvent['pair']): KeyValue {
  return {
    key: pair.key,
    create_revision: BigInt(pair.createRevision),
    mod_revision: BigInt(pair.modRevision),
    version: BigInt(pair.version),
    value: pair.value,
    lease: pair.lease,
  };
}

function eventLines({ type, pair, previous }: WatchEvent, isHex: boolean): string[] {
  const before = previous === null ? [] : pairLines(messageOf(previous), isHex);
  return [type.toUpperCase(), ...before, ...pairLines(messageOf(pair), isHex)];
}

function eventFields({ type, pair, previous }: WatchEvent): string[] {
  const before = previous === null ? [] : pairFields('Prev', messageOf(previous));
  return [`"Type" : ${type.toUpperCase()}`, ...before, ...pairFields('', messageOf(pair))];
}

/** @param canceledAt the compacted revision for which the watch ended; null: it goes on */
function eventsJson(
  revision: number,
  events: readonly WatchEvent[],
  canceledAt: number | null = null,
): string {
  const messages = events.map(({ type, pair, previous }) => {
    const kv = messageOf(pair);
    return { type: type === 'put' ? 0 : 1, kv, prev_kv: previous === null ? null : messageOf(previous) };
  });
  return goObject([
    ['Header', goJson({ revision })],
    ['Events', goJson(messages)],
    ['CompactRevision', String(canceledAt ?? 0)],
    ['Canceled', String(canceledAt !== null)],
    ['Created', 'false'],
  ]);
}

function showEvents(session: Session, revision: number, events: readonly WatchEvent[]): void {
  const isHex = session.isSet('hex');
  switch (session.format) {
    case 'simple':
      session.io.out(asBytes(events.flatMap((event) => eventLines(event, isHex))));
      break;
    case 'json':
      session.io.out(`${eventsJson(revision, events)}\n`);
      break;
    case 'fields':
      session.io.out(`${[field('Revision', revision), ...events.flatMap(eventFields)].join('\n')}\n`);
      break;
    default:
      throw unsupported(session.format);
  }
}

const watch: CtlCommand = {
  usage: 'watch [options] <key or prefix> [range_end]',
  summary: 'Watches events stream on keys or prefixes',
  flags: {
    prefix: flag('Watch on a prefix if prefix is set'),
    'from-key': flag('watch keys that are equal to or after this key'),
    rev: integer('Revision to start watching'),
    'prev-kv': flag('get the previous key-value pair before the event happens'),
    'progress-notify': flag('get periodic watch progress notification from server'),
  },
  run: async (session) => {
    const [key, end] = session.words;
    if (key === undefined)
      throw new UsageError('watch in non-interactive mode requires an argument or more', exitBadArgs);
    const { key: from, range_end: to } = rangeOf(session, key, end);
    const range: KeyRange = to.length === 0 ? from : to.length === 1 && to[0] === 0 ? { from } : { from, to };
    const running = session.client.watch(range, {
      startRevision: session.number('rev'),
      previous: session.isSet('prev-kv'),
      progress: session.isSet('progress-notify'),
    });
    session.io.signal.addEventListener('abort', () => running.close(), { once: true });
    try {
      for await (const message of running.messages()) {
        if (message.kind === 'events') showEvents(session, message.revision, message.events);
        else if (message.kind === 'progress') {
          session.io.out(`progress notify: ${message.revision}\n`);
          if (session.format !== 'simple') showEvents(session, message.revision, []);
        }
      }
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      session.io.err(`watch was canceled (${error.text})\n`);
      if (session.format === 'json') {
        const compacted = error instanceof CompactedError ? error.compactRevision : 0;
        session.io.out(`${eventsJson(0, [], compacted)}\n`);
      }
      throw new UsageError('watch is canceled by the server', exitCanceled);
    }
    return session.io.signal.aborted ? exitInterrupted : 0;
  },
};

const lock: CtlCommand = {
  usage: 'lock <lockname>',
  summary: 'Acquires a named lock',
  flags: { ttl: integer('timeout for session', 10) },
  run: async (session) => {
    const [name, ...more] = session.words;
    if (name === undefined)
      throw new UsageError('lock takes a lock name argument and an optional command to execute', exitBadArgs);
    if (more.length > 0)
      throw new UsageError('lock runs no commands: wait for its output, and interrupt it', exitBadArgs);
    const { signal } = session.io;
    await using held = await session.client.lock(name, { ttl: session.number('ttl'), signal });
    await showKey(session, held.key);
    await new Promise<void>((resolve) => {
      held.signal.addEventListener('abort', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (signal.aborted) return 0;
    throw held.signal.reason;
  },
};

const elect: CtlCommand = {
  usage: 'elect <election-name> [proposal]',
  summary: 'Observes and participates in leader election',
  flags: { listen: flag('observation mode', 'l') },
  run: async (session) => {
    const [name, proposal] = session.words;
    const isListening = session.isSet('listen');
    if (name === undefined || session.words.length > 2) {
      throw new UsageError(
        'elect takes one election name argument and an optional proposal argument',
        exitBadArgs,
      );
    }
    if (!isListening && proposal === undefined)
      throw new UsageError('no proposal argument but -l not set', exitBadArgs);
    const election = session.client.election(name);
    const { signal } = session.io;
    if (isListening) {
      try {
        for await (const { key } of election.observe({ signal })) await showKey(session, key);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return 0;
    }
    await using leadership = await election.campaign(proposal!, { signal });
    await showKey(session, leadership.key);
    await new Promise<void>((resolve) => {
      leadership.signal.addEventListener('abort', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (signal.aborted) return 0;
    throw leadership.signal.reason;
  },
};

export const watchCommands: CtlCommands = { watch, lock, elect };
