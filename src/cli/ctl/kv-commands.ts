/** get, put, del, txn and compaction. */

import { prefixEnd } from '../../client/index.ts';
import { exitBadArgs, flag, integer, text, UsageError } from './arguments.ts';
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
import { type Answer, type CtlCommand, type CtlCommands, exitUnsupported, type Session } from './session.ts';
import { parseTxn } from './txn-text.ts';

const zero: Uint8Array = Uint8Array.of(0);
const nothing: Uint8Array = new Uint8Array(0);

/** The range that `--prefix`, `--from-key` and a second argument mean. @throws UsageError */
export function rangeOf(
  session: Session,
  key: string,
  end: string | undefined,
): { key: Uint8Array; range_end: Uint8Array } {
  const isPrefix = session.isSet('prefix');
  const isFrom = session.isSet('from-key');
  if (isPrefix && isFrom) {
    throw new UsageError(
      '`--prefix` and `--from-key` cannot be set at the same time, choose one',
      exitBadArgs,
    );
  }
  if (end !== undefined && (isPrefix || isFrom)) {
    throw new UsageError(
      'too many arguments, only accept one argument when `--prefix` or `--from-key` is set',
      exitBadArgs,
    );
  }
  const bytes = Buffer.from(key);
  if (isPrefix) {
    return bytes.length === 0 ? { key: zero, range_end: zero } : { key: bytes, range_end: prefixEnd(bytes) };
  }
  if (isFrom) return { key: bytes.length === 0 ? zero : bytes, range_end: zero };
  return { key: bytes, range_end: end === undefined ? nothing : Buffer.from(end) };
}

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

const sortTargets: Readonly<Record<string, number>> = { CREATE: 2, KEY: 0, MODIFY: 3, VALUE: 4, VERSION: 1 };

/** @throws UsageError */
function sortOf(session: Session): { sort_order: number; sort_target: number } {
  const order = session.text('order').toUpperCase();
  const by = session.text('sort-by').toUpperCase();
  const orders: Readonly<Record<string, number>> = { ASCEND: 1, DESCEND: 2, '': by === '' ? 0 : 1 };
  const sortOrder = orders[order];
  if (sortOrder === undefined)
    throw new UsageError(`bad sort order ${session.text('order')}`, exitUnsupported);
  const target = by === '' ? 0 : sortTargets[by];
  if (target === undefined)
    throw new UsageError(`bad sort target ${session.text('sort-by')}`, exitUnsupported);
  // Without an order, keys come ascending as it is.
  return { sort_order: order === '' && target === 0 ? 0 : sortOrder, sort_target: target };
}

function isSerializable(session: Session): boolean {
  const consistency = session.text('consistency');
  if (consistency !== 'l' && consistency !== 's') {
    throw new UsageError(`unknown consistency flag ${JSON.stringify(consistency)}`, exitUnsupported);
  }
  return consistency === 's';
}

const get: CtlCommand = {
  usage: 'get [options] <key> [range_end]',
  summary: 'Gets the key or a range of keys',
  flags: {
    consistency: text('linearizable (l) or serializable (s)', 'l'),
    order: text('order of results: ASCEND or DESCEND'),
    'sort-by': text('what to sort by: CREATE, KEY, MODIFY, VALUE or VERSION'),
    limit: integer('largest number of results'),
    prefix: flag('get keys with this prefix'),
    'from-key': flag('get keys that are equal to or after this key'),
    rev: integer('revision to read at'),
    'keys-only': flag('get only the keys'),
    'count-only': flag('get only the count'),
    'print-value-only': flag('print only the values, in the simple format'),
    'min-create-rev': integer('lowest create revision'),
    'max-create-rev': integer('highest create revision'),
    'min-mod-rev': integer('lowest mod revision'),
    'max-mod-rev': integer('highest mod revision'),
  },
  run: async (session) => {
    const [key, end] = session.words;
    if (key === undefined) {
      throw new UsageError(
        'get command needs one argument as key and an optional argument as range_end',
        exitBadArgs,
      );
    }
    const keysOnly = session.isSet('keys-only');
    const countOnly = session.isSet('count-only');
    const valueOnly = session.isSet('print-value-only');
    if (keysOnly && countOnly) {
      throw new UsageError(
        '`--keys-only` and `--count-only` cannot be set at the same time, choose one',
        exitBadArgs,
      );
    }
    if (countOnly && session.format !== 'fields') {
      throw new UsageError('--count-only is only for `--write-out=fields`', exitBadArgs);
    }
    if (valueOnly && session.format !== 'simple') {
      throw new UsageError('print-value-only is only for `--write-out=simple`', exitBadArgs);
    }
    const request = {
      ...rangeOf(session, key, end),
      ...sortOf(session),
      limit: session.number('limit'),
      revision: session.number('rev'),
      serializable: isSerializable(session),
      keys_only: keysOnly,
      count_only: countOnly,
      min_create_revision: session.number('min-create-rev'),
      max_create_revision: session.number('max-create-rev'),
      min_mod_revision: session.number('min-mod-rev'),
      max_mod_revision: session.number('max-mod-rev'),
    };
    const answer = await session.call<RangeResponse>('KV', 'Range', request, { effect: 'read' });
    const { message } = answer;
    const simple = (): string[] => rangeLines(message, session.isSet('hex'), valueOnly);
    showLines(session, answer, simple, () => rangeFields(message));
    return undefined;
  },
};

