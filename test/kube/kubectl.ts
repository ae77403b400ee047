/** Runs the kubectl programs of this machine against a control plane, each with a cache and a home of its own. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every kubectl there is: the one on the path, and others by version beside it. Empty: none. */
export function findKubectls(): readonly string[] {
  let found: string;
  try {
    found = realpathSync(execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim());
  } catch {
    return [];
  }
  const folder = dirname(found);
  const versions = readdirSync(folder)
    .filter((name) => /^kubectl\.\d+\.\d+$/.test(name))
    .map((name) => join(folder, name));
  return versions.length > 0 ? versions : [found];
}

export class Kubectl {
  readonly #program: string;
  readonly #home: string;

  constructor(program: string, kubeconfig: string) {
    this.#program = program;
    this.#home = mkdtempSync(join(tmpdir(), 'keelson-kubectl-'));
    writeFileSync(join(this.#home, 'kubeconfig'), kubeconfig);
  }

  run(...args: readonly string[]): Promise<Ran> {
    const home = this.#home;
    const all = [`--kubeconfig=${join(home, 'kubeconfig')}`, `--cache-dir=${join(home, 'cache')}`, ...args];
    const env = { PATH: process.env['PATH'] ?? '', HOME: home };
    return new Promise((resolve) => {
      execFile(this.#program, all, { env, timeout: 20_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  close(): void {
    if (existsSync(this.#home)) rmSync(this.#home, { recursive: true });
  }
}
