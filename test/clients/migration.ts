/**
 * Brings a state from etcd to Keelson and back, by the tools of both, and asks each stop for the hash of the same revision:
 *
 *     etcd ─ snapshot ─► Keelson ─ snapshot ─► etcd
 *     etcd ─ its data directory, stopped ─► Keelson
 *     etcd ─ snapshot, revisions raised ─► etcd and Keelson
 *
 * The state has a past: keys of many revisions, deleted ones, a compaction in the middle, keys of leases, users and roles.
 */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Workplace } from '../../bench/children.ts';
import { type Client, connect, type Message } from '../../examples/grpc-from-proto.ts';
import { findTool, type Tool } from '../tools.ts';
import { run, type Servers, serverCommands, startServers } from './harness.ts';

/** What etcd and its tools are to be; they are of one release. */
export interface Tools {
  readonly etcd: Tool;
  /** Saves, describes and restores snapshots: `etcdutl`, or `etcdctl` where there was none yet. */
  readonly offline: Tool;
  readonly etcdctl: Tool;
}

export function findMigrationTools(): Tools | null {
  const etcd = findTool('etcd');
  if (etcd === null) return null;
  const [major, minor] = etcd.version.split('.').map(Number) as [number, number];
  const range = [`${major}.${minor}.0`, `${major}.${minor + 1}.0`] as const;
  const etcdctl = findTool('etcdctl', ...range);
  const offline = minor < 5 ? etcdctl : findTool('etcdutl', ...range);
  return etcdctl === null || offline === null ? null : { etcd, offline, etcdctl };
}

export interface Stop {
  readonly what: string;
  readonly seconds: number;
  /** What is there, at the revision at which the journey began. */
  readonly state: State | null;
  /** Of the file that was made, if one was. */
  readonly bytes: number | null;
}

export interface State {
  readonly hash: number;
  readonly compactRevision: number;
  readonly keys: number;
  readonly leases: readonly string[];
  readonly users: readonly string[];
  readonly roles: readonly string[];
}

const leaseCount = 50;
const putsPerTxn = 100;
const bump = 1_000_000;
const keelson = [...serverCommands.keelson.slice(0, -1)];
const patienceMs = 600_000;

class Asked implements Disposable {
  readonly #clients = new Map<string, Client>();
  readonly #url: string;

  constructor(servers: Servers) {
    this.#url = servers.members[0]!.clientUrl;
  }

  call(method: string, message: Message = {}): Promise<Message> {
    const [service, name] = method.split('/') as [string, string];
    const client = this.#clients.get(service) ?? connect(`etcdserverpb.${service}`, this.#url);
    this.#clients.set(service, client);
    return client.call(name, message);
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client[Symbol.dispose]();
  }
}

/** @param keys so many stay; more were there */
async function fill(servers: Servers, keys: number): Promise<number> {
  using asked = new Asked(servers);
  const name = (index: number): Buffer => Buffer.from(`/registry/things/${String(index).padStart(7, '0')}`);
  for (let id = 1; id <= leaseCount; id++) await asked.call('Lease/LeaseGrant', { ID: id, TTL: 1_000_000 });
  const put = (index: number, version: number): Message => ({
    request_put: {
      key: name(index),
      value: Buffer.from(`${index} ${version} ${'x'.repeat((index * 37) % 300)}`),
      lease: index % 20 === 0 ? 1 + (index % leaseCount) : 0,
    },
  });
  let batch: Message[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await asked.call('KV/Txn', { success: batch });
    batch = [];
  };
  const add = async (operation: Message): Promise<void> => {
    batch.push(operation);
    if (batch.length === putsPerTxn) await flush();
  };
  const all = Math.floor(keys * 1.1);
  for (let index = 0; index < all; index++) await add(put(index, 1));
  await flush();
  // A tenth has a second version and a hundredth many; a tenth more than is to stay goes.
  for (let index = 0; index < all; index += 10) await add(put(index, 2));
  await flush();
  for (let version = 3; version < 20; version++) {
    for (let index = 0; index < all; index += 100) await add(put(index, version));
    await flush();
    if (version !== 10) continue;
    const { header } = (await asked.call('KV/Range', { key: name(0) })) as { header: { revision: string } };
    await asked.call('KV/Compact', { revision: Number(header.revision), physical: true });
  }
  for (let index = keys; index < all; index++) await add({ request_delete_range: { key: name(index) } });
  await flush();
  for (let id = 1; id <= 10; id++) {
    await asked.call('Auth/UserAdd', { name: `user${id}`, password: 'secret' });
    await asked.call('Auth/RoleAdd', { name: `role${id}` });
    await asked.call('Auth/RoleGrantPermission', {
      name: `role${id}`,
      perm: { permType: id % 3, key: name(id), range_end: name(id * 10) },
    });
    await asked.call('Auth/UserGrantRole', { user: `user${id}`, role: `role${id}` });
  }
  const { header } = (await asked.call('KV/Range', { key: name(0) })) as { header: { revision: string } };
  return Number(header.revision);
}

/** @param revision at which the hash is asked for */
async function stateOf(servers: Servers, revision: number): Promise<State> {
  using asked = new Asked(servers);
  const hashed = await asked.call('Maintenance/HashKV', { revision });
  const counted = await asked.call('KV/Range', {
    key: Buffer.of(0),
    range_end: Buffer.of(0),
    count_only: true,
  });
  const { leases } = (await asked.call('Lease/LeaseLeases')) as { leases: { ID: string }[] };
  const roles: string[] = [];
  const { roles: names } = (await asked.call('Auth/RoleList')) as { roles: string[] };
  for (const role of names) {
    const { perm } = await asked.call('Auth/RoleGet', { role });
    roles.push(`${role} ${JSON.stringify(perm)}`);
  }
  const { users } = (await asked.call('Auth/UserList')) as { users: string[] };
  return {
    hash: Number(hashed['hash']),
    compactRevision: Number(hashed['compact_revision']),
    keys: Number(counted['count']),
    leases: leases.map(({ ID }) => ID).sort(),
    users,
    roles,
  };
}