/** A lease id as people write it, in hexadecimal. @throws UsageError */
export function parseLease(given: string, refusal: string): bigint {
  if (!/^[0-9a-fA-F]{1,16}$/.test(given)) {
    throw new UsageError(
      `${refusal} (strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax), expecting ID in Hex`,
      exitBadArgs,
    );
  }
  return BigInt.asIntN(64, BigInt(`0x${given}`));
}

const put: CtlCommand = {
  usage: 'put [options] <key> <value> (<value> can also be given from stdin)',
  summary: 'Puts the given key into the store',
  flags: {
    lease: text('lease (in hexadecimal) to attach the key to', '0'),
    'prev-kv': flag('answer with the pair as it was before'),
    'ignore-value': flag('keep the value that is there'),
    'ignore-lease': flag('keep the lease that is there'),
  },
  run: async (session) => {
    const [key, given] = session.words;
    const ignoresValue = session.isSet('ignore-value');
    if (key === undefined) {
      throw new UsageError('put command needs 1 argument and input from stdin or 2 arguments', exitBadArgs);
    }
    if (ignoresValue && session.words.length > 1) {
      throw new UsageError("put command needs only 1 argument when 'ignore-value' is set", exitBadArgs);
    }
    const value = ignoresValue
      ? nothing
      : given === undefined
        ? await session.readInput()
        : Buffer.from(given);
    if (given === undefined && !ignoresValue && value.length === 0) {
      throw new UsageError('put command needs 1 argument and input from stdin or 2 arguments', exitBadArgs);
    }
    const request = {
      key: Buffer.from(key),
      value,
      lease: parseLease(session.text('lease'), 'bad lease ID'),
      prev_kv: session.isSet('prev-kv'),
      ignore_value: ignoresValue,
      ignore_lease: session.isSet('ignore-lease'),
    };
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
  flags: {
    prefix: flag('delete keys with this prefix'),
    'from-key': flag('delete keys that are equal to or after this key'),
    range: flag('delete the range from the key to range_end, which is needed then'),
    'prev-kv': flag('answer with the pairs that were deleted'),
  },
  run: async (session) => {
    const [key, end] = session.words;
    if (key === undefined || session.words.length > 2) {
      throw new UsageError(
        'del command needs one argument as key and an optional argument as range_end',
        exitBadArgs,
      );
    }
    if (session.isSet('range') && end === undefined) {
      throw new UsageError('del command needs range_end when `--range` is set', exitBadArgs);
    }
    const request = { ...rangeOf(session, key, end), prev_kv: session.isSet('prev-kv') };
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
  usage: 'txn [options] < comparisons, an empty line, operations, an empty line, operations',
  summary: 'Txn processes all the requests in one transaction',
  flags: { interactive: flag('input transaction in interactive mode', 'i') },
  run: async (session) => {
    if (session.words.length > 0) throw new UsageError('txn command does not accept argument', exitBadArgs);
    const request = parseTxn((await session.readInput()).toString('utf8'));
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
