/** The last promise of watches, asked when a run is over: whoever begins before what is compacted is told so, and nobody else. */

import type { Log } from './judge.ts';
import { RawWatch } from './raw-watch.ts';
import { judgeSession, KeyHistories, type ToldMessage } from './watch-sessions.ts';
import { toldChange } from './watch-workloads.ts';

const patienceMs = 120_000;

/** @param revision has been compacted on the member @param end the last revision of the log */
export async function judgeCompacted(
  url: string,
  revision: number,
  end: number,
  log: Log,
): Promise<string[]> {
  const told: ToldMessage[] = [];
  let refusedAt = -1;
  let isRefused = false;
  const stream = new RawWatch(url, ({ watchId, canceled, compactRevision, created, events, header }) => {
    if (watchId === 0 && canceled) [isRefused, refusedAt] = [true, compactRevision];
    if (watchId === 1 && !created && !canceled)
      told.push({ revision: header.revision, changes: events.map(toldChange) });
  });
  const everything = { key: '\0', end: '\0', puts: true, deletes: true, previous: false };
  stream.create({ ...everything, startRevision: revision - 1 });
  stream.create({ ...everything, startRevision: revision });
  const reached = (): number => told.at(-1)?.changes.at(-1)?.revision ?? 0;
  const until = performance.now() + patienceMs;
  while (performance.now() < until && (!isRefused || reached() < end))
    await new Promise((resolve) => setTimeout(resolve, 50));
  stream.close();
  const problems: string[] = [];
  if (refusedAt !== revision)
    problems.push(`${url}: a watcher from before compacted ${revision} was told ${refusedAt}`);
  if (reached() < end)
    problems.push(`${url}: a watcher from compacted ${revision} was told up to ${reached()}`);
  const session = { name: `${url} from ${revision}`, kind: 'fan-out', prefix: '', key: null } as const;
  const options = { from: revision, puts: true, deletes: true, previous: false, told };
  const wrong = judgeSession({ ...session, ...options }, log, new KeyHistories(log), end);
  return wrong === null ? problems : [...problems, wrong];
}
