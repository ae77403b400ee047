/**
 * An API server before a cluster, as a process of its own: ours, or a real kube-apiserver. Both get the same flags as far as
 * both need them, and one token for everything.
 */

import { type ChildProcess, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endChild, type Workplace } from './children.ts';
import type { Cluster, SystemName } from './cluster.ts';
import { Http1Connection } from './http1-client.ts';
import { freePorts } from './ports.ts';
import { usageOf } from './usage.ts';

/** Ours on Keelson, ours on etcd, a real one on etcd. */
export const kubeSystems = ['keelson', 'etcd', 'kube-apiserver'] as const;
export type KubeSystemName = (typeof kubeSystems)[number];

export interface KubeServerOptions {
  readonly tls: boolean;
  /** Name on the PATH, or path, of a real kube-apiserver. */
  readonly kubeApiserver: string;
  /** A real one is among those that are measured. */
  readonly isBesideReal: boolean;
  /** Folder for a CPU profile, empty: none. Ours only. */
  readonly profileFolder: string;
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const readyWithinMs = 240_000;
const token = 'bench-token-of-an-administrator';

/** Nobody makes service accounts for a real one that stands alone: it refuses pods while it asks for them. */
const aloneFlags = ['--disable-admission-plugins=ServiceAccount'];

/** What the store of a system is. */
export function storeOf(system: KubeSystemName): SystemName {
  return system === 'keelson' ? 'keelson' : 'etcd';
}

/** @returns `1.20.2`; null: there is no such program */
export function kubeApiserverVersion(binary: string): string | null {
  try {
    const text = execFileSync(binary, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? text.trim();
  } catch {
    return null;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await Http1Connection.open(url, token);
    const { code } = await connection.send('GET', '/readyz');
    connection.close();
    return code === 200;
  } catch {
    return false;
  }
}

/** @returns program and arguments of a real kube-apiserver */
function realCommand(options: KubeServerOptions, folder: string, flags: readonly string[]): string[] {
  const key = join(folder, 'accounts.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  return [
    options.kubeApiserver,
    ...flags,
    '--authorization-mode=Node,RBAC',
    '--anonymous-auth=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
  ];
}

export class KubeServer {
  readonly url: string;
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #cluster: Cluster;

  private constructor(child: ChildProcess, cluster: Cluster, url: string, readyMs: number) {
    this.#child = child;
    this.#cluster = cluster;
    this.url = url;
    this.readyMs = readyMs;
  }

  static async start(
    system: KubeSystemName,
    cluster: Cluster,
    workplace: Workplace,
    options: KubeServerOptions,
  ): Promise<KubeServer> {
    const [secure, insecure] = await freePorts(2);
    const folder = join(workplace.folder, `kube-${system}`);
    mkdirSync(folder);
    const tokens = join(folder, 'tokens.csv');
    writeFileSync(tokens, `${token},admin,admin-uid,"system:masters"\n`);
    const flags = [
      `--etcd-servers=${cluster.members.map(({ port }) => `http://127.0.0.1:${port}`).join(',')}`,
      `--cert-dir=${folder}`,
      `--secure-port=${secure}`,
      `--token-auth-file=${tokens}`,
      '--service-cluster-ip-range=10.0.0.0/16',
      ...(options.isBesideReal ? aloneFlags : []),
    ];
    const profiling =
      options.profileFolder === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileFolder}`];
    const [command = '', ...args] =
      system === 'kube-apiserver'
        ? realCommand(options, folder, flags)
        : [process.execPath, ...profiling, main, 'apiserver', ...flags, `--insecure-port=${insecure}`];
    const from = performance.now();
    const log = `apiserver-${system}.log`;
    const child = workplace.spawn(command, args, log);
    const isSecure = options.tls || system === 'kube-apiserver';
    const url = isSecure ? `https://127.0.0.1:${secure}` : `http://127.0.0.1:${insecure}`;
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`the API server ended: ${workplace.lastWords(log)}`);
      if (performance.now() - from > readyWithinMs) throw new Error(`${system} is not ready`);
      await pause(5);
    }
    return new KubeServer(child, cluster, url, performance.now() - from);
  }

  get usage(): ReturnType<typeof usageOf> {
    return usageOf(this.#child.pid!);
  }

  /** CPU time of all members of its store, seconds. */
  get storeSeconds(): number {
    return this.#cluster.members.reduce((sum, member) => sum + member.usage().cpuSeconds, 0);
  }

  assertRunning(): void {
    this.#cluster.assertRunning();
  }

  /** Lets it end by itself, as one that writes a profile has to. */
  end(): Promise<void> {
    return endChild(this.#child, 'SIGTERM');
  }

  connect(): Promise<Http1Connection> {
    return Http1Connection.open(this.url, token);
  }
}
