/**
 * A member inside any Node process: storage, consensus, and, where it is told to, a port for clients.
 *
 * Everything that was opened is closed again when a later step fails, and by `close`; nothing is left behind.
 */

import { readFileSync } from 'node:fs';
import { WorkerPasswords } from '../auth/password-worker.ts';
import { bcryptCost } from '../auth/passwords.ts';
import { openTokens } from '../auth/token-options.ts';
import { ROOT } from '../auth/types.ts';
import { Client } from '../client/client.ts';
import type { ConnectOptions } from '../client/options.ts';
import { unknownMethod } from '../etcd/services.ts';
import { peerHandler } from '../http/peer-handler.ts';
import { Member as MemberLoop } from '../member/member.ts';
import {
  type JoinOptions,
  type MemberRecord,
  type MemberStatus,
  RequestKind,
  type ServedMember,
} from '../member/types.ts';
import { Role } from '../raft/types.ts';
import { inProcessChannel } from '../rpc/in-process-channel.ts';
import { LocalNetwork } from '../rpc/local-peer-network.ts';
import { MeteredPeerNetwork } from '../rpc/metered-peer-network.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import { PEER_MAX_FRAME_BYTES, type TcpPeerNetwork, tcpPeerNetwork } from '../rpc/tcp-peer-network.ts';
import { Failure } from '../util/failure.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import { encodeCompactionRequest } from '../wire/kv-codec.ts';
import { type Compactor, startCompactor } from './auto-compaction.ts';
import { ClientPorts, called, versionsOf } from './client-ports.ts';
import { askToJoin } from './join.ts';
import { type ResolvedOptions, resolveOptions, type StartOptions } from './options.ts';
import { writeLoss } from './quarantine.ts';
import { Readiness } from './readiness.ts';
import { Scrub } from './scrub.ts';
import { openRepaired } from './self-repair.ts';
import { holdsSegments, type Storage } from './storage.ts';

/** What there is to choose where nothing is connected. */
export type LocalClientOptions = Pick<ConnectOptions, 'auth' | 'timeoutMs' | 'requireLeader' | 'log'>;

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
  /**
   * Resolves when this member can serve: there is a leader, and the cluster knows this member. Or when clients have waited
   * for that as long as they are to wait, see `clientsWaitMs`.
   */
  readonly ready: Promise<void>;
  /** Hands leadership over, makes everything durable and closes. Calling it again waits for the same end. */
  close(): Promise<void>;
  /** Resolves when the member has ended by itself, with why; never after `close`. */
  readonly failed: Promise<Error>;
  /**
   * A client of this member in its own process: what `keelson/client` can do, without a port and without a network. It ends with
   * the member. While auth is on, it is nobody: see `openClient`.
   */
  readonly client: Client;
  /** Another one, with options of its own, such as the user whose calls it makes. The caller closes it. */
  openClient(options?: LocalClientOptions): Client;
  /** The member as services use it, for those that are built on it without a network in between. */
  readonly served: ServedMember;
}

/**
 * Starts a member. It answers at once; where it is one of several, writes wait until a majority has found together.
 * @throws Failure 'badConfig', 'dataDirLocked', 'dataDirForeign', 'dataDirNotWritable', 'walDamaged', 'backendDamaged',
 *   'diskFailed', 'portTaken'; its message says what to do
 */
