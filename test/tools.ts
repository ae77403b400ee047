/**
 * Programs that tests hold Keelson against, by version: the ones on the PATH, in the order of its folders, and newer ones
 * that CI has fetched into a folder of this project that git ignores. `kubectl.1.30` beside the file that `kubectl` is counts as kubectl.
 *
 * Invariant: one tool per version, the newest first; a program that does not tell its version is not there.
 */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

export type ToolName = 'etcd' | 'etcdctl' | 'etcdutl' | 'kubectl';

export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  /** Of three numbers, such as 3.5.30. */
  readonly version: string;
}

/** Where CI puts what it fetches: a folder per package, as it is unpacked. */
const fetchedTools = join(import.meta.dirname, '../node_modules/.cache/tools');

const versionArguments: Readonly<Record<ToolName, readonly string[]>> = {
  etcd: ['--version'],
  etcdctl: ['version'],
  etcdutl: ['version'],
  kubectl: ['version', '--client', '--output=json'],
};

/**
 * The versions that Keelson has been held against, from the first to before the second. Another one may say the same in
 * other words, or do something else: that is to be looked at by somebody, and is no reason for a test to fail.
 */
const compared: Readonly<Record<ToolName, readonly [string, string]>> = {
  etcd: ['3.4.0', '3.6.0'],
  etcdctl: ['3.4.0', '3.6.0'],
  etcdutl: ['3.4.0', '3.6.0'],
  kubectl: ['1.27.0', '1.37.0'],
};

const askTimeoutMs = 60_000;
const found = new Map<ToolName, readonly Tool[]>();

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function candidates(name: ToolName): readonly string[] {
  const { PATH: path = '' } = process.env;
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const fetched of namesIn(fetchedTools)) folders.push(join(fetchedTools, fetched, 'usr/bin'));
  const direct = folders.map((folder) => join(folder, name)).filter(isExecutable);
  const beside = [...new Set(direct.map((path) => dirname(realpathSync(path))))].flatMap((folder) =>
    namesIn(folder)
      .filter((file) => file.startsWith(`${name}.`))
      .map((file) => join(folder, file)),
  );
  return [...direct, ...beside.filter(isExecutable)];
}

function versionOf(name: ToolName, path: string): string | null {
  const asked = spawnSync(path, versionArguments[name], {
    encoding: 'utf8',
    timeout: askTimeoutMs,
    env: { ...process.env, ETCDCTL_API: '3' },
  });
  if (asked.status !== 0) return null;
  return /\bv?(\d+\.\d+\.\d+)/.exec(asked.stdout)?.[1] ?? null;
}

export function isToolName(name: string): name is ToolName {
  return name in compared;
}

function isCompared({ name, version }: Tool): boolean {
  const [first, end] = compared[name];
  return compareVersions(version, first) >= 0 && compareVersions(version, end) < 0;
}

/** Why a tool on the PATH, the first of its name, is none to compare with, or null. */
export function unfit(name: ToolName): string | null {
  const { PATH: path = '' } = process.env;
  const first = path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => isAbsolute(file) && isExecutable(file));
  if (first === undefined) return `not installed here: ${name}`;
  const version = versionOf(name, first);
  if (version === null) return `${name} does not tell its version`;
  return isCompared({ name, path: first, version }) ? null : `not compared with ${name} ${version}`;
}

/** Every version of a tool that there is and that has been compared with, the newest first. Empty: none. */
export function findTools(name: ToolName): readonly Tool[] {
  return allTools(name).filter(isCompared);
}

/** Every version of a tool that there is, the newest first. */
export function allTools(name: ToolName): readonly Tool[] {
  const known = found.get(name);
  if (known !== undefined) return known;
  const tools = new Map<string, Tool>();
  for (const path of candidates(name)) {
    const version = versionOf(name, path);
    if (version !== null && !tools.has(version)) tools.set(version, { name, path, version });
  }
  const sorted = [...tools.values()].sort((one, other) => compareVersions(other.version, one.version));
  found.set(name, sorted);
  return sorted;
}

/** The newest one from `atLeast` on, and older than `below`, or null. */
export function findTool(name: ToolName, atLeast: string = '0.0.0', below: string = '999.0.0'): Tool | null {
  const fits = ({ version }: Tool): boolean =>
    compareVersions(version, atLeast) >= 0 && compareVersions(version, below) < 0;
  return findTools(name).find(fits) ?? null;
}

/** Negative: `one` is older than `other`. */
export function compareVersions(one: string, other: string): number {
  const [parts, others] = [one.split('.').map(Number), other.split('.').map(Number)];
  for (let at = 0; at < 3; at++) {
    const difference = (parts[at] ?? 0) - (others[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
