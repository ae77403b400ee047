/**
 * Who the members are: part of the replicated state, kept on the backend under table `c`, changed by applied entries
 * only. Who votes is the core's business (`ConfState`); both come from the same Config entry.
 *
 * Who was removed is kept too (table `d`): an id never comes back, for what a former member once promised under it, a
 * vote or an entry, must not be taken for the word of a new one.
 */

import { Packr } from 'msgpackr';
import type { Backend, BackendEntry } from '../backend/backend.ts';
import type { ConfState } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { MemberRecord } from './types.ts';

const table = 'c';
const removedTable = 'd';
const nothing = new Uint8Array(0);
const maxMembers = 1000;
const maxRemoved = 1_000_000;
const usualLimits = { members: maxMembers, removed: maxRemoved };
const packr = new Packr({ useRecords: false, moreTypes: false });

/** What a Config entry says of members, besides its ConfState. */
export interface MembershipChange {
  readonly upsert: readonly MemberRecord[];
  readonly remove: readonly string[];
}

export function encodeMembershipChange(change: MembershipChange): Uint8Array {
  return packr.pack(change);
}

/** @param context of a Config entry, not empty */
export function decodeMembershipChange(context: Uint8Array): MembershipChange {
  return packr.unpack(Buffer.from(context)) as MembershipChange;
}

/** A member as it stands on the backend. */
export function decodeMember(value: Uint8Array): MemberRecord {
  return packr.unpack(Buffer.from(value)) as MemberRecord;
}

/** The entry of the backend that holds a member. */
export function memberEntry(member: MemberRecord): BackendEntry {
  return { key: table + member.id, value: packr.pack(member) };
}

export class Membership {
  readonly #backend: Backend;
  readonly #members = new Map<string, MemberRecord>();
  readonly #removed: Set<string>;
  #version = 0;

  /** @param members what the backend holds; see `loadMembership`. */
  constructor(backend: Backend, members: readonly MemberRecord[], removed: readonly string[]) {
    this.#backend = backend;
    this.#removed = new Set(removed);
    for (const member of members) this.#members.set(member.id, member);
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  get(id: string): MemberRecord | undefined {
    return this.#members.get(id);
  }

  /** Whether a member of this id was removed, at any time. */
  wasRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  /** Ascending by id, as etcd lists them. */
  list(): MemberRecord[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  upsert(member: MemberRecord): void {
    this.#version++;
    this.#members.set(member.id, member);
    this.#backend.put(table + member.id, packr.pack(member));
  }

  /** A member says its name and where it serves clients; one that is not of the cluster is ignored. */
  publish(id: string, name: string, clientUrls: readonly string[]): void {
    const known = this.#members.get(id);
    if (known !== undefined) this.upsert({ ...known, name, clientUrls });
  }

  applyConfig(conf: ConfState, context: Uint8Array): void {
    if (context.length > 0) {
      const change = decodeMembershipChange(context);
      for (const id of change.remove) {
        this.#version++;
        this.#members.delete(id);
        this.#backend.delete(table + id);
        this.#removed.add(id);
        this.#backend.put(removedTable + id, nothing);
      }
      for (const member of change.upsert) this.upsert(member);
    }
    const learners = new Set([...conf.learners, ...conf.learnersNext]);
    for (const member of [...this.#members.values()]) {
      const isLearner = learners.has(member.id);
      if (member.isLearner !== isLearner) this.upsert({ ...member, isLearner });
    }
  }
}

/**
 * Reads the members from the backend. More of them than any cluster has are damage, and refused: without some of them the
 * rest would be another cluster, and somebody who was removed might be taken for somebody new.
 */
export function loadMembership(
  backend: Backend,
  done: (error: Error | null, membership: Membership | null) => void,
  limits: { readonly members: number; readonly removed: number } = usualLimits,
): void {
  backend.scan(table, removedTable, limits.members + 1, (error, entries) => {
    if (error !== null) return done(error, null);
    if (entries.length > limits.members) return done(tooMany('members', limits.members), null);
    const members = entries.map((entry) => packr.unpack(Buffer.from(entry.value)) as MemberRecord);
    const end = String.fromCharCode(removedTable.charCodeAt(0) + 1);
    backend.scan(removedTable, end, limits.removed + 1, (error, entries) => {
      if (error !== null) return done(error, null);
      if (entries.length > limits.removed) return done(tooMany('removed members', limits.removed), null);
      const removed = entries.map(({ key }) => key.slice(removedTable.length));
      done(null, new Membership(backend, members, removed));
    });
  });
}

function tooMany(what: string, limit: number): Failure {
  return new Failure('backendDamaged', `the state names more than ${limit} ${what}`);
}