export async function startMember(options: StartOptions): Promise<Member> {
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
  readonly ready: Promise<void>;
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  readonly #passwords: WorkerPasswords;
  #storage: Storage | null = null;
  #loop: MemberLoop | null = null;
  #network: MeteredPeerNetwork | null = null;
  #tcp: TcpPeerNetwork | null = null;
  readonly #ports: ClientPorts;
  #readiness: Readiness | null = null;
  #compactor: Compactor | null = null;
  #scrub: Scrub | null = null;
  #waiting: Timer | null = null;
  #closing: Promise<void> | null = null;
  /** All ports are open. */
  #isServing = false;
  #client: Client | null = null;
  #reportFailure: (error: Error) => void = () => {};
  #reportReady: () => void = () => {};

  constructor(options: ResolvedOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
    this.#passwords = new WorkerPasswords(runtime, bcryptCost(options.bcryptCost, runtime.log));
    this.failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
    this.ready = new Promise((resolve) => {
      this.#reportReady = resolve;
    });
    this.#ports = new ClientPorts(options, runtime);
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
    return this.#ports.urls;
  }

  status(): MemberStatus {
    return this.#member.status();
  }

  members(): readonly MemberRecord[] {
    return this.#member.members();
  }

  get client(): Client {
    this.#client ??= this.openClient();
    return this.#client;
  }

  openClient(options: LocalClientOptions = {}): Client {
    const { methods } = this.#ports;
    if (methods === null) throw new Error('the member is not open');
    // The endpoint has no address: it says whom the client talks to.
    return new Client({ ...options, endpoints: 'in-process' }, inProcessChannel(methods, unknownMethod));
  }

  get served(): ServedMember {
    return this.#member;
  }

  get #member(): MemberLoop {
    if (this.#loop === null) throw new Error('the member is not open');
    return this.#loop;
  }

  async open(): Promise<void> {
    const { storage, loop } = await openRepaired(this.#options, this.#runtime, (opened, rejoin) =>
      this.#openLoop(opened, rejoin),
    );
    this.#storage = storage;
    this.#loop = loop;
    await this.#listenForPeers();
    await this.#ports.open(this.#loop, this.#network!);
    this.#isServing = true;
    const { advertiseClientUrls } = this.#options;
    this.#loop.publish(advertiseClientUrls ?? this.#ports.urls);
    this.#serveWhenReady(this.#loop);
    this.#startCompactor(this.#loop);
    this.#startScrub(storage, loop);
  }

  /** Clients are served at once, or when there is a leader, or when they have waited long enough for one. */
  #serveWhenReady(loop: MemberLoop): void {
    const { clientsWaitMs } = this.#options;
    const { clock, log } = this.#runtime;
    if (clientsWaitMs === 0) this.#ports.release();
    else {
      this.#waiting = clock.setTimer(clientsWaitMs, () => {
        log.warn('timed out waiting for the ready notification');
        this.#ports.release();
        this.#reportReady();
      });
    }
    const { id } = loop;
    const { name } = this.#options;
    const starting = {
      id,
      name,
      get hasLeader() {
        return loop.hasLeader;
      },
      members: () => loop.members(),
      linearize: (done: (failure: Failure | null) => void) => loop.linearize(done),
    };
    this.#readiness = new Readiness(starting, clock, () => {
      log.info('published local member to cluster through raft', {
        'local-member-id': id,
        'cluster-id': loop.clusterId,
      });
      this.#waiting?.cancel();
      this.#ports.release();
      this.#reportReady();
    });
  }

  #startScrub(storage: Storage, loop: MemberLoop): void {
    const { scrubBytesPerSecond: bytesPerSecond, dataDir } = this.#options;
    if (!storage.isOnDisk || dataDir === null || bytesPerSecond === 0) return;
    const stateDirectory = `${dataDir}/state`;
    this.#scrub = new Scrub({
      storage,
      stateDirectory,
      bytesPerSecond,
      member: loop,
      runtime: this.#runtime,
    });
    this.#scrub.start();
  }

  #startCompactor(loop: MemberLoop): void {
    const { autoCompaction } = this.#options;
    if (autoCompaction === null) return;
    const { clock, log } = this.#runtime;
    const compacted = {
      get isLeader() {
        return loop.status().role === Role.Leader;
      },
      get revision() {
        return loop.store.revision;
      },
      compact: (revision: number, done: (failure: Failure | null) => void): void => {
        const request = { revision, physical: false };
        // What a member does by itself, root may.
        const caller = { user: ROOT, revision: loop.auth.auth.revision };
        loop.propose(RequestKind.Compact, encodeCompactionRequest(request), request, done, caller);
      },
    };
    this.#compactor = startCompactor(autoCompaction, compacted, clock, log);
  }

  async #openLoop(storage: Storage, rejoin: JoinOptions | null): Promise<MemberLoop> {
    const { name, clusterToken, initialCluster, limits, joinExisting } = this.#options;
    const isNew = storage.backend.openedAt.index === 0 && !holdsSegments(storage);
    const { peerTls } = this.#options;
    const { log: joinLog } = this.#runtime;
    const asked = rejoin === null && joinExisting && isNew;
    const join = asked ? await askToJoin(name, initialCluster, peerTls, joinLog) : rejoin;
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
      selfRepair: this.#options.selfRepair,
      trustsCommonName: this.#options.clientTls?.clientCertAuth === true,
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
      departing: () => {
        if (this.#isServing) void this.#ports.close();
      },
    };
    const onFatal = (error: Error): void => {
      this.#noteLoss(storage, error);
      void this.close().then(() => this.#reportFailure(error));
    };
    return new Promise((resolve, reject) => {
      MemberLoop.open(memberOptions, dependencies, onFatal, (error, member) => {
        if (member === null) reject(error);
        else resolve(member);
      });
    });
  }

  /** The log has turned out to lack what it must hold, which its files do not show: the next start has to know. */
  #noteLoss({ disk, isOnDisk }: Storage, error: Error): void {
    const { dataDir, selfRepair } = this.#options;
    if (!isOnDisk || dataDir === null || !selfRepair) return;
    if (!(error instanceof Failure) || error.reason !== 'walDamaged') return;
    try {
      writeLoss(disk, dataDir, error.message);
    } catch (failure) {
      this.#runtime.log.error('what is wrong with the log could not be written down', {
        error: failure as Error,
      });
    }
  }

  #joinNetwork(id: string, clusterId: string): PeerNetwork {
    const network = new MeteredPeerNetwork(this.#makeNetwork(id, clusterId), this.#runtime.clock);
    this.#network = network;
    return network;
  }

  #makeNetwork(id: string, clusterId: string): PeerNetwork {
    const { localNetwork, listenPeerUrls, limits } = this.#options;
    const { scheduler } = this.#runtime;
    if (localNetwork !== null || listenPeerUrls.length === 0) {
      return (localNetwork ?? new LocalNetwork({ scheduler })).join(id);
    }
    const network = tcpPeerNetwork({
      id,
      clusterId,
      urls: this.#options.initialCluster.find((member) => member.name === this.#options.name)?.peerUrls ?? [],
      listen: listenPeerUrls,
      tls: this.#options.peerTls,
      runtime: this.#runtime,
      http: peerHandler(
        () => this.#loop,
        () => versionsOf(this.#member),
      ),
      // Whatever a client may ask for goes to the others in one piece.
      maxFrameBytes: PEER_MAX_FRAME_BYTES + limits.maxRequestBytes,
    });
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

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Clients are sent elsewhere, and calls that run are answered, while leadership is handed over; then the rest closes. */
  async #close(): Promise<void> {
    const loop = this.#loop;
    await this.#client?.close();
    this.#readiness?.stop();
    this.#waiting?.cancel();
    this.#compactor?.stop();
    await this.#scrub?.stop();
    const portsClosed = this.#ports.close();
    if (loop !== null) await called((done) => loop.stop(done, () => this.#ports.isHeeded));
    await portsClosed;
    const network = this.#network;
    if (network !== null) await called((done) => network.close(done));
    this.#passwords.close();
    await this.#storage?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
