/** watch: until it is interrupted, or as long as lines on standard input say what to watch. */

import {
  CompactedError,
  EtcdError,
  type Header,
  type KeyRange,
  type Watch,
  type WatchEvent,
  type WatchMessage,
} from '../../client/index.ts';
import { exitBadArgs, type FlagSpecs, flag, type Given, integer, UsageError } from './arguments.ts';
import { goJson, goObject, quoted } from './go-text.ts';
import { InputLines } from './input-lines.ts';
import { rangeOf } from './kv-requests.ts';
import type { KeyValue } from './messages.ts';
import { asBytes, headerFields, headerMessage, pairFields, pairLines } from './print-kv.ts';
import { runCommand } from './run-command.ts';
import { type CtlCommand, type CtlCommands, exitInterrupted, type Session, unsupported } from './session.ts';
import { exitInvalidInput } from './txn-text.ts';
import { parseWatchLine, type WatchTarget, watchTarget } from './watch-words.ts';
import { wordsOf } from './words.ts';

/** What etcdctl ends with when a watch is cancelled. */
const exitCanceled = 5;

const noHeader: Header = { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };

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
function eventsJson(header: Header, events: readonly WatchEvent[], canceledAt: number | null = null): string {
  const messages = events.map(({ type, pair, previous }) => {
    const kv = messageOf(pair);
    return { type: type === 'put' ? 0 : 1, kv, prev_kv: previous === null ? null : messageOf(previous) };
  });
  return goObject([
    ['Header', goJson(headerMessage(header))],
    ['Events', goJson(messages)],
    ['CompactRevision', String(canceledAt ?? 0)],
    ['Canceled', String(canceledAt !== null)],
    ['Created', 'false'],
  ]);
}

function showEvents(session: Session, header: Header, events: readonly WatchEvent[]): void {
  const isHex = session.isSet('hex');
  switch (session.format) {
    case 'simple':
      session.io.out(asBytes(events.flatMap((event) => eventLines(event, isHex))));
      break;
    case 'json':
      session.io.out(`${eventsJson(header, events)}\n`);
      break;
    case 'fields':
      session.io.out(
        `${[...headerFields(headerMessage(header)), ...events.flatMap(eventFields)].join('\n')}\n`,
      );
      break;
    default:
      throw unsupported(session.format);
  }
}

const watchFlags: FlagSpecs = {
  interactive: flag('Interactive mode', 'i'),
  prefix: flag('Watch on a prefix if prefix is set'),
  'from-key': flag('watch keys that are equal to or after this key'),
  rev: integer('Revision to start watching'),
  'prev-kv': flag('get the previous key-value pair before the event happens'),
  'progress-notify': flag('get periodic watch progress notification from server'),
};

function startWatch(session: Session, given: Given, target: WatchTarget): Watch {
  const { key: from, range_end: to } = rangeOf(given, target.key, target.end);
  const range: KeyRange = to.length === 0 ? from : to.length === 1 && to[0] === 0 ? { from } : { from, to };
  return session.client.watch(range, {
    startRevision: given.number('rev'),
    previous: given.isSet('prev-kv'),
    progress: given.isSet('progress-notify'),
  });
}

/** Runs the command once for every change. @throws UsageError when it fails */
async function runForEach(
  session: Session,
  command: readonly string[],
  { header, events }: Extract<WatchMessage, { readonly kind: 'events' }>,
): Promise<void> {
  for (const { type, pair } of events) {
    const { problem } = await runCommand(session.io, command, {
      ETCD_WATCH_REVISION: String(header.revision),
      ETCD_WATCH_EVENT_TYPE: quoted(type.toUpperCase()),
      ETCD_WATCH_KEY: quoted(pair.key),
      ETCD_WATCH_VALUE: quoted(pair.value),
    });
    if (problem === '') continue;
    const shown = command.map((word) => quoted(word)).join(' ');
    throw new UsageError(`command [${shown}] error (${problem})`, 1, '');
  }
}

/** Tells what a watch tells. False: the server ended it, and why is told. */
async function follow(session: Session, watch: Watch, command: readonly string[]): Promise<boolean> {
  try {
    for await (const message of watch.messages()) {
      if (message.kind === 'events') {
        showEvents(session, message.header, message.events);
        if (command.length > 0) await runForEach(session, command, message);
      } else if (message.kind === 'progress') {
        session.io.out(`progress notify: ${message.revision}\n`);
        if (session.format !== 'simple') showEvents(session, message.header, []);
      }
    }
    return true;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    session.io.err(`watch was canceled (${error.text})\n`);
    if (session.format === 'json') {
      const compacted = error instanceof CompactedError ? error.compactRevision : 0;
      session.io.out(`${eventsJson(noHeader, [], compacted)}\n`);
    }
    return false;
  }
}

/** Lines of standard input begin watches, beside those that run, and ask all of them how far they are. */
async function watchLines(session: Session): Promise<never> {
  const lines = new InputLines(session.io.input);
  const running = new Set<Watch>();
  let failed: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  const refuse = (line: string, why: string): void => session.io.err(`Invalid command ${line} (${why})\n`);
  const begin = (line: string, words: readonly string[]): void => {
    const { given, target } = parseWatchLine(words, watchFlags, session.io.env);
    if (target.end !== undefined && given.isSet('prefix')) {
      refuse(line, '`range_end` and `--prefix` are mutually exclusive');
      return;
    }
    const watch = startWatch(session, given, target);
    running.add(watch);
    follow(session, watch, target.command).then(() => running.delete(watch), failed);
  };
  try {
    for (;;) {
      const line = await session.interruptible(Promise.race([lines.next(), failure]));
      if (line === null) throw new UsageError('error reading watch request line: EOF', exitInvalidInput);
      const words = wordsOf(line);
      if (words.length === 0) session.io.err(`Invalid command: ${line} (watch and progress supported)\n`);
      else if (words[0] === 'progress') for (const watch of running) watch.requestProgress().catch(() => {});
      else if (words[0] !== 'watch') refuse(line, 'only support watch');
      else if (words.length < 2 && (session.io.env['ETCDCTL_WATCH_KEY'] ?? '') === '')
        refuse(line, 'command type or key is not provided');
      else begin(line, words);
    }
  } finally {
    for (const watch of running) watch.close();
  }
}

const watch: CtlCommand = {
  usage: 'watch [options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]',
  summary: 'Watches events stream on keys or prefixes',
  flags: watchFlags,
  run: async (session) => {
    const { env, signal } = session.io;
    if (session.format === 'table' || session.format === 'protobuf') throw unsupported(session.format);
    if (session.isSet('interactive')) return watchLines(session);
    const target = watchTarget(session.words, session.rest, env);
    if (target.end !== undefined && session.isSet('prefix')) {
      throw new UsageError('`range_end` and `--prefix` are mutually exclusive', exitBadArgs);
    }
    const running = startWatch(session, session, target);
    signal.addEventListener('abort', () => running.close(), { once: true });
    if (await follow(session, running, target.command)) return signal.aborted ? exitInterrupted : 0;
    throw new UsageError('watch is canceled by the server', exitCanceled);
  },
};

export const watchCommands: CtlCommands = { watch };
