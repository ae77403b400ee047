/** The folder of a local cluster on disk: its description, its members' process records, logs and data. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { DEFAULT_DIR, type LocalCluster, type LocalMember } from './cluster-layout.ts';
import { formatRecord, type ProcessRecord, type ProcessState, parseRecord, stateOf } from './processes.ts';

const DESCRIPTION = 'cluster.json';
const DATA = 'data';
const LOG = 'log';
const RUN = 'run';
const KUBE = 'kube';
const KUBECONFIG = 'kubeconfig';
const LOG_LINES_SHOWN = 4;

export class ClusterFolder {
  readonly #path: string;

  constructor(dir: string) {
    this.#path = resolve(dir);
  }

  /** As short as it can be written from here. */
  get shown(): string {
    const short = relative(process.cwd(), this.#path);
    return short === '' || short.startsWith('..') ? this.#path : short;
  }

  /** What a script's command line needs to mean this folder; empty for the usual one. */
  get scriptFlag(): string {
    return this.shown === DEFAULT_DIR ? '' : ` --dir ${this.shown}`;
  }

  /** @returns null when no cluster lives here. @throws Error when the description cannot be understood. */
  read(): LocalCluster | null {
    const path = join(this.#path, DESCRIPTION);
    if (!existsSync(path)) return null;
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      content = null;
    }
    const cluster = content as LocalCluster | null;
    if (cluster?.format !== 1 || !Array.isArray(cluster.members)) {
      throw new Error(`${join(this.shown, DESCRIPTION)} is not the description of a cluster`);
    }
    return cluster;
  }

  /**
   * Makes the folder the home of a cluster.
   * @throws Error when it holds something else.
   */
  create(cluster: LocalCluster): void {
    // `keelson apiserver` keeps its certificates there, too, and may have been first.
    const isForeign = (name: string): boolean => name !== KUBE;
    if (existsSync(this.#path) && this.read() === null && readdirSync(this.#path).some(isForeign)) {
      throw new Error(`${this.shown} holds files that are not a cluster's: choose another --dir`);
    }
    for (const part of [DATA, LOG, RUN]) mkdirSync(join(this.#path, part), { recursive: true });
    writeFileSync(join(this.#path, DESCRIPTION), `${JSON.stringify(cluster, null, 1)}\n`);
  }

  /** Removes what `create` and the members made, and nothing else. Does nothing when no cluster lives here. */
  wipe(): void {
    if (this.read() === null) return;
    for (const part of [DATA, LOG, RUN, KUBE, KUBECONFIG]) {
      rmSync(join(this.#path, part), { recursive: true, force: true });
    }
    rmSync(join(this.#path, DESCRIPTION));
    if (readdirSync(this.#path).length === 0) rmdirSync(this.#path);
  }

  dataDir(member: LocalMember): string {
    return join(this.#path, DATA, member.name);
  }

  /** Certificates and token of the Kubernetes API. */
  get kubeDir(): string {
    return join(this.#path, KUBE);
  }

  get kubeconfigPath(): string {
    return join(this.#path, KUBECONFIG);
  }

  get kubeconfigShown(): string {
    return join(this.shown, KUBECONFIG);
  }

  logPath(member: LocalMember): string {
    return join(this.#path, LOG, `${member.name}.log`);
  }

  /** The log's path for people. */
  logShown(member: LocalMember): string {
    return join(this.shown, LOG, `${member.name}.log`);
  }

  #recordPath(member: LocalMember): string {
    return join(this.#path, RUN, `${member.name}.pid`);
  }

  record(member: LocalMember): ProcessRecord | null {
    const path = this.#recordPath(member);
    return existsSync(path) ? parseRecord(readFileSync(path, 'latin1')) : null;
  }

  writeRecord(member: LocalMember, record: ProcessRecord): void {
    writeFileSync(this.#recordPath(member), formatRecord(record));
  }

  removeRecord(member: LocalMember): void {
    rmSync(this.#recordPath(member), { force: true });
  }

  state(member: LocalMember): ProcessState {
    const record = this.record(member);
    return record === null ? 'gone' : stateOf(record);
  }

  /** What a member logged since `from` bytes, its last lines: the messages of JSON lines, other lines as they are. */
  lastWords(member: LocalMember, from: number): string[] {
    const text = readFileSync(this.logPath(member)).subarray(from).toString('utf8').trim();
    const lines = text.split('\n').slice(-LOG_LINES_SHOWN);
    return lines.map((line) => {
      try {
        const parsed = JSON.parse(line) as { msg?: unknown };
        return String(parsed.msg ?? line);
      } catch {
        return line;
      }
    });
  }

  /** Bytes that a member's log has now. */
  logBytes(member: LocalMember): number {
    const path = this.logPath(member);
    return existsSync(path) ? statSync(path).size : 0;
  }
}
