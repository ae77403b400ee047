/**
 * An exclusive lock between processes that ends with its holder, without flock, which Node does not offer.
 *
 * A claim is an empty file whose name is the identity of a process: `<path>.<pid>.<start>.<boot>`. A process makes
 * its claim first and looks at the claims of others afterwards; a live one among them means refusal, and the own claim
 * is withdrawn. Of two that start together at least one sees the other (both may refuse, never do both hold). Claims of
 * dead processes are removed by whoever sees them; as a name stands for one life of one process, that cannot
 * hit a claim made in the meantime, which is the flaw of replacing one stale lock file by a new one.
 *
 * `start` is the time the process began, in ticks since boot, and `boot` the system's boot id, both from /proc: a
 * process number that was given out again (in a container it is always 1) is not taken for the holder. Where
 * there is no /proc both read 0 and the number alone decides.
 *
 * The lock holds among processes that see each other. Containers that share a directory but not a process table do
 * not; LevelDB's own lock inside the directory stops those.
 */

import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';

import { Failure } from './failure.ts';

interface Identity {
  readonly pid: number;
  readonly start: string;
  readonly boot: string;
}

const unknown = '0';

/** Claims of this thread. Without /proc it tells our own claim from that of a dead process with our number. */
const held = new Set<string>();

/**
 * Field 22 of /proc/<pid>/stat. The second field is a name in brackets that may hold anything, so count behind it. Null
 * for a process that has ended, also while its parent has not noticed: a zombie without another thread that could still
 * write.
 */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1) return null;
    return fields[19] ?? null;
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().replaceAll('-', '');
  } catch {
    return unknown;
  }
}

function ownIdentity(): Identity {
  return { pid: process.pid, start: startTimeOf(process.pid) ?? unknown, boot: bootId() };
}

function claimPath(path: string, { pid, start, boot }: Identity): string {
  return `${path}.${pid}.${start}.${boot}`;
}

function parseClaim(prefix: string, name: string): Identity | null {
  if (!name.startsWith(`${prefix}.`)) return null;
  const match = /^(\d+)\.(\d+)\.([0-9a-f]+)$/.exec(name.slice(prefix.length + 1));
  return match === null ? null : { pid: Number(match[1]), start: match[2]!, boot: match[3]! };
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isAlive(claim: Identity, own: Identity): boolean {
  if (claim.boot !== unknown && own.boot !== unknown && claim.boot !== own.boot) return false;
  if (claim.start === unknown || own.start === unknown) return processExists(claim.pid);
  return startTimeOf(claim.pid) === claim.start;
}

function refusal(path: string, claim: Identity, file: string): Failure {
  const isOurs = claim.pid === process.pid;
  const holder = isOurs ? `this process (${claim.pid})` : `process ${claim.pid}`;
  const remedy = isOurs
    ? `Close the other member first, or give this one a directory of its own. If it was on a thread that is gone, remove ${file}.`
    : `Stop that process, or give this member a directory of its own. If ${claim.pid} is not a keelson, remove ${file}.`;
  return new Failure(
    'dataDirLocked',
    `${path} is locked by ${holder}: a data directory serves one member at a time. ${remedy}`,
  );
}

/**
 * Takes the lock named `path`, whose directory exists.
 *
 * @throws Failure 'dataDirLocked' naming the process that holds it; file system errors as they are
 */
export function lockPath(path: string): { release(): void } {
  const cut = path.lastIndexOf('/');
  const directory = cut < 0 ? '.' : path.slice(0, cut + 1);
  const prefix = path.slice(cut + 1);
  const own = ownIdentity();
  const mine = claimPath(path, own);

  if (held.has(mine)) throw refusal(path, own, mine);
  // The same name without a hold of ours: another thread of this process, or (no /proc) one of a former life.
  if (existsSync(mine) && own.start !== unknown) throw refusal(path, own, mine);
  closeSync(openSync(mine, 'w'));
  held.add(mine);

  for (const name of readdirSync(directory)) {
    const claim = parseClaim(prefix, name);
    if (claim === null) continue;
    const file = claimPath(path, claim);
    if (file === mine) continue;
    if (isAlive(claim, own)) {
      held.delete(mine);
      rmSync(mine, { force: true });
      throw refusal(path, claim, file);
    }
    rmSync(file, { force: true });
  }

  return {
    release(): void {
      if (!held.delete(mine)) return;
      rmSync(mine, { force: true });
    },
  };
}
