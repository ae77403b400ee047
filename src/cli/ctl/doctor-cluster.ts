/**
 * The doctor on a cluster: asks every member that the endpoints and the cluster itself name, and compares. Nothing is
 * written.
 */

import { type Client, type ClusterMember, EtcdError, type MemberState } from '../../client/index.ts';
import { type Finding, note, ok, problem } from './findings.ts';
import { hex, humanBytes } from './go-text.ts';
import type { Session } from './session.ts';

const fullNote = 0.8;
const fullProblem = 0.95;
const lagNote = 1000;
const lagProblem = 10_000;
/** A database of which less than half is used, and which is worth the trouble. */
const emptyShare = 0.5;
const emptyBytes = 100 * 2 ** 20;
const votersUsual = 7;

interface Asked {
  readonly endpoint: string;
  /** Null: it did not answer. */
  readonly state: MemberState | null;
  readonly error: string;
}

function textOf(error: unknown): string {
  if (error instanceof EtcdError) {
    return error.reason === 'deadlineExceeded' ? 'no answer in time' : error.text;
  }
  return (error as Error).message;
}

async function ask(client: Client, endpoint: string, session: Session): Promise<Asked> {
  const timeoutMs = session.number('command-timeout');
  try {
    const state = await client.maintenance.status({ endpoint, timeoutMs, signal: session.io.signal });
    return { endpoint, state, error: '' };
  } catch (error) {
    return { endpoint, state: null, error: textOf(error) };
  }
}

/** What a member is called. */
function nameOf(id: bigint, members: readonly ClusterMember[]): string {
  const name = members.find((member) => member.id === id)?.name ?? '';
  return name === '' ? `member ${hex(id)}` : `${name} (${hex(id)})`;
}

function silence({ endpoint, error }: Asked): Finding {
  const isLate = error === 'no answer in time';
  const advice = isLate
    ? 'look whether the member runs and the network lets you reach it; with TLS, whether the URL begins with https:// and --cacert is given'
    : 'look whether the member runs, and at what it logs';
  return problem(endpoint, `it does not answer: ${error}`, advice);
}

type Answered = MemberState;

function leadership(states: readonly Answered[], members: readonly ClusterMember[]): Finding {
  const leaders = [...new Set(states.map(({ leader }) => leader))].filter((id) => id !== 0n);
  const [leader] = leaders;
  const terms = [...new Set(states.map(({ raftTerm }) => raftTerm))];
  if (leader === undefined) {
    const what = 'no member knows of a leader: nothing can be written, and only old data can be read';
    return problem(
      'cluster',
      what,
      'start the members that are down; if a majority is lost for good: keelson ctl recover',
    );
  }
  if (leaders.length > 1 || terms.length > 1) {
    const what = `members do not agree on the leader: ${leaders.map((id) => nameOf(id, members)).join(', ')}`;
    return note(
      'cluster',
      what,
      'ask again; if it stays so, members cannot reach each other: look at their peer URLs',
    );
  }
  return ok('cluster', `${nameOf(leader, members)} leads in term ${terms[0]}`);
}

function presence(answering: number, members: number): Finding {
  const what = `${answering} of ${members} members answer`;
  return answering === members ? ok('cluster', what) : note('cluster', what, 'see to the others first');
}

function size(members: readonly ClusterMember[]): Finding[] {
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  const tolerated = Math.floor((voters - 1) / 2);
  const what = `${voters} voting member${voters === 1 ? '' : 's'}: ${tolerated === 0 ? 'no member' : `${tolerated} of them`} may fail`;
  const findings: Finding[] = [];
  if (voters <= 2)
    findings.push(note('cluster', what, 'three members go on when one fails: keelson ctl member join'));
  else if (voters % 2 === 0)
    findings.push(
      note('cluster', what, 'one member less tolerates as many failures, and one more tolerates more'),
    );
  else if (voters > votersUsual)
    findings.push(note('cluster', what, 'every write waits for a majority: seven are enough'));
  else findings.push(ok('cluster', what));
  for (const { id, isLearner, name, peerUrls } of members) {
    if (name === '') {
      const said = `it was added with ${peerUrls.join(', ')} and has never started`;
      findings.push(
        problem(`member ${hex(id)}`, said, 'start it with --initial-cluster-state existing, or remove it'),
      );
    } else if (isLearner) {
      const advice = `when it has caught up: keelson ctl member promote ${hex(id)}`;
      findings.push(note(nameOf(id, members), 'it is a learner and has no vote', advice));
    }
  }
  return findings;
}

