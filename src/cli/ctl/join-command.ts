/**
 * member join: everything that takes a new member into a cluster, in one step. It is added as a learner, which has no vote
 * and so endangers nothing; is waited for until it has started and has the log; and is given its vote. Until then it can
 * be undone, and is: when it is interrupted, takes too long or fails, the learner is removed again.
 *
 * The command behind `--` is started between the first and the second step, with what it has to know in its
 * environment; it stays a child of this one.
 */

import { type Client, EtcdError } from '../../client/index.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { duration, exitBadArgs, text, UsageError } from './arguments.ts';
import { hex } from './go-text.ts';
import type { Member, MemberAddResponse, MembersResponse, StatusResponse } from './messages.ts';
import { Progress } from './progress.ts';
import { type RunningCommand, startCommand } from './run-command.ts';
import { type CtlCommand, type CtlCommands, exitInterrupted, type Session } from './session.ts';

const defaultTimeoutMs = 600_000;
const pollMs = 200;
/** A cluster that has just come together counts its members as well after five seconds. */
const addTimeoutMs = 30_000;
/** Refusals after which another attempt may succeed. */
const passing: readonly string[] = [
  'learnerNotReady',
  'unhealthyCluster',
  'leaderChanged',
  'noLeader',
  'timeout',
  'timeoutLeaderFailure',
  'timeoutConnectionLost',
  'deadlineExceeded',
  'connectionFailed',
  'tooManyRequests',
];

function isPassing(error: unknown): boolean {
  return error instanceof EtcdError && passing.includes(error.reason);
}

interface Added {
  readonly member: Member;
  readonly clusterId: bigint;
  /** The value of `--initial-cluster` for it. */
  readonly initialCluster: string;
  readonly peerUrls: readonly string[];
}

/** @throws UsageError */
function asked(session: Session): { readonly name: string; readonly peerUrls: readonly string[] } {
  const own =
    session.rest === null ? session.words : session.words.slice(0, -session.rest.length || undefined);
  const [name, ...more] = own;
  if (name === undefined) throw new UsageError('member name not provided', exitBadArgs);
  if (more.length > 0) throw new UsageError('too many arguments', exitBadArgs);
  if (session.text('peer-urls') === '') throw new UsageError('member peer urls not provided', exitBadArgs);
  return { name, peerUrls: session.text('peer-urls').split(',') };
}

function listMembers(session: Session): Promise<MembersResponse> {
  return session
    .call<MembersResponse>('Cluster', 'MemberList', { linearizable: true }, { effect: 'read' })
    .then(({ message }) => message);
}

function sameUrls(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}

/**
 * Asks until the cluster is well, or for half a minute: it says that it is not while a member is away, and for five
 * seconds after its members have come together. Refused so, nothing was changed.
 */
async function addLearner(session: Session, peerUrls: readonly string[]): Promise<MemberAddResponse> {
  const { clock } = nodeRuntime();
  const end = clock.now() + Math.min(addTimeoutMs, session.number('timeout'));
  const request = { peerURLs: peerUrls, isLearner: true };
  for (let isTold = false; ; isTold = true) {
    try {
      return (await session.call<MemberAddResponse>('Cluster', 'MemberAdd', request)).message;
    } catch (error) {
      const mayPass = error instanceof EtcdError && error.reason === 'unhealthyCluster';
      if (!mayPass || session.io.signal.aborted || clock.now() >= end) throw error;
      if (!isTold)
        session.io.err('the cluster is not well yet: a member is away or has just come; trying again\n');
    }
    if (await session.pause(pollMs)) throw session.io.signal.reason;
  }
}

/** Adds the learner; one that an earlier attempt has left, with these URLs, is taken as it is. */
async function add(session: Session): Promise<Added> {
  const { name, peerUrls } = asked(session);
  const before = await listMembers(session);
  const left = before.members.find((one) => one.isLearner && sameUrls(one.peerURLs, peerUrls));
  let found: { readonly member: Member; readonly all: MembersResponse };
  if (left !== undefined) found = { member: left, all: before };
  else {
    const message = await addLearner(session, peerUrls);
    found = { member: message.member, all: message };
  }
  const { member, all } = found;
  const initial = all.members.flatMap(({ ID, name: other, peerURLs }) =>
    peerURLs.map((url) => `${ID === member.ID ? name : other}=${url}`),
  );
  return {
    member,
    clusterId: all.header?.cluster_id ?? 0n,
    initialCluster: initial.join(','),
    peerUrls: member.peerURLs,
  };
}

/** What etcd's variables tell the new member. */
function environmentOf(name: string, { initialCluster, peerUrls }: Added): Record<string, string> {
  return {
    ETCD_NAME: name,
    ETCD_INITIAL_CLUSTER: initialCluster,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrls.join(','),
    ETCD_INITIAL_CLUSTER_STATE: 'existing',
  };
}

class Joining {
  readonly #session: Session;
  readonly #id: bigint;
  readonly #progress: Progress;
  #learner: Client | null = null;
  #hasStarted = false;

  constructor(session: Session, id: bigint) {
    this.#session = session;
    this.#id = id;
    this.#progress = new Progress(session.io);
  }

