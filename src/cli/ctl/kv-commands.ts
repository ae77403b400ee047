/** get, put, del, txn and compaction. */

import { exitBadArgs, flag, UsageError } from './arguments.ts';
import { InputLines } from './input-lines.ts';
import { deleteRequest, delFlags, getFlags, putFlags, putRequest, rangeRequest } from './kv-requests.ts';
import type { DeleteRangeResponse, PutResponse, RangeResponse, TxnResponse } from './messages.ts';
import {
  asBytes,
  deleteFields,
  deleteLines,
  putFields,
  putLines,
  rangeFields,
  rangeLines,
  txnFields,
  txnLines,
} from './print-kv.ts';
import type { Answer, CtlCommand, CtlCommands, Session } from './session.ts';
import { readTxn } from './txn-text.ts';

/** Prints lines that may hold bytes of any kind. */
function showLines(
  session: Session,
  answer: Answer<object>,
  simple: () => string[],
  fields: () => string[],
): void {
  if (session.format === 'simple') {
    const lines = simple();
    if (lines.length > 0) session.io.out(asBytes(lines));
    return;
  }
  session.show(
    session.forms(
      answer,
      () => '',
      () => fields().join('\n'),
    ),
  );
}

/** Reads one key and prints it as `get` does. */
export async function showKey(session: Session, key: Uint8Array | string): Promise<void> {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  const answer = await session.call<RangeResponse>('KV', 'Range', { key: bytes }, { effect: 'read' });
  const { message } = answer;
  const simple = (): string[] => rangeLines(message, session.isSet('hex'), false);
  showLines(session, answer, simple, () => rangeFields(message));
}

const get: CtlCommand = {
  usage: 'get [options] <key> [range_end]',
  summary: 'Gets the key or a range of keys',
  flags: getFlags,
  run: async (session) => {
    const request = rangeRequest(session);
    const valueOnly = session.isSet('print-value-only');
    if (session.isSet('count-only') && session.format !== 'fields') {
      throw new UsageError('--count-only is only for `--write-out=fields`', exitBadArgs);
    }
    if (valueOnly && session.format !== 'simple') {
      throw new UsageError('print-value-only is only for `--write-out=simple`', exitBadArgs);
    }
    const answer = await session.call<RangeResponse>('KV', 'Range', request, { effect: 'read' });
    const { message } = answer;
    const simple = (): string[] => rangeLines(message, session.isSet('hex'), valueOnly);
    showLines(session, answer, simple, () => rangeFields(message));
    return undefined;
  },
};

const put: CtlCommand = {
  usage: 'put [options] <key> <value> (<value> can also be given from stdin)',
  summary: 'Puts the given key into the store',
  flags: putFlags,
  run: async (session) => {
    const request = await putRequest(session, () => session.readInput());
    const answer = await session.call<PutResponse>('KV', 'Put', request);
    const { message } = answer;
    showLines(
      session,
      answer,
      () => putLines(message, session.isSet('hex')),
      () => putFields(message),
    );
    return undefined;
  },
};

const del: CtlCommand = {
  usage: 'del [options] <key> [range_end]',
  summary: 'Removes the specified key or range of keys [key, range_end)',
  flags: delFlags,
  run: async (session) => {
    const request = deleteRequest(session);
    const answer = await session.call<DeleteRangeResponse>('KV', 'DeleteRange', request);
    const { message } = answer;
    showLines(
      session,
      answer,
      () => deleteLines(message, session.isSet('hex')),
      () => deleteFields(message),
    );
    return undefined;
  },
};

const txn: CtlCommand = {
  usage: 'txn [options] < comparisons, an empty line, operations, an empty line, operations, an empty line',
  summary: 'Txn processes all the requests in one transaction',
  flags: { interactive: flag('input transaction in interactive mode', 'i') },
  run: async (session) => {
    if (session.words.length > 0) throw new UsageError('txn command does not accept argument', exitBadArgs);
    const lines = new InputLines(session.io.input);
    const isInteractive = session.isSet('interactive');
    const request = await readTxn(
      () => session.interruptible(lines.next()),
      (title) => {
        if (isInteractive) session.io.out(`${title}\n`);
      },
    );
    const answer = await session.call<TxnResponse>('KV', 'Txn', request);
    const { message } = answer;
    showLines(
      session,
      answer,
      () => txnLines(message, session.isSet('hex')),
      () => txnFields(message),
    );
    return undefined;
  },
};

const compaction: CtlCommand = {
  usage: 'compaction [options] <revision>',
  summary: 'Compacts the event history in etcd',
  flags: { physical: flag('wait until the space is free') },
  run: async (session) => {
    const [given] = session.words;
    if (given === undefined || session.words.length > 1) {
      throw new UsageError('compaction command needs 1 argument', exitBadArgs);
    }
    if (!/^-?\d+$/.test(given)) {
      throw new UsageError(`strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`, 1);
    }
    await session.call(
      'KV',
      'Compact',
      { revision: BigInt(given), physical: session.isSet('physical') },
      {
        message: 'Compaction',
      },
    );
    session.io.out(`compacted revision ${BigInt(given)}\n`);
    return undefined;
  },
};

export const kvCommands: CtlCommands = { get, put, del, txn, compaction };
