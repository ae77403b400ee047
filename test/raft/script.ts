/**
 * Runs interaction scripts: text files of commands, each followed by the whole trace of what it did. A change of
 * protocol shows as a diff of these files.
 *
 *     # a remark
 *     > campaign 1
 *       1: follower → preCandidate, term 0
 *       1→2 PreVote term 1 last 0/0
 *
 * Commands; `N` is a node, `a b` are texts, options are `name=value`:
 *
 *     nodes N N … [learners=N,N] [option=number …]    a cluster, all with the same first configuration
 *     joins N                                         a node that knows of no configuration yet
 *     writes manual|auto [N …]                        whether storage completes within the turn (at first: auto)
 *     applies manual|auto [N …]
 *     campaign N · tick N count · propose N a b … · read N context · transfer N N · forget N · restart N
 *     config N [add=N,N] [learners=N,N] [remove=N,N] [transition=auto|implicit|explicit]
 *     turn [N …]                                      the nodes carry out what is ready; messages wait
 *     write N [count] · apply N                       storage completes; the state machine applies
 *     deliver [from=N,N] [to=N,N]                     what waits (and matches) arrives
 *     drop [from=N,N] [to=N,N]                        what waits (and matches) is lost
 *     settle [drop=N→N,N→N]                           turns and deliveries until nothing is left
 *     compact N index · snapshot N N · report N N index ok|failed · unreachable N N
 *     status N · log N
 *     quietly <command>                               without its trace
 */

import { decodeConfigEntry } from '../../src/raft/conf-codec.ts';
import { memberIds } from '../../src/raft/configuration.ts';
import type { ConfigTransition } from '../../src/raft/options.ts';
import {
  type ConfState,
  type Entry,
  EntryType,
  type Message,
  MessageType,
  type Ready,
} from '../../src/raft/types.ts';
import { conf, dataOf, diskWith, message, TestCluster, type TestNode, text } from './cluster.ts';

const typeNames = new Map(Object.entries(MessageType).map(([name, type]) => [type, name]));

export class ScriptRun {
  readonly #cluster = new TestCluster();
  readonly #seen = new Map<string, string>();
  #out: string[] = [];

  /** Runs a whole script and returns it with the traces that came of it. */
  run(script: string): string {
    const result: string[] = [];
    for (const line of script.split('\n')) {
      if (line.startsWith('  ')) continue;
      result.push(line);
      if (!line.startsWith('> ')) continue;
      result.push(...this.command(line.slice(2)).map((trace) => `  ${trace}`));
    }
    return result.join('\n');
  }