  /** Resolves when the member has its vote. @throws UsageError when it is no learner of the cluster any more; EtcdError */
  async run(): Promise<void> {
    try {
      while (!(await this.#promote())) {
        if (await this.#session.pause(pollMs)) throw this.#session.io.signal.reason;
      }
    } finally {
      this.#progress.end();
    }
  }

  /** @returns whether it has its vote now */
  async #promote(): Promise<boolean> {
    const session = this.#session;
    try {
      const { members } = await listMembers(session);
      const own = members.find(({ ID }) => ID === this.#id);
      if (own === undefined) throw new UsageError('the new member was removed by somebody else', 1);
      if (!own.isLearner) return true;
      if (own.name === '') {
        this.#progress.show(0, 'waiting for it to start');
        return false;
      }
      if (!this.#hasStarted) {
        this.#hasStarted = true;
        session.io.err(`${own.name} has started; it receives what the others have\n`);
      }
      await this.#showDistance(own);
      await session.call<MembersResponse>('Cluster', 'MemberPromote', { ID: this.#id });
      return true;
    } catch (error) {
      if (session.io.signal.aborted || !isPassing(error)) throw error;
      return false;
    }
  }

  /** How far it is, for people who watch. */
  async #showDistance({ clientURLs }: Member): Promise<void> {
    const session = this.#session;
    if (session.io.drawsProgress !== true || clientURLs.length === 0) return;
    this.#learner ??= session.clientOf(clientURLs);
    const ask = (client: Client): Promise<StatusResponse | null> =>
      session
        .call<StatusResponse>('Maintenance', 'Status', {}, { effect: 'read', client })
        .then(({ message }) => message)
        .catch(() => null);
    const [learner, other] = await Promise.all([ask(this.#learner), ask(session.client)]);
    if (learner === null || other === null) return;
    const [has, needs] = [Number(learner.raftAppliedIndex), Number(other.raftIndex)];
    this.#progress.show(needs === 0 ? 1 : has / needs, `entry ${has} of ${needs}`);
  }
}

/** Takes the learner out again. Says so, or how somebody else can. */
async function undo(session: Session, id: bigint): Promise<void> {
  try {
    // The user may have interrupted: that ends calls of the session, and must not end this one.
    await session.client.members.remove(id);
    session.io.err(`Member ${hex(id)} has been removed again; the cluster is as it was.\n`);
  } catch (error) {
    const advice = `remove it yourself: keelson ctl member remove ${hex(id)}`;
    session.io.err(`Member ${hex(id)} could not be removed (${(error as Error).message}): ${advice}\n`);
  }
}

/** Fails when it takes too long, or when the command that was to be the member ends before. */
async function joined(session: Session, id: bigint, command: RunningCommand | null): Promise<void> {
  const timeoutMs = session.number('timeout');
  let cancel: () => void = () => {};
  const late = new Promise<never>((_, reject) => {
    const why = new UsageError(`the new member did not catch up within ${timeoutMs / 1000} s`, 1);
    const timer = nodeRuntime().clock.setTimer(timeoutMs, () => reject(why));
    cancel = () => timer.cancel();
  });
  const ended = command?.ended.then(({ problem }) => {
    throw new UsageError(`the command of the new member ended${problem === '' ? '' : `: ${problem}`}`, 1);
  });
  ended?.catch(() => {});
  try {
    await Promise.race([new Joining(session, id).run(), late, ...(ended === undefined ? [] : [ended])]);
  } finally {
    cancel();
  }
}

const memberJoin: CtlCommand = {
  usage: 'member join <memberName> --peer-urls=<urls> [options] [-- command that starts it]',
  summary: 'Takes a new member in: adds it as a learner, waits until it has caught up, promotes it',
  flags: {
    'peer-urls': text('comma separated peer URLs for the new member.'),
    timeout: duration('how long it may take until it has caught up', defaultTimeoutMs),
  },
  run: async (session) => {
    const { io } = session;
    const { name } = asked(session);
    const added = await add(session);
    const { ID: id } = added.member;
    const variables = environmentOf(name, added);
    let command: RunningCommand | null = null;
    if (session.rest !== null) command = startCommand(io, session.rest, variables);
    else {
      io.out(`Learner ${hex(id)} added to cluster ${hex(added.clusterId)}; start it now, with these:\n\n`);
      io.out(
        `${Object.entries(variables)
          .map(([key, value]) => `${key}="${value}"\n`)
          .join('')}\n`,
      );
    }
    const stop = (): void => command?.signal('SIGTERM');
    try {
      await joined(session, id, command);
    } catch (error) {
      stop();
      await undo(session, id);
      await command?.ended;
      throw error;
    }
    io.out(`Member ${hex(id)} promoted in cluster ${hex(added.clusterId)}\n`);
    if (command === null) return 0;
    io.signal.addEventListener('abort', stop, { once: true });
    const { code } = await command.ended;
    return io.signal.aborted ? exitInterrupted : code;
  },
};

export const joinCommands: CtlCommands = { 'member join': memberJoin };
