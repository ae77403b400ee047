/** A session with locks and elections, for any server of etcd's API: what each step showed, without ids and times. */

import { decodeRangeResponse, encodeCompactionRequest, encodeRangeRequest } from '../../src/wire/kv-codec.ts';
import { encodeLeaseGrantRequest, encodeLeaseRevokeRequest } from '../../src/wire/lease-codec.ts';
import {
  decodeCampaignResponse,
  decodeLeaderResponse,
  decodeLockResponse,
  encodeCampaignRequest,
  encodeLeaderRequest,
  encodeLockRequest,
  encodeProclaimRequest,
  encodeResignRequest,
  encodeUnlockRequest,
  type LeaderKey,
} from '../../src/wire/recipe-messages.ts';
import type { DecodedHeader } from '../../src/wire/response-header.ts';
import { bytes, range, text } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import type { Caller, StreamLog } from './served.ts';

const lockService = '/v3lockpb.Lock/';
const electionService = '/v3electionpb.Election/';

export class RecipeSession {
  readonly caller: Caller;
  readonly log: string[] = [];

  constructor(caller: Caller) {
    this.caller = caller;
  }

  async grant(id: bigint): Promise<void> {
    await this.caller.response('Lease/LeaseGrant', encodeLeaseGrantRequest({ id, ttl: 600 }));
  }

  async revoke(id: bigint): Promise<void> {
    await this.caller.response('Lease/LeaseRevoke', encodeLeaseRevokeRequest(id));
  }

  /** Keys that begin with `name/`. */
  async standing(name: string): Promise<number> {
    const request = encodeRangeRequest(range(`${name}/`, { end: `${name}0`, countOnly: true }));
    return decodeRangeResponse(await this.caller.response('KV/Range', request)).count;
  }

  async untilStanding(name: string, count: number): Promise<void> {
    await until(`${count} in line ${name}`, async () => (await this.standing(name)) === count);
  }

  note(what: string, outcome: string): void {
    this.#slot(what)(outcome);
  }

  /** A line of the log at the place of the question, whenever the answer comes. */
  #slot(what: string): (outcome: string) => void {
    const at = this.log.push(`${what}: …`) - 1;
    return (outcome) => {
      this.log[at] = `${what}: ${outcome}`;
    };
  }

  async lock(what: string, name: string, lease: bigint): Promise<void> {
    const note = this.#slot(what);
    const request = encodeLockRequest({ name: bytes(name), lease });
    const { code, message, response } = await this.caller.call(`${lockService}Lock`, request);
    if (response === null) note(`${code} ${message}`);
    else {
      const { header, key } = decodeLockResponse(response);
      note(`${text(key)} ${shown(header)}`);
    }
  }

  async unlock(what: string, key: string): Promise<void> {
    const note = this.#slot(what);
    const outcome = await this.caller.outcome(`${lockService}Unlock`, encodeUnlockRequest(bytes(key)));
    note(outcome);
  }

  async campaign(what: string, name: string, lease: bigint, value: string): Promise<LeaderKey | null> {
    const note = this.#slot(what);
    const request = encodeCampaignRequest({ name: bytes(name), lease, value: bytes(value) });
    const { code, message, response } = await this.caller.call(`${electionService}Campaign`, request);
    if (response === null) {
      note(`${code} ${message}`);
      return null;
    }
    const { header, leader } = decodeCampaignResponse(response);
    const { name: of, key, revision } = leader!;
    note(`${text(of)} ${text(key)}@${revision} lease ${leader!.lease} ${shown(header)}`);
    return leader;
  }

  async proclaim(what: string, leader: LeaderKey | null, value: string): Promise<void> {
    const note = this.#slot(what);
    const request = encodeProclaimRequest({ leader, value: bytes(value) });
    note(await this.caller.outcome(`${electionService}Proclaim`, request));
  }

  async resign(what: string, leader: LeaderKey | null): Promise<void> {
    const note = this.#slot(what);
    note(await this.caller.outcome(`${electionService}Resign`, encodeResignRequest(leader)));
  }

  async leader(what: string, name: string): Promise<void> {
    const note = this.#slot(what);
    const { code, message, response } = await this.caller.call(
      `${electionService}Leader`,
      encodeLeaderRequest(bytes(name)),
    );
    note(response === null ? `${code} ${message}` : shownLeader(response));
  }

  observe(name: string): StreamLog {
    const stream = this.caller.stream(`${electionService}Observe`);
    stream.send(encodeLeaderRequest(bytes(name)));
    stream.call.end();
    return stream;
  }

  async compact(revision: number): Promise<void> {
    await this.caller.response('KV/Compact', encodeCompactionRequest({ revision, physical: false }));
  }
}

