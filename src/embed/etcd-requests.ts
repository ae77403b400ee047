/**
 * What stands in the log of an etcd, as Keelson's members apply it. The messages of requests are the same in both logs: only
 * what is around them is made anew.
 *
 * Left out is what changes no key, lease, user or role, or what a new cluster begins without: reads, tokens, the members
 * of the old cluster, its version, and requests of etcd v2. Alarms are not carried over, but what they made etcd refuse
 * is refused here, too, so that revisions stay what clients were told.
 */

import { type Caller, nobody } from '../auth/types.ts';
import { encodeCheckpoints } from '../lease/commands.ts';
import { txnPuts } from '../member/alarms.ts';
import { type Asker, EnvelopeCodec, requestBytes } from '../member/envelope.ts';
import { AlarmKind, RequestKind } from '../member/types.ts';
import { Failure } from '../util/failure.ts';
import { authKinds, decodeAuthOperation, encodeAuthOperation } from '../wire/auth-codec.ts';
import type { AuthKind } from '../wire/auth-messages.ts';
import { decodeCold } from '../wire/cold-codec.ts';
import { decodeAlarmRequest } from '../wire/cold-messages.ts';
import { decodeTxnRequest } from '../wire/kv-codec.ts';
import { decodeLeaseGrantRequest, encodeLeaseGrantRequest } from '../wire/lease-codec.ts';
import { Reader } from '../wire/proto-reader.ts';
import type { EtcdEntry } from './etcd-log.ts';

interface Request {
  readonly kind: RequestKind;
  readonly asker: Asker;
  readonly body: Uint8Array;
}

/** Fields of etcd's InternalRaftRequest. */
const field = {
  v2: 2,
  leaseGrant: 8,
  alarm: 10,
  leaseCheckpoint: 11,
  header: 100,
} as const;

/** Whose body is taken as it is. */
const plainKinds: ReadonlyMap<number, RequestKind> = new Map([
  [4, RequestKind.Put],
  [5, RequestKind.DeleteRange],
  [6, RequestKind.Txn],
  [7, RequestKind.Compact],
  [9, RequestKind.LeaseRevoke],
]);

/** Those that change something. */
const authKindOf: ReadonlyMap<number, AuthKind> = new Map([
  [1000, 'enable'],
  [1011, 'disable'],
  [1100, 'userAdd'],
  [1101, 'userDelete'],
  [1103, 'userChangePassword'],
  [1104, 'userGrantRole'],
  [1105, 'userRevokeRole'],
  [1200, 'roleAdd'],
  [1201, 'roleDelete'],
  [1203, 'roleGrantPermission'],
  [1204, 'roleRevokePermission'],
]);

const normalEntry = 0;
const alarmOn = 1;
const alarmOff = 2;
/** The shortest lease with etcd's usual election timeout; etcd raises shorter ones when it applies them. */
const ttlMin = 2;
/** Nobody waits for an answer: no member has this id. */
const nobodysId = '0'.repeat(16);

/** Gives the bcrypt hash of a password. */
export type HashPassword = (password: string) => string;

/** An alarm that is on: its kind and whose it is. */
export interface EtcdAlarm {
  readonly alarm: number;
  readonly memberId: bigint;
}

/**
 * @param alarms those that are on before the first entry
 * @param hash for passwords that stand in the log of an etcd before 3.5
 * @returns an entry of Keelson's log for each request that changes something, in order
 */
export function translateEntries(
  entries: readonly EtcdEntry[],
  alarms: readonly EtcdAlarm[],
  hash: HashPassword,
): Uint8Array[] {
  const translator = new Translator(alarms, hash);
  const codec = new EnvelopeCodec(nobodysId, 0);
  const sealed: Uint8Array[] = [];
  for (const entry of entries) {
    const request = entry.type === normalEntry ? translator.translate(entry) : null;
    if (request === null) continue;
    const { kind, asker, body } = request;
    const bytes = requestBytes(body, asker);
    sealed.push(codec.seal([{ kind, asker, body, sequence: sealed.length }], 0, 1, bytes));
  }
  return sealed;
}

class Translator {
  readonly #alarms = new Map<string, number>();
  readonly #hash: HashPassword;

  constructor(alarms: readonly EtcdAlarm[], hash: HashPassword) {
    this.#hash = hash;
    for (const { alarm, memberId } of alarms) this.#alarms.set(`${alarm}/${memberId}`, alarm);
  }

