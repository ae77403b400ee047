/**
 * A member inside any Node process: storage, consensus, and, where it is told to, a port for clients.
 *
 * Everything that was opened is closed again when a later step fails, and by `close`; nothing is left behind.
 */

import { readFileSync } from 'node:fs';
import { WorkerPasswords } from '../auth/password-worker.ts';
import { bcryptCost } from '../auth/passwords.ts';
import { openTokens } from '../auth/token-options.ts';
import { statusOf } from '../etcd/errors.ts';
import { etcdMethods, maxReceiveBytes, unknownMethod } from '../etcd/services.ts';
import { clusterVersion, etcdVersion, storageVersion } from '../etcd/version.ts';
import { httpHandler } from '../http/handler.ts';
import { peerHandler } from '../http/peer-handler.ts';
import { Member as MemberLoop } from '../member/member.ts';
import type { MemberRecord, MemberStatus } from '../member/types.ts';
import { grpcJsTransport } from '../rpc/grpc-js-transport.ts';
import { http2Transport } from '../rpc/http2/http2-transport.ts';
import { LocalNetwork } from '../rpc/local-peer-network.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import { listen, type Port, type PortOptions } from '../rpc/port.ts';
import { type TcpPeerNetwork, tcpPeerNetwork } from '../rpc/tcp-peer-network.ts';
import type { RpcTransport } from '../rpc/transport.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Runtime } from '../util/runtime.ts';
import { askToJoin } from './join.ts';
import { addressOf, type ResolvedOptions, resolveOptions, type StartOptions } from './options.ts';
import { openStorage, type Storage } from './storage.ts';

/** Calls that one connection may have open at a time. */
const maxConcurrentStreams = 100_000;
/** How long running calls may take to finish when a member closes. */
const closeGraceMs = 1000;

const versions = { server: etcdVersion, cluster: clusterVersion, storage: storageVersion };

/** A running member. */
export interface Member extends AsyncDisposable {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  /** Where clients are served, with the ports that were taken. */
  readonly clientUrls: readonly string[];
  status(): MemberStatus;
  /** The cluster's members as this one knows them. */
  members(): readonly MemberRecord[];
  /** Hands leadership over, makes everything durable and closes. Calling it again waits for the same end. */
  close(): Promise<void>;
  /** Resolves when the member has ended by itself, with why; never after `close`. */
  readonly failed: Promise<Error>;
}

/**
 * Starts a member. It answers at once; where it is one of several, writes wait until a majority has found together.
 * @throws Failure 'badConfig', 'dataDirLocked', 'dataDirForeign', 'dataDirNotWritable', 'walDamaged', 'backendDamaged',
 *   'diskFailed', 'portTaken'; its message says what to do
 */
export function startMember(options: StartOptions): Promise<Member> {
  const runtime = nodeRuntime(options.log === undefined ? {} : { log: options.log });
  return startResolved(resolveOptions(options, null), runtime);
}

/** @internal */
export async function startResolved(options: ResolvedOptions, runtime: Runtime): Promise<Member> {
  const member = new EmbeddedMember(options, runtime);
  try {
    await member.open();
  } catch (error) {
    await member.close();
    throw error;
  }
  return member;
}

class EmbeddedMember implements Member {
  readonly failed: Promise<Error>;
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  readonly #passwords: WorkerPasswords;
  #storage: Storage | null = null;
  #loop: MemberLoop | null = null;
  #network: PeerNetwork | null = null;
  #transport: RpcTransport | null = null;
  #tcp: TcpPeerNetwork | null = null;
  readonly #ports: Port[] = [];
  #clientUrls: string[] = [];
  #closing: Promise<void> | null = null;
  #reportFailure: (error: Error) => void = () => {};

  constructor(options: ResolvedOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
    this.#passwords = new WorkerPasswords(runtime, bcryptCost(options.bcryptCost, runtime.log));
    this.failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
  }

  get id(): string {
    return this.#member.id;
  }

  get name(): string {
    return this.#options.name;
  }

  get clusterId(): string {
    return this.#member.clusterId;
  }

  get clientUrls(): readonly string[] {
    return this.#clientUrls;
  }

  status(): MemberStatus {
    return this.#member.status();
  }

  members(): readonly MemberRecord[] {
    return this.#member.members();
  }

  get #member(): MemberLoop {
    if (this.#loop === null) throw new Error('the member is not open');
    return this.#loop;
  }

