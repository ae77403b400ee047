/** Members over an in-process network with disks that outlive them: what the tests of this room share. */

import { InlinePasswords } from '../../src/auth/passwords.ts';
import { SimpleTokens } from '../../src/auth/simple-tokens.ts';
import { type MemoryBackend, MemoryImage, memoryBackend } from '../../src/backend/memory-backend.ts';
import { Member } from '../../src/member/member.ts';
import {
  defaultLimits,
  type MemberChange,
  type MemberChangeResult,
  type MemberLimits,
  type MemberOptions,
  RequestKind,
} from '../../src/member/types.ts';
import { LocalNetwork } from '../../src/rpc/local-peer-network.ts';
import type { PeerNetwork } from '../../src/rpc/peer.ts';
import type { Disk } from '../../src/util/disk.ts';
import type { Failure } from '../../src/util/failure.ts';
import { memoryDisk } from '../../src/util/memory-disk.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import { encodePutRequest } from '../../src/wire/kv-codec.ts';
import { type PutRequest, type PutResult, plainRange } from '../../src/wire/messages.ts';
import { until } from '../waiting.ts';

const quickLimits: MemberLimits = { ...defaultLimits, heartbeatMs: 20, electionMs: 100 };

interface Seat {
  readonly name: string;
  disk: Disk;
  image: MemoryImage;
  backend: MemoryBackend | null;
  member: Member | null;
  /** Why the member gave up. */
  fatal: Error | null;
}

export class TestCluster {
  readonly runtime = nodeRuntime();
  readonly network = new LocalNetwork({ scheduler: this.runtime.scheduler });
  readonly seats: Seat[];
  readonly limits: MemberLimits;

  /** What a test puts around the network of a member. */
  around: (network: PeerNetwork, index: number) => PeerNetwork = (network) => network;

  constructor(count: number, limits: Partial<MemberLimits> = {}) {
    this.limits = { ...quickLimits, ...limits };
    this.seats = Array.from({ length: count }, (_, index) => ({
      name: `m${index + 1}`,
      disk: memoryDisk(this.runtime.scheduler),
      image: new MemoryImage(),
      backend: null,
      member: null,
      fatal: null,
    }));
  }

  options(index: number): MemberOptions {
    return {
      name: this.seats[index]!.name,
      clusterToken: 'test',
      initialCluster: this.seats.map(({ name }) => ({ name, peerUrls: [`http://${name}:2380`] })),
      join: null,
      walDirectory: 'wal',
      spoolDirectory: 'spool',
      preallocate: false,
      limits: this.limits,
      maxLearners: 1,
      strictReconfigCheck: true,
      selfRepair: true,
      trustsCommonName: false,
      mutant: '',
    };
  }

  start(index: number, overrides: Partial<MemberOptions> = {}): Promise<Member> {
    const seat = this.seats[index]!;
    const { scheduler } = this.runtime;
    seat.backend = memoryBackend({ scheduler, image: seat.image });
    const dependencies = {
      runtime: this.runtime,
      disk: seat.disk,
      tokens: new SimpleTokens(this.runtime.clock, this.runtime.random),
      passwords: new InlinePasswords(this.runtime.random, scheduler),
      backend: seat.backend,
      network: (id: string) => this.around(this.network.join(id), index),
    };
    return new Promise((resolve, reject) => {
      const onFatal = (error: Error): void => {
        seat.fatal = error;
      };
      Member.open({ ...this.options(index), ...overrides }, dependencies, onFatal, (error, member) => {
        if (member === null) {
          reject(error);
          return;
        }
        seat.member = member;
        member.publish([`http://${seat.name}:2379`]);
        resolve(member);
      });
    });
  }

  /** Prepares a place for a member that is added later. */
  addSeat(): number {
    const name = `m${this.seats.length + 1}`;
    const disk = memoryDisk(this.runtime.scheduler);
    this.seats.push({ name, disk, image: new MemoryImage(), backend: null, member: null, fatal: null });
    return this.seats.length - 1;
  }

  async startAll(overrides: Partial<MemberOptions> = {}): Promise<this> {
    await Promise.all(this.seats.map((_, index) => this.start(index, overrides)));
    return this;
  }

  member(index: number): Member {
    return this.seats[index]!.member!;
  }

  get running(): Member[] {
    return this.seats.flatMap(({ member }) => (member === null ? [] : [member]));
  }

  async leader(): Promise<Member> {
    const leads = (): Member | undefined => this.running.find(({ raft }) => raft.role === 'leader');
    await until('a leader', () => {
      const leader = leads();
      return leader !== undefined && this.running.every(({ raft }) => raft.leader === leader.id);
    });
    return leads()!;
  }

  indexOf(member: Member): number {
    return this.seats.findIndex((seat) => seat.member === member);
  }

  async stop(index: number): Promise<void> {
    const member = this.seats[index]!.member;
    if (member === null) return;
    await new Promise<void>((resolve) => member.stop(resolve));
    this.network.find(member.id)?.close(() => {});
    this.seats[index]!.member = null;
  }

  async close(): Promise<void> {
    await Promise.all(this.seats.map((_, index) => this.stop(index)));
  }
}

export function putRequest(key: string, value: string): PutRequest {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

export function put(member: Member, key: string, value: string): Promise<PutResult> {
  const request = putRequest(key, value);
  return new Promise((resolve, reject) => {
    member.propose<PutResult>(RequestKind.Put, encodePutRequest(request), request, (failure, result) => {
      if (failure === null) resolve(result!);
      else reject(failure);
    });
  });
}

export function linearize(member: Member): Promise<void> {
  return new Promise((resolve, reject) => {
    member.linearize((failure: Failure | null) => (failure === null ? resolve() : reject(failure)));
  });
}

export function get(member: Member, key: string): string | null {
  const request = { ...plainRange(Buffer.from(key), Buffer.alloc(0)), serializable: true };
  const [kv] = member.store.range(request).kvs;
  return kv === undefined ? null : Buffer.from(decodeKeyValue(kv).value).toString();
}

export function changeMembers(member: Member, change: MemberChange): Promise<MemberChangeResult> {
  return new Promise((resolve, reject) => {
    member.changeMembers(change, (failure, result) => {
      if (failure === null) resolve(result!);
      else reject(failure);
    });
  });
}