function space(about: string, { dbSize, dbSizeInUse, dbSizeQuota }: Answered): Finding[] {
  const findings: Finding[] = [];
  if (dbSizeQuota > 0) {
    const part = dbSizeInUse / dbSizeQuota;
    const what = `${humanBytes(dbSizeInUse)} are used of a quota of ${humanBytes(dbSizeQuota)}`;
    const advice =
      'compact old revisions (--auto-compaction-retention), delete keys, or raise --quota-backend-bytes';
    if (part >= fullProblem) findings.push(problem(about, what, advice));
    else if (part >= fullNote) findings.push(note(about, what, advice));
  }
  if (dbSize > emptyBytes && dbSizeInUse < dbSize * emptyShare) {
    const what = `its database takes ${humanBytes(dbSize)}, of which ${humanBytes(dbSizeInUse)} are used`;
    findings.push(note(about, what, 'give the rest back: keelson ctl defrag'));
  }
  return findings;
}

function progress(states: readonly Answered[], members: readonly ClusterMember[]): Finding[] {
  const newest = Math.max(...states.map(({ raftIndex }) => raftIndex));
  return states.flatMap((state) => {
    const about = nameOf(state.header.memberId, members);
    const behind = newest - state.raftAppliedIndex;
    const findings = space(about, state);
    const advice = 'look at its disk (keelson doctor on its data directory), its processor and its network';
    if (behind > lagNote) {
      const what = `it is ${behind} entries behind`;
      findings.push(behind > lagProblem ? problem(about, what, advice) : note(about, what, advice));
    }
    return findings;
  });
}

function versions(states: readonly Answered[], members: readonly ClusterMember[]): Finding[] {
  const found = [...new Set(states.map(({ version }) => version))];
  if (found.length <= 1) return [];
  const each = states
    .map(({ version, header }) => `${nameOf(header.memberId, members)} ${version}`)
    .join(', ');
  return [note('cluster', `members are of several versions: ${each}`, 'finish the upgrade')];
}

const alarmAdvice: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  noSpace: [
    'its quota is used up: the whole cluster refuses to put',
    'compact and delete, then: keelson ctl alarm disarm',
  ],
  corrupt: [
    'its data differs from that of the others: the whole cluster refuses to write',
    'find out who differs (keelson ctl endpoint hashkv --cluster), take that member out and in anew, then: keelson ctl alarm disarm',
  ],
  unknown: ['it raised an alarm that this version does not know', 'keelson ctl alarm list'],
};

async function alarms(session: Session, members: readonly ClusterMember[]): Promise<Finding[]> {
  try {
    const raised = await session.client.maintenance.alarms({ signal: session.io.signal });
    if (raised.length === 0) return [ok('cluster', 'no alarm is raised')];
    return raised.map(({ memberId, alarm }) => problem(nameOf(memberId, members), ...alarmAdvice[alarm]!));
  } catch (error) {
    return [denied('alarms', error)];
  }
}

/** What could not be looked at. */
function denied(what: string, error: unknown): Finding {
  const isRight = error instanceof EtcdError && /permission|auth|user name/.test(error.text);
  const advice = isRight ? 'log in as root for that: --user root' : 'first deal with what is found above';
  return note('cluster', `${what} could not be looked at: ${textOf(error)}`, advice);
}

async function reads(session: Session): Promise<Finding> {
  try {
    await session.client.get('health', { signal: session.io.signal });
    return ok('cluster', 'a read that needs a majority is answered');
  } catch (error) {
    if (error instanceof EtcdError && error.reason === 'permissionDenied')
      return ok('cluster', 'a read that needs a majority is answered');
    const advice =
      'a majority of the members must run and reach each other; if it is lost for good: keelson ctl recover';
    return problem('cluster', `a read that needs a majority fails: ${textOf(error)}`, advice);
  }
}