  async open(): Promise<void> {
    this.#storage = await openStorage(this.#options.dataDir, this.#runtime);
    this.#loop = await this.#openLoop(this.#storage);
    await this.#listenForPeers();
    await this.#openClientPorts(this.#loop);
    const { advertiseClientUrls } = this.#options;
    this.#loop.publish(advertiseClientUrls ?? this.#clientUrls);
  }

  async #openLoop(storage: Storage): Promise<MemberLoop> {
    const { name, clusterToken, initialCluster, limits, joinExisting } = this.#options;
    const hasLog = storage.disk.list(storage.walDirectory).length > 0;
    const join = joinExisting && !hasLog ? await askToJoin(name, initialCluster) : null;
    const memberOptions = {
      name,
      clusterToken,
      initialCluster,
      join,
      walDirectory: storage.walDirectory,
      spoolDirectory: storage.spoolDirectory,
      preallocate: storage.isOnDisk,
      limits,
      maxLearners: this.#options.maxLearners,
      strictReconfigCheck: this.#options.strictReconfigCheck,
      trustsCommonName: false,
      mutant: '',
    };
    const { clock, random, log } = this.#runtime;
    const tokens = openTokens(
      { spec: this.#options.authToken, simpleTtlMs: this.#options.authTokenTtlMs, readFile: readFileSync },
      { clock, random, log },
    );
    const dependencies = {
      runtime: this.#runtime,
      disk: storage.disk,
      backend: storage.backend,
      tokens,
      passwords: this.#passwords,
      network: (id: string, clusterId: string) => this.#joinNetwork(id, clusterId),
    };
    const onFatal = (error: Error): void => {
      void this.close().then(() => this.#reportFailure(error));
    };
    return new Promise((resolve, reject) => {
      MemberLoop.open(memberOptions, dependencies, onFatal, (error, member) => {
        if (member === null) reject(error);
        else resolve(member);
      });
    });
  }

  #joinNetwork(id: string, clusterId: string): PeerNetwork {
    const { localNetwork, listenPeerUrls } = this.#options;
    const { scheduler } = this.#runtime;
    if (localNetwork !== null || listenPeerUrls.length === 0) {
      this.#network = (localNetwork ?? new LocalNetwork({ scheduler })).join(id);
      return this.#network;
    }
    const network = tcpPeerNetwork({
      id,
      clusterId,
      listen: addressOf(listenPeerUrls[0]!),
      runtime: this.#runtime,
      http: peerHandler(() => this.#loop, versions),
    });
    this.#network = network;
    this.#tcp = network;
    return network;
  }

  #listenForPeers(): Promise<void> {
    const tcp = this.#tcp;
    if (tcp === null) return Promise.resolve();
    return new Promise((resolve, reject) => {
      tcp.listen((failure) => (failure === null ? resolve() : reject(failure)));
    });
  }

  async #openClientPorts(member: MemberLoop): Promise<void> {
    const { listenClientUrls, limits } = this.#options;
    if (listenClientUrls.length === 0) return;
    const runtime = this.#runtime;
    const makeTransport = this.#options.rpcTransport === 'http2' ? http2Transport : grpcJsTransport;
    const grpc = makeTransport({
      methods: etcdMethods(member),
      unknownMethod,
      maxReceiveBytes: maxReceiveBytes(limits),
      maxConcurrentStreams,
      runtime,
    });
    this.#transport = grpc;
    const http = httpHandler(member, {
      versions,
      failureText: (failure) => statusOf(failure).message,
    });
    for (const url of listenClientUrls) {
      const port = await openPort({ ...addressOf(url), grpc, http, runtime });
      this.#ports.push(port);
      this.#clientUrls.push(`http://${url.hostname}:${port.port}`);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Calls that run may still be answered while leadership is handed over; then everything closes from the outside in. */
  async #close(): Promise<void> {
    const loop = this.#loop;
    if (loop !== null) await called((done) => loop.stop(done));
    const transport = this.#transport;
    await Promise.all([
      ...this.#ports.map((port) => called((done) => port.close(closeGraceMs, done))),
      transport === null ? null : called((done) => transport.close(closeGraceMs, done)),
    ]);
    const network = this.#network;
    if (network !== null) await called((done) => network.close(done));
    this.#passwords.close();
    await this.#storage?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function called(start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => start(resolve));
}

function openPort(options: PortOptions): Promise<Port> {
  return new Promise((resolve, reject) => {
    listen(options, (failure, port) => (port === null ? reject(failure) : resolve(port)));
  });
}