function shown({ clusterId, memberId, revision, raftTerm }: DecodedHeader): string {
  const isWhole = clusterId !== 0n && memberId !== 0n && raftTerm > 0;
  return `r${revision}${isWhole ? '' : ' (a part of the header is missing)'}`;
}

export function shownLeader(response: Uint8Array): string {
  const { header, kv } = decodeLeaderResponse(response);
  const { key, value, createRevision, modRevision, version, lease } = kv!;
  const numbers = `${createRevision}/${modRevision}/${version}`;
  return `${text(key)}@${numbers}=${text(value)} lease ${lease} ${shown(header)}`;
}

/** The locks of etcd, on a server whose store is empty. */
export async function lockSession(caller: Caller): Promise<string[]> {
  const session = new RecipeSession(caller);
  for (const id of [1n, 2n, 3n, 0x1fn]) await session.grant(id);
  await session.lock('unknown lease', 'l', 77n);
  await session.lock('negative lease', 'l', -77n);
  await session.lock('first', 'l', 0x1fn);
  await session.lock('again with the same lease', 'l', 0x1fn);
  const second = session.lock('second', 'l', 1n);
  await session.untilStanding('l', 2);
  const third = session.lock('third', 'l', 2n);
  await session.untilStanding('l', 3);
  await session.unlock('unlock', 'l/1f');
  await second;
  await session.revoke(1n);
  await third;
  await session.unlock('unlock', 'l/2');
  await session.unlock('unlock', 'l/3');
  await session.unlock('unlock what is not locked', 'l/3');
  await session.unlock('unlock nothing', '');
  await session.lock('without a name', '', 3n);
  session.note('left', `${await session.standing('l')}`);
  return session.log;
}

/** The elections of etcd, on a server whose store is empty. */
export async function electionSession(caller: Caller): Promise<string[]> {
  const session = new RecipeSession(caller);
  for (const id of [1n, 2n]) await session.grant(id);
  const seen = session.observe('e');
  await session.leader('nobody', 'e');
  await session.proclaim('no leader key', null, 'v');
  await session.resign('no leader key', null);
  const none = { name: bytes('e'), key: bytes('e/9'), revision: 4, lease: 1n };
  await session.proclaim('with a key that is not there', none, 'v');
  await session.resign('with a key that is not there', none);
  await session.proclaim('with an empty key', { ...none, key: bytes('') }, 'v');
  await session.campaign('unknown lease', 'e', 77n, 'v');
  const first = await session.campaign('first', 'e', 1n, 'a');
  await session.leader('first', 'e');
  await until('the first is seen', () => seen.messages.length === 1);
  await session.proclaim('first', first, 'b');
  await session.leader('first', 'e');
  await until('what it proclaims is seen', () => seen.messages.length === 2);
  await session.campaign('again with another value', 'e', 1n, 'c');
  await session.campaign('again with the same value', 'e', 1n, 'c');
  await until('that is seen', () => seen.messages.length === 3);
  const second = session.campaign('second', 'e', 2n, 'x');
  await session.untilStanding('e', 2);
  await session.leader('still the first', 'e');
  await session.resign('first', first);
  const leader = await second;
  await until('the second is seen', () => seen.messages.length === 4);
  await session.proclaim('too late', first, 'd');
  await session.resign('twice', first);
  await session.leader('second', 'e');
  await session.proclaim('second', leader, 'y');
  await until('what it proclaims is seen', () => seen.messages.length === 5);
  await session.revoke(2n);
  await session.leader('nobody', 'e');
  await session.campaign('first once more', 'e', 1n, 'z');
  await until('it is seen', () => seen.messages.length === 6);
  for (const message of seen.messages) session.note('observed', shownLeader(message));
  seen.call.cancel();
  return session.log;
}
