/** Answers to what nobody should ask: asked of a server, and those of etcd that are kept in `recorded/bad-input.txt`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enableAuth, guardedProbes, openProbes, Server } from './bad-input.ts';

export const recordPath: string = join(import.meta.dirname, 'recorded/bad-input.txt');

export interface Answered {
  readonly name: string;
  readonly answer: string;
}

/** Asks a fresh member everything, one after the other. */
export async function answersOf(url: string): Promise<readonly Answered[]> {
  using server = new Server(url);
  const answers: Answered[] = [];
  for (const { name, send } of openProbes()) answers.push({ name, answer: await send(server) });
  await enableAuth(server);
  for (const { name, send } of guardedProbes()) answers.push({ name, answer: await send(server) });
  return answers;
}

/** What etcd answered, in order. */
export function readRecord(): readonly Answered[] {
  const lines = readFileSync(recordPath, 'utf8').split('\n').slice(1, -1);
  const answers: Answered[] = [];
  for (let at = 0; at < lines.length; at += 2)
    answers.push({ name: lines[at]!, answer: lines[at + 1]!.slice(4) });
  return answers;
}