/**
 * What is not as it should be, or null. Where revisions were raised the hashes are each system's own: etcd keeps a record
 * without a key at the new revision.
 */
export function differences(states: readonly (readonly [what: string, state: State])[]): string | null {
  const isRaised = (what: string): boolean => what.endsWith('raised');
  for (const raised of [false, true]) {
    const group = states.filter(([what]) => isRaised(what) === raised);
    const shown = group.map(([, state]) => JSON.stringify(raised ? { ...state, hash: 0 } : state));
    const odd = shown.findIndex((text) => text !== shown[0]);
    if (odd >= 0) return `${group[odd]![0]} differs from ${group[0]![0]}:\n${shown[odd]}\n${shown[0]}`;
  }
  return null;
}

/** Goes all ways with a state of `keys` keys, and tells of every stop as it is reached. */
export class Migration {
  revision = 0;
  readonly #workplace: Workplace;
  readonly #tools: Tools;
  readonly #told: (stop: Stop) => void;

  constructor(workplace: Workplace, tools: Tools, told: (stop: Stop) => void) {
    this.#workplace = workplace;
    this.#tools = tools;
    this.#told = told;
  }

  async run(keys: number): Promise<void> {
    const { folder } = this.#workplace;
    const [first, second] = [join(folder, 'etcd.db'), join(folder, 'keelson.db')];
    const etcd = await this.#start('etcd');
    await this.#stop('etcd is filled', null, async () => {
      this.revision = await fill(etcd, keys);
    });
    await this.#tell('etcd', etcd);
    await this.#stop('etcdctl saves a snapshot', first, () => this.#save(etcd, first));
    const dataDir = join(folder, `etcd-${new URL(etcd.members[0]!.clientUrl).port}`, 'm1');
    await etcd.stop();
    const moved = await this.#restored('keelson', first, 'keelson restores the snapshot');
    await this.#tell('keelson, from the snapshot', moved);
    const save = [...keelson, 'ctl', `--endpoints=${moved.endpoints[0]}`, 'snapshot', 'save', second];
    await this.#stop('keelson ctl saves a snapshot', second, () => this.#command(save));
    await moved.stop();
    await this.#stop('etcd describes it', null, () =>
      this.#command([this.#tools.offline.path, 'snapshot', 'status', second]),
    );
    const back = await this.#restored('etcd', second, 'etcd restores it');
    await this.#tell('etcd, from the snapshot of keelson', back);
    await back.stop();
    const taken = await this.#restored('keelson', dataDir, 'keelson restores the data directory of etcd');
    await this.#tell('keelson, from the data directory', taken);
    await taken.stop();
    if (this.#tools.offline.name === 'etcdutl') await this.#raise(first);
    rmSync(first);
    rmSync(second);
  }

  /** Both raise revisions, and know the same afterwards. */
  async #raise(file: string): Promise<void> {
    for (const system of ['etcd', 'keelson'] as const) {
      const more = [`--bump-revision=${bump}`, ...(system === 'etcd' ? ['--mark-compacted'] : [])];
      const raised = await this.#restored(system, file, `${system} restores it with raised revisions`, more);
      await this.#tell(`${system}, raised`, raised, this.revision + bump);
      await raised.stop();
    }
  }

  #start(
    system: 'etcd' | 'keelson',
    prepare: (place: { name: string; peerUrl: string; dataDir: string }) => Promise<void> = async () => {},
  ): Promise<Servers> {
    const command = system === 'etcd' ? [this.#tools.etcd.path, '--logger=zap'] : serverCommands.keelson;
    return startServers(system, 1, this.#workplace, prepare, {}, command);
  }

  #restored(
    system: 'etcd' | 'keelson',
    file: string,
    what: string,
    more: readonly string[] = [],
  ): Promise<Servers> {
    const command =
      system === 'etcd' ? [this.#tools.offline.path, 'snapshot', 'restore'] : [...keelson, 'restore'];
    return this.#start(system, ({ name, peerUrl, dataDir }) => {
      const flags = [`--name=${name}`, `--data-dir=${dataDir}`, `--initial-cluster=${name}=${peerUrl}`];
      flags.push(`--initial-advertise-peer-urls=${peerUrl}`, ...more);
      return this.#stop(what, null, () => this.#command([...command, file, ...flags]));
    });
  }

  async #save(servers: Servers, file: string): Promise<void> {
    await this.#command([
      ...[this.#tools.etcdctl.path, `--endpoints=${servers.endpoints[0]}`],
      ...['snapshot', 'save', file],
    ]);
  }

  async #command(command: readonly string[]): Promise<void> {
    const options = { env: { ETCDCTL_API: '3' }, timeoutMs: patienceMs };
    const { code, err } = await run(this.#workplace, command, options);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${err}`);
  }

  async #stop(what: string, file: string | null, work: () => Promise<void>): Promise<void> {
    const beganAt = performance.now();
    await work();
    const seconds = (performance.now() - beganAt) / 1000;
    this.#told({ what, seconds, state: null, bytes: file === null ? null : statSync(file).size });
  }

  async #tell(what: string, servers: Servers, revision: number = this.revision): Promise<void> {
    const beganAt = performance.now();
    const state = await stateOf(servers, revision);
    this.#told({ what, seconds: (performance.now() - beganAt) / 1000, state, bytes: null });
  }
}