/** Members that hold the same revisions must have the same hash. */
async function agreement(
  session: Session,
  client: Client,
  states: readonly Answered[],
  members: readonly ClusterMember[],
): Promise<Finding[]> {
  const full = states.filter(({ isLearner }) => !isLearner);
  if (full.length < 2) return [];
  const revision = Math.min(...full.map(({ header }) => header.revision));
  try {
    const hashes = await Promise.all(
      full.map(async ({ endpoint, header }) => {
        const answer = await client.maintenance.hashKv({ endpoint, revision, signal: session.io.signal });
        return { about: nameOf(header.memberId, members), ...answer };
      }),
    );
    // After a compaction hashes are about what it left: only those of the same compaction can be compared.
    const compact = Math.max(...hashes.map(({ compactRevision }) => compactRevision));
    const same = hashes.filter(({ compactRevision }) => compactRevision === compact);
    if (new Set(same.map(({ hash }) => hash)).size <= 1)
      return [ok('cluster', `members agree on all keys up to revision ${revision}`)];
    const each = same.map(({ about, hash }) => `${about} ${hash}`).join(', ');
    const advice =
      'the data of a member is damaged: start the one that differs from the majority again, which looks at its files and ' +
      'repairs itself; if it differs still, take it out and in anew';
    return [problem('cluster', `members differ at revision ${revision}: ${each}`, advice)];
  } catch (error) {
    return [denied('hashes', error)];
  }
}

function isLoopback(url: string): boolean {
  return /^(https?:\/\/)?(localhost|127\.|\[::1\])|^unix/.test(url);
}

async function access(session: Session, endpoints: readonly string[]): Promise<Finding[]> {
  const open = endpoints.filter((url) => !url.startsWith('https://') && !isLoopback(url) && !session.usesTls);
  const findings: Finding[] = [];
  if (open.length > 0) {
    const what = `what is sent to ${open.join(', ')} can be read and changed on its way`;
    findings.push(
      note('cluster', what, 'serve clients with TLS: --cert-file, --key-file, --trusted-ca-file'),
    );
  }
  try {
    const { enabled } = await session.client.auth.status({ signal: session.io.signal });
    if (!enabled && endpoints.some((url) => !isLoopback(url)) && !session.usesTls)
      findings.push(
        note(
          'cluster',
          'whoever reaches a member may read and write everything',
          'keelson ctl auth enable, or --client-cert-auth',
        ),
      );
  } catch {
    // Refused: then there is a guard.
  }
  return findings;
}

/** Looks at the cluster behind the session's endpoints. */
export async function examineCluster(session: Session): Promise<Finding[]> {
  const given = session.endpoints;
  const first = await Promise.all(given.map((endpoint) => ask(session.client, endpoint, session)));
  if (first.every(({ state }) => state === null)) return first.map(silence);
  const members = await knownMembers(session, first);
  const { all, client } = await askTheRest(session, first, members);
  const states = all.flatMap(({ state }) => (state === null ? [] : [state]));
  const findings = all.filter(({ state }) => state === null).map(silence);
  const clusters = [...new Set(states.map(({ header }) => header.clusterId))];
  if (clusters.length > 1) {
    const each = states.map(({ endpoint, header }) => `${endpoint} of ${hex(header.clusterId)}`).join(', ');
    return [
      ...findings,
      problem('cluster', `the endpoints are of several clusters: ${each}`, 'give the endpoints of one'),
    ];
  }
  const own = [...new Map(states.map((state) => [state.header.memberId, state])).values()];
  findings.push(
    presence(own.length, members.length),
    leadership(own, members),
    ...size(members),
    ...progress(own, members),
    ...versions(own, members),
  );
  findings.push(await reads(session), ...(await alarms(session, members)));
  findings.push(...(await agreement(session, client, own, members)), ...(await access(session, given)));
  return findings;
}

async function knownMembers(session: Session, asked: readonly Asked[]): Promise<readonly ClusterMember[]> {
  const { endpoint } = asked.find(({ state }) => state !== null)!;
  const client = session.clientOf([endpoint]);
  const { signal } = session.io;
  // Any one member's own view will do: a cluster without a majority gives no other.
  return client.members.list({ linearizable: false, signal }).catch(() => []);
}

/** Asks those members, too, that no given endpoint stands for, at the addresses that they tell themselves. */
async function askTheRest(
  session: Session,
  first: readonly Asked[],
  members: readonly ClusterMember[],
): Promise<{ readonly all: readonly Asked[]; readonly client: Client }> {
  const known = new Set(first.map(({ state }) => state?.header.memberId));
  const bare = (url: string): string => url.replace(/^https?:\/\//, '');
  const silent = new Set(first.filter(({ state }) => state === null).map(({ endpoint }) => bare(endpoint)));
  const missing = members.filter(
    ({ id, clientUrls }) =>
      !known.has(id) && clientUrls.length > 0 && !clientUrls.some((url) => silent.has(bare(url))),
  );
  const more = missing.map(({ clientUrls }) => clientUrls[0]!);
  const client = session.clientOf([...session.endpoints, ...more]);
  const rest = await Promise.all(more.map((endpoint) => ask(client, endpoint, session)));
  return { all: [...first, ...rest], client };
}
