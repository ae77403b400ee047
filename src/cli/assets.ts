/**
 * `keelson assets`: a folder with executables by the names of etcd's and kube-apiserver, for harnesses that start what they
 * find there (`KUBEBUILDER_ASSETS`, or the PATH). Each is a short script that starts this very program, wherever it is called
 * from; what is in the folder already is replaced.
 */

import { chmodSync, lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { flagHelp, parseFlags, textFlag } from './flags.ts';
import { allocatorAdvice } from './processes.ts';
import { complain, complainUsage, EXIT_FAILED, say } from './terminal.ts';
import { packageVersion } from './version.ts';

const flags = {
  dir: textFlag({
    help: 'folder to make, or to add to',
    initial: '',
    shownDefault: 'one of this user in the directory for temporary files',
    placeholder: 'DIR',
  }),
};

const HELP = `Usage: keelson assets [flags]

Makes a folder with the executables etcd, etcdctl, etcdutl and kube-apiserver, and prints its path:

  KUBEBUILDER_ASSETS=$(keelson assets) go test ./...
  PATH=$(keelson assets):$PATH

`;

/** Executable to the command behind it. */
const executables: Readonly<Record<string, string>> = {
  etcd: 'etcd',
  etcdctl: 'ctl',
  etcdutl: 'etcdutl',
  'kube-apiserver': 'kube-apiserver',
};

const executable = 0o755;
const ownerOnly = 0o700;
const othersMayWrite = 0o022;

/** What is set already stays. */
const advice = Object.entries(allocatorAdvice)
  .map(([name, value]) => `export ${name}="\${${name}:-${value}}"\n`)
  .join('');

/** A word that the shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A script that becomes the program: the process id, and with it every signal, is the same. */
export function script(node: string, options: readonly string[], main: string, command: string): string {
  const words = [node, ...options, main, command].map(quoted).join(' ');
  return `#!/bin/sh\n${advice}exec ${words} "$@"\n`;
}

/** Files are replaced whole: another process may be starting them. */
export function writeAssets(
  dir: string,
  node: string,
  options: readonly string[],
  main: string,
): readonly string[] {
  mkdirSync(dir, { recursive: true, mode: ownerOnly });
  return Object.entries(executables).map(([name, command]) => {
    const path = join(dir, name);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, script(node, options, main, command), { mode: executable });
    chmodSync(draft, executable);
    renameSync(draft, path);
    return path;
  });
}

/**
 * @throws Error when somebody else has it: what is in a directory of temporary files may have been put there for others
 *   to start
 */
function defaultDir(): string {
  const user = process.getuid?.() ?? 0;
  const dir = join(tmpdir(), `keelson-assets-${packageVersion()}-${user}`);
  mkdirSync(dir, { recursive: true, mode: ownerOnly });
  const found = lstatSync(dir);
  const isOurs = process.getuid === undefined || (found.uid === user && (found.mode & othersMayWrite) === 0);
  if (!found.isDirectory() || !isOurs) throw new Error(`${dir} belongs to somebody else`);
  return dir;
}

/** @returns the exit code. */
export async function runAssets(argv: readonly string[]): Promise<number> {
  const { values, problems, help } = parseFlags(flags, argv);
  if (help) {
    say(HELP + flagHelp(flags));
    return 0;
  }
  if (problems.length > 0) return complainUsage('assets', problems);
  try {
    const dir = resolve(values.dir === '' ? defaultDir() : values.dir);
    writeAssets(dir, process.execPath, process.execArgv, resolve(process.argv[1]!));
    say(dir);
  } catch (error) {
    complain(`keelson assets: the folder cannot be made: ${(error as Error).message}`);
    complain('Choose another one with --dir.');
    return EXIT_FAILED;
  }
  return 0;
}