  translate(entry: EtcdEntry): Request | null {
    try {
      const parts = split(entry.data);
      if (parts === null) return null;
      const { number, body, caller } = parts;
      if (number === field.alarm) return this.#alarm(body);
      const request = requestOf(number, body, caller, this.#hash);
      return request === null || this.#isRefused(request) ? null : request;
    } catch (error) {
      // As etcd does: what is no request of v3 is one of v2.
      if (error instanceof Failure && error.reason === 'malformedRequest') return null;
      throw error;
    }
  }

  #alarm(body: Uint8Array): null {
    const { action, memberId, alarm } = decodeAlarmRequest(body);
    if (action === alarmOn) this.#alarms.set(`${alarm}/${memberId}`, alarm);
    if (action === alarmOff) this.#alarms.delete(`${alarm}/${memberId}`);
    return null;
  }

  #isRefused({ kind, body }: Request): boolean {
    const on = new Set(this.#alarms.values());
    if (on.has(AlarmKind.Corrupt) && kind !== RequestKind.Auth) return true;
    if (!on.has(AlarmKind.NoSpace)) return false;
    if (kind === RequestKind.Txn) return txnPuts(decodeTxnRequest(body));
    return kind === RequestKind.Put || kind === RequestKind.LeaseGrant;
  }
}

/** The one request in a message, and who asked. */
function split(data: Uint8Array): { number: number; body: Uint8Array; caller: Caller } | null {
  const reader = new Reader(data);
  let number = 0;
  let body = new Uint8Array(0) as Uint8Array;
  let caller = nobody;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    const found = tag >>> 3;
    if ((tag & 7) !== 2) reader.skip(tag, 0);
    else if (found === field.header) caller = callerOf(reader.view());
    else if (found === field.v2) return null;
    else {
      number = found;
      body = reader.view();
    }
  }
  return number === 0 ? null : { number, body, caller };
}

function callerOf(bytes: Uint8Array): Caller {
  const reader = new Reader(bytes);
  let user = '';
  let revision = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x12) user = reader.string();
    else if (tag === 0x18) revision = reader.uint64();
    else reader.skip(tag, 0);
  }
  return user === '' ? nobody : { user, revision };
}

function requestOf(number: number, body: Uint8Array, caller: Caller, hash: HashPassword): Request | null {
  const kind = plainKinds.get(number);
  // Of a compaction permission is asked before it is proposed, of the others when they are applied, too.
  if (kind !== undefined) return { kind, asker: kind === RequestKind.Compact ? 'member' : caller, body };
  if (number === field.leaseGrant) return leaseGrant(body);
  if (number === field.leaseCheckpoint) return checkpoint(body);
  const authKind = authKindOf.get(number);
  return authKind === undefined
    ? null
    : { kind: RequestKind.Auth, asker: caller, body: authBody(authKind, body, hash) };
}

function leaseGrant(body: Uint8Array): Request {
  const { id, ttl } = decodeLeaseGrantRequest(body);
  const raised = encodeLeaseGrantRequest({ id, ttl: Math.max(ttl, ttlMin) });
  return { kind: RequestKind.LeaseGrant, asker: 'member', body: raised };
}

/** What leases have left counts in the term of its entry: here all entries have the first. */
function checkpoint(body: Uint8Array): Request {
  const reader = new Reader(body);
  const checkpoints: { id: bigint; remainingTtl: number }[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag, 1);
      continue;
    }
    const one = { id: 0n, remainingTtl: 0 };
    const outer = reader.enter();
    while (reader.at < reader.end) {
      const inner = reader.tag();
      if (inner === 0x08) one.id = reader.bigInt64();
      else if (inner === 0x10) one.remainingTtl = reader.int64();
      else reader.skip(inner, 2);
    }
    reader.end = outer;
    checkpoints.push(one);
  }
  return {
    kind: RequestKind.LeaseCheckpoint,
    asker: 'member',
    body: encodeCheckpoints({ term: 1, checkpoints }),
  };
}

/**
 * The code of the operation before the message: see `wire/auth-codec.ts`. Until 3.4 a password stands in the log, and every
 * member hashed it for itself, when it applied the entry: as later releases do with such an entry, that is done here.
 */
function authBody(kind: AuthKind, message: Uint8Array, hash: HashPassword): Uint8Array {
  const body = new Uint8Array(1 + message.length);
  body[0] = authKinds.indexOf(kind) + 1;
  body.set(message, 1);
  const operation = decodeAuthOperation(body);
  if (operation.kind !== 'userAdd' && operation.kind !== 'userChangePassword') return body;
  const name = operation.kind === 'userAdd' ? 'AuthUserAddRequest' : 'AuthUserChangePasswordRequest';
  const { password } = decodeCold<{ password: string }>(`etcdserverpb.${name}`, message);
  if (password === '') return body;
  const hasHash = operation.hashedPassword !== '' || (operation.kind === 'userAdd' && operation.noPassword);
  const hashedPassword = hasHash
    ? operation.hashedPassword
    : Buffer.from(hash(password), 'latin1').toString('base64');
  return encodeAuthOperation({ ...operation, hashedPassword });
}
