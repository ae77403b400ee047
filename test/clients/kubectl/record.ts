/**
 * What each version of kubectl said when the session was played last: `recorded/<version>.txt`. That of the newest is whole;
 * of the others there is what they say differently. A person looks at every change of these files: they are what a real API
 * server gives, as far as anybody here knows.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSession, type Step } from './play.ts';

const folder = join(import.meta.dirname, 'recorded');

/** The version whose record is whole. */
export const baseVersion = '1.33';

/** `1.33` */
export function versionOf(program: string): string {
  const text = execFileSync(program, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const { major, minor } = (JSON.parse(text) as { clientVersion: { major: string; minor: string } })
    .clientVersion;
  return `${major}.${minor.replace(/\D.*$/, '')}`;
}

export function recordedVersions(): readonly string[] {
  const minor = (version: string): number => Number(version.split('.')[1]);
  return readdirSync(folder)
    .map((name) => name.replace(/\.txt$/, ''))
    .sort((left, right) => minor(left) - minor(right));
}

/** A step's place in the session and its command, which is how a record names it. */
function titleOf({ command }: Step, at: number): string {
  return `[${at + 1}] $ ${command}\n`;
}

function parse(text: string): Map<string, string> {
  const said = new Map<string, string>();
  for (const part of text.split(/^(?=\[\d+\] \$ )/m)) {
    const end = part.indexOf('\n') + 1;
    if (part.startsWith('[')) said.set(part.slice(0, end), part.slice(end));
  }
  return said;
}

function readRecord(version: string): Map<string, string> {
  const path = join(folder, `${version}.txt`);
  return existsSync(path) ? parse(readFileSync(path, 'utf8')) : new Map();
}

/** What a version said at each step; null where that was never recorded. */
export function recordOf(version: string): readonly (string | null)[] {
  const [base, own] = [readRecord(baseVersion), readRecord(version)];
  return readSession().map((step, at) => {
    const title = titleOf(step, at);
    return own.get(title) ?? base.get(title) ?? null;
  });
}

export function writeRecord(version: string, said: readonly string[]): void {
  const base = version === baseVersion ? null : readRecord(baseVersion);
  const parts = readSession().map((step, at) => {
    const title = titleOf(step, at);
    return base?.get(title) === said[at] ? '' : title + said[at]!;
  });
  writeFileSync(join(folder, `${version}.txt`), parts.join(''));
}
