/** Runs the kubectl programs of this machine against a control plane, each with a cache and a home of its own. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `36` of a program that says it is v1.36.4; NaN of one that says nothing of the kind. */
function minorOf(program: string): number {
  try {
    const text = execFileSync(program, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
    const { clientVersion } = JSON.parse(text) as { clientVersion: { minor: string } };
    return Number.parseInt(clientVersion.minor, 10);
  } catch {
    return Number.NaN;
  }
}

/** The kubectls of a folder by minor version: those that name it (`kubectl.1.36`), or else the one that has to be asked. */
function kubectlsOf(folder: string): ReadonlyMap<number, string> {
  const numbered = readdirSync(folder)
    .filter((name) => /^kubectl\.1\.\d+$/.test(name))
    .map((name): [number, string] => [Number(name.split('.')[2]), join(folder, name)]);
  if (numbered.length > 0) return new Map(numbered);
  const plain = join(folder, 'kubectl');
  return existsSync(plain) ? new Map([[minorOf(plain), plain]]) : new Map();
}

/** Minor versions that have been compared with, the first and the last: others may say the same in other words. */
const compared = [27, 36] as const;

/**
 * Every kubectl there is, one of each minor version, the oldest first: in the folders of the path, and beside what a `kubectl`
 * there links to. Of two of the same version the path decides.
 * @param first and `last`: no older and no newer ones than of these minor versions
 */
export function findKubectls(first: number = compared[0], last: number = compared[1]): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => existsSync(folder));
  const withLinked = folders.flatMap((folder) => {
    const program = join(folder, 'kubectl');
    return existsSync(program) ? [dirname(realpathSync(program)), folder] : [folder];
  });
  const found = new Map<number, string>();
  for (const folder of new Set(withLinked)) {
    for (const [minor, program] of kubectlsOf(folder)) {
      if (!found.has(minor) && minor >= first && minor <= last) found.set(minor, program);
    }
  }
  return [...found].sort(([left], [right]) => left - right).map(([, program]) => program);
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
      execFile(this.#program, all, { env, timeout: 120_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  close(): void {
    if (existsSync(this.#home)) rmSync(this.#home, { recursive: true });
  }
}