  command(line: string): string[] {
    if (line.startsWith('quietly ')) {
      this.command(line.slice('quietly '.length));
      return [];
    }
    this.#out = [];
    const words = line.split(' ').filter((word) => word !== '' && !word.includes('='));
    const options = new Map(
      line.split(' ').flatMap((word) => (word.includes('=') ? [word.split('=') as [string, string]] : [])),
    );
    const [name, ...args] = words;
    const handler = handlers[name!];
    if (handler === undefined) throw new Error(`script: unknown command ${name}`);
    handler(new Handling(this.#cluster, args, options, this));
    this.noteChanges();
    return this.#out;
  }

  print(line: string): void {
    this.#out.push(line);
  }

  /** Says what changed of roles, terms, leaders, commits and configurations. */
  noteChanges(): void {
    for (const { id, raft } of this.#cluster.nodes.values()) {
      const { role, term, leader, commit, confIndex } = raft.status();
      const now = `${role}, term ${term}, leader ${leader || 'none'}, commit ${commit}, ${confText(raft.conf)}`;
      if (this.#seen.get(id) !== `${now}${confIndex}`) this.print(`${id}: ${now}`);
      this.#seen.set(id, `${now}${confIndex}`);
    }
  }

  watch(node: TestNode): void {
    node.onReady = (ready) => {
      this.noteChanges();
      for (const line of readyText(ready)) this.print(`${node.id}: ${line}`);
      for (const sent of ready.messages) this.print(messageText(sent));
    };
  }
}

/** One command with its arguments. */
class Handling {
  readonly cluster: TestCluster;
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  readonly run: ScriptRun;

  constructor(
    cluster: TestCluster,
    args: readonly string[],
    options: ReadonlyMap<string, string>,
    run: ScriptRun,
  ) {
    this.cluster = cluster;
    this.args = args;
    this.options = options;
    this.run = run;
  }

  node(at = 0): TestNode {
    return this.cluster.node(this.args[at]!);
  }

  number(at: number): number {
    return Number(this.args[at]);
  }

  list(name: string): string[] {
    return this.options.get(name)?.split(',') ?? [];
  }

  /** The nodes from argument `at` on; all when there are none. */
  nodes(at = 0): TestNode[] {
    const ids = this.args.slice(at);
    return ids.length === 0 ? [...this.cluster.nodes.values()] : ids.map((id) => this.cluster.node(id));
  }

  accepted(ok: boolean, why = ''): void {
    if (!ok) this.run.print(`refused${why === '' ? '' : `: ${why}`}`);
  }

  /** Takes what waits and matches `from` and `to` out of the queue. */
  take(): Message[] {
    const from = this.list('from');
    const to = this.list('to');
    const matches = (waiting: Message): boolean =>
      (from.length === 0 || from.includes(waiting.from)) && (to.length === 0 || to.includes(waiting.to));
    const taken = this.cluster.queue.filter(matches);
    this.cluster.queue = this.cluster.queue.filter((waiting) => !matches(waiting));
    return taken;
  }
}

const handlers: Record<string, (handling: Handling) => void> = {
  nodes(h) {
    const learners = h.list('learners');
    const base = { index: 0, term: 0, conf: conf(h.args, learners) };
    for (const id of [...h.args, ...learners]) h.run.watch(h.cluster.add(id, diskWith(base), nodeOptions(h)));
  },
  joins(h) {
    const base = { index: 0, term: 0, conf: conf([]) };
    for (const id of h.args) h.run.watch(h.cluster.add(id, diskWith(base), nodeOptions(h)));
  },
  writes(h) {
    for (const node of h.nodes(1)) node.autoWrite = h.args[0] === 'auto';
  },
  applies(h) {
    for (const node of h.nodes(1)) node.autoApply = h.args[0] === 'auto';
  },
  campaign: (h) => h.node().raft.campaign(),
  tick(h) {
    for (let i = 0; i < h.number(1); i++) h.node().raft.tick();
  },
  propose: (h) => h.accepted(h.node().raft.propose(h.args.slice(1).map(text))),
  read: (h) => h.accepted(h.node().raft.readIndex(h.number(1))),
  transfer: (h) => h.accepted(h.node().raft.transferLeadership(h.args[1]!)),
  forget: (h) => h.node().raft.forgetLeader(),
  restart: (h) => h.node().restart(),
  config(h) {
    const { raft } = h.node();
    const ok = raft.proposeConfig({
      add: h.list('add'),
      addLearners: h.list('learners'),
      remove: h.list('remove'),
      context: text(''),
      transition: (h.options.get('transition') ?? 'auto') as ConfigTransition,
    });
    h.accepted(ok, raft.configRefusal ?? '');
  },
  turn(h) {
    for (const node of h.nodes()) h.cluster.queue.push(...node.turn());
  },
  write: (h) => h.node().completeWrites(h.args[1] === undefined ? undefined : h.number(1)),
  apply: (h) => h.node().apply(),
  deliver(h) {
    for (const waiting of h.take()) h.cluster.nodes.get(waiting.to)?.raft.step(waiting);
  },
  drop(h) {
    for (const lost of h.take()) h.run.print(`lost ${messageText(lost)}`);
  },
  settle(h) {
    const dropped = h.list('drop');
    h.cluster.passes = (sent) => !dropped.includes(`${sent.from}→${sent.to}`);
    h.cluster.settle();
    h.cluster.heal();
  },
  compact: (h) => h.node().raft.compact(h.number(1)),
  snapshot(h) {
    const { raft, id } = h.node();
    const snapshot = raft.snapshotMeta(raft.appliedIndex);
    raft.snapshotStarted(h.args[1]!, snapshot.index);
    h.cluster.queue.push(
      message(MessageType.Snapshot, { from: id, to: h.args[1]!, term: raft.term, snapshot }),
    );
  },
  report: (h) => h.node().raft.reportSnapshot(h.args[1]!, h.number(2), h.args[3] === 'ok'),
  unreachable: (h) => h.node().raft.reportUnreachable(h.args[1]!),
  status(h) {
    const status = h.node().raft.status();
    h.run.print(
      `log ${status.firstIndex}..${status.lastIndex}, stable ${status.stableIndex}, applied ${status.applied}`,
    );
    for (const [id, peer] of status.progress) {
      const window = `${peer.inflightMessages} messages under way`;
      const snapshot = peer.pendingSnapshot > 0 ? `, snapshot ${peer.pendingSnapshot}` : '';
      h.run.print(`${id}: ${peer.state}, match ${peer.match}, next ${peer.next}, ${window}${snapshot}`);
    }
  },
  log(h) {
    const { raft } = h.node();
    for (let index = raft.firstIndex; index <= raft.lastIndex; index++) {
      h.run.print(entryText(raft.entryAt(index)!));
    }
  },
};

function nodeOptions(h: Handling): Record<string, number | boolean> {
  const options: Record<string, number | boolean> = {};
  for (const [name, value] of h.options) {
    if (name === 'learners') continue;
    options[name] = value === 'true' || value === 'false' ? value === 'true' : Number(value);
  }
  return options;
}

function confText(of: ConfState): string {
  if (memberIds(of).length === 0) return 'no configuration';
  const parts = [`voters ${of.voters.join(' ')}`];
  if (of.votersOutgoing.length > 0) parts.push(`and ${of.votersOutgoing.join(' ')}`);
  if (of.learners.length > 0) parts.push(`learners ${of.learners.join(' ')}`);
  if (of.learnersNext.length > 0) parts.push(`then learners ${of.learnersNext.join(' ')}`);
  if (of.autoLeave) parts.push('for a while');
  return parts.join(' ');
}

function entryText(entry: Entry): string {
  const place = entry.index === 0 ? '' : `${entry.index}/${entry.term} `;
  if (entry.type === EntryType.Config) return `${place}(${confText(decodeConfigEntry(entry.data).conf)})`;
  return `${place}"${dataOf(entry)}"`;
}

function readyText(ready: Ready): string[] {
  const lines: string[] = [];
  if (ready.write > 0) {
    const parts: string[] = [];
    if (ready.snapshot !== null) parts.push(`snapshot ${ready.snapshot.index}/${ready.snapshot.term}`);
    if (ready.entries.length > 0) parts.push(ready.entries.map(entryText).join(' '));
    const { hardState } = ready;
    if (hardState !== null) {
      parts.push(`term ${hardState.term} vote ${hardState.vote || 'none'} commit ${hardState.commit}`);
    }
    lines.push(`write ${ready.write}: ${parts.join(', ')}`);
  }
  if (ready.committed.length > 0) lines.push(`apply ${ready.committed.map(entryText).join(' ')}`);
  for (const { context, index } of ready.reads) lines.push(`read ${context} at ${index}`);
  for (const context of ready.droppedReads) lines.push(`read ${context} dropped`);
  for (const id of ready.snapshotsWanted) lines.push(`${id} needs a snapshot`);
  return lines;
}

function messageText(sent: Message): string {
  const { type, index, logTerm, reject, hint, context, commit, entries, snapshot } = sent;
  const parts = [`${sent.from}→${sent.to} ${typeNames.get(type)}`];
  if (sent.term > 0) parts.push(`term ${sent.term}`);
  if (type === MessageType.Append) parts.push(`after ${index}/${logTerm}`, `commit ${commit}`);
  else if (type === MessageType.Vote || type === MessageType.PreVote) parts.push(`last ${index}/${logTerm}`);
  else if (type === MessageType.AppendResponse && !reject) parts.push(`up to ${index}`);
  else if (type === MessageType.AppendResponse) parts.push(`not after ${index}, perhaps ${hint}/${logTerm}`);
  else if (index > 0) parts.push(`index ${index}`);
  if (type === MessageType.Heartbeat) parts.push(`commit ${commit}`);
  if (reject && type !== MessageType.AppendResponse) parts.push('refused');
  if (type === MessageType.Append) {
    if (context > 0) parts.push('quiet');
  } else if (context > 0) parts.push(`context ${context}`);
  if (snapshot !== null) parts.push(`at ${snapshot.index}/${snapshot.term} (${confText(snapshot.conf)})`);
  if (entries.length > 0) parts.push(`[${entries.map(entryText).join(' ')}]`);
  return parts.join(' ');
}
