/** member …, endpoint … and move-leader. */

import { painted } from '../paint.ts';
import { exitBadArgs, flag, integer, text, UsageError } from './arguments.ts';
import { checkPeerUrls } from './go-errors.ts';
import { framedTable, goDuration, goJson, goObject, hex, humanBytes } from './go-text.ts';
import type {
  HashKvResponse,
  Member,
  MemberAddResponse,
  MembersResponse,
  StatusResponse,
} from './messages.ts';
import { field, headerFields } from './print-kv.ts';
import {
  type Answer,
  type CtlCommand,
  type CtlCommands,
  errorText,
  type Forms,
  type Session,
} from './session.ts';

const exitUnhealthy = 1;

/** @throws UsageError */
function memberId(given: string | undefined): bigint {
  if (given === undefined) throw new UsageError(`member ID is not provided`, exitBadArgs);
  if (!/^[0-9a-fA-F]{1,16}$/.test(given)) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(given)}: invalid syntax`;
    throw new UsageError(`bad member ID arg (${why}), expecting ID in Hex`, exitBadArgs);
  }
  return BigInt(`0x${given}`);
}

/** As Go's `%16x`. */
function padded(id: bigint): string {
  return hex(id).padStart(16);
}

function memberCells(member: Member): string[] {
  const { ID, name, peerURLs, clientURLs, isLearner } = member;
  const state = name === '' ? 'unstarted' : 'started';
  return [hex(ID), state, name, peerURLs.join(','), clientURLs.join(','), String(isLearner)];
}

function memberFields(member: Member): string[] {
  const { ID, name, peerURLs, clientURLs, isLearner } = member;
  return [
    field('ID', ID),
    field('Name', JSON.stringify(name)),
    ...peerURLs.map((url) => field('PeerURL', JSON.stringify(url))),
    ...clientURLs.map((url) => field('ClientURL', JSON.stringify(url))),
    field('IsLearner', isLearner),
    '',
  ];
}

/** As Go prints a message, with ids as text in hexadecimal. */
function hexIdJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(hexIdJson).join(',')}]`;
  const ids = ['ID', 'cluster_id', 'member_id'];
  const fields = Object.entries(value as object).flatMap(([name, one]): [string, string][] => {
    if (ids.includes(name)) return [[name, `"${hex(one as bigint)}"`]];
    if (name === 'header' || name === 'member' || name === 'members') return [[name, hexIdJson(one)]];
    const plain = goJson({ [name]: one });
    return plain === '{}' ? [] : [[name, goJson(one)]];
  });
  return goObject(fields);
}

/** The forms of an answer about members, whose ids `--hex` shows as they are written everywhere else. */
function memberForms(session: Session, answer: Answer<object>, simple: () => string): Forms {
  const forms = session.forms(answer, simple);
  return session.isSet('hex') ? { ...forms, json: () => hexIdJson(answer.message) } : forms;
}

const memberList: CtlCommand = {
  usage: 'member list',
  summary: 'Lists all members in the cluster',
  flags: { consistency: text('linearizable (l) or serializable (s)', 'l') },
  run: async (session) => {
    const linearizable = session.text('consistency') === 'l';
    const answer = await session.call<MembersResponse>(
      'Cluster',
      'MemberList',
      { linearizable },
      { effect: 'read' },
    );
    const { header, members } = answer.message;
    const rows = members.map(memberCells);
    session.show({
      ...memberForms(session, answer, () => rows.map((cells) => cells.join(', ')).join('\n')),
      fields: () => [...headerFields(header), ...members.flatMap(memberFields)].join('\n'),
      table: () => framedTable(['ID', 'Status', 'Name', 'Peer Addrs', 'Client Addrs', 'Is Learner'], rows),
    });
    return undefined;
  },
};

const memberAdd: CtlCommand = {
  usage: 'member add <memberName> [options]',
  summary: 'Adds a member into the cluster',
  flags: {
    'peer-urls': text('comma separated peer URLs for the new member.'),
    learner: flag('indicates if the new member is a learner'),
  },
  run: async (session) => {
    const [name, ...more] = session.words;
    if (name === undefined) throw new UsageError('member name not provided', exitBadArgs);
    if (more.length > 0) throw new UsageError('too many arguments', exitBadArgs);
    const peerURLs = session.text('peer-urls') === '' ? [] : session.text('peer-urls').split(',');
    if (peerURLs.length === 0) throw new UsageError('member peer urls not provided', exitBadArgs);
    checkPeerUrls(peerURLs);
    const isLearner = session.isSet('learner');
    const answer = await session.call<MemberAddResponse>('Cluster', 'MemberAdd', { peerURLs, isLearner });
    const { header, member, members } = answer.message;
    session.show(
      memberForms(session, answer, () => {
        const how = member.isLearner ? ' as learner' : '';
        return `Member ${padded(member.ID)} added${how} to cluster ${padded(header?.cluster_id ?? 0n)}`;
      }),
    );
    if (session.format !== 'simple') return undefined;
    const initial = members.flatMap(({ ID, name: other, peerURLs: urls }) =>
      urls.map((url) => `${ID === member.ID ? name : other}=${url}`),
    );
    const lines = [
      '',
      `ETCD_NAME="${name}"`,
      `ETCD_INITIAL_CLUSTER="${initial.join(',')}"`,
      `ETCD_INITIAL_ADVERTISE_PEER_URLS="${member.peerURLs.join(',')}"`,
      'ETCD_INITIAL_CLUSTER_STATE="existing"',
    ];
    session.io.out(`${lines.join('\n')}\n`);
    return undefined;
  },
};

/** A command that changes one member and says so in a line. */
function memberChange(
  method: string,
  usage: string,
  summary: string,
  said: (id: string, cluster: string) => string,
  takesUrls: boolean,
): CtlCommand {
  return {
    usage,
    summary,
    ...(takesUrls
      ? { flags: { 'peer-urls': text('comma separated peer URLs for the updated member.') } }
      : {}),
    run: async (session) => {
      const ID = memberId(session.words[0]);
      const urls = takesUrls ? session.text('peer-urls') : '';
      if (takesUrls && urls === '') throw new UsageError('member peer urls not provided', exitBadArgs);
      const request = takesUrls ? { ID, peerURLs: urls.split(',') } : { ID };
      const answer = await session.call<MembersResponse>('Cluster', method, request);
      const cluster = padded(answer.message.header?.cluster_id ?? 0n);
      session.show(memberForms(session, answer, () => said(padded(ID), cluster)));
      return undefined;
    },
  };
}

/** The endpoints that a command is about: those that were given, or with `--cluster` those of all members. */
async function endpointsOf(session: Session): Promise<readonly string[]> {
  if (!session.isSet('cluster')) return session.endpoints;
  const members = await session.client.members.list({ signal: session.io.signal });
  return members.flatMap(({ clientUrls }) => clientUrls);
}

const clusterFlag = { cluster: flag('use all endpoints from the cluster member list') };

const statusHead = [
  'endpoint',
  'ID',
  'version',
  'storage version',
  'db size',
  'in use',
  'percentage not in use',
  'quota',
  'is leader',
  'is learner',
  'raft term',
  'raft index',
  'raft applied index',
  'errors',
  'downgrade target version',
  'downgrade enabled',
];

function statusCells(endpoint: string, status: StatusResponse): string[] {
  const { dbSize, dbSizeInUse, dbSizeQuota, header, downgradeInfo } = status;
  const usedPercent = dbSize === 0n ? 0n : (dbSizeInUse * 100n) / dbSize;
  return [
    endpoint,
    hex(header?.member_id ?? 0n),
    status.version,
    status.storageVersion,
    humanBytes(Number(dbSize)),
    humanBytes(Number(dbSizeInUse)),
    `${100n - usedPercent}%`,
    humanBytes(Number(dbSizeQuota)),
    String(status.leader === header?.member_id),
    String(status.isLearner),
    String(status.raftTerm),
    String(status.raftIndex),
    String(status.raftAppliedIndex),
    status.errors.join(', '),
    downgradeInfo?.targetVersion ?? '',
    String(downgradeInfo?.enabled ?? false),
  ];
}

function statusFields(endpoint: string, status: StatusResponse): string[] {
  return [
    ...headerFields(status.header),
    field('Version', JSON.stringify(status.version)),
    field('StorageVersion', JSON.stringify(status.storageVersion)),
    field('DBSize', status.dbSize),
    field('DBSizeInUse', status.dbSizeInUse),
    field('DBSizeQuota', status.dbSizeQuota),
    field('Leader', status.leader),
    field('IsLearner', status.isLearner),
    field('RaftIndex', status.raftIndex),
    field('RaftTerm', status.raftTerm),
    field('RaftAppliedIndex', status.raftAppliedIndex),
    field('Errors', `[${status.errors.map((error) => JSON.stringify(error)).join(' ')}]`),
    field('Endpoint', JSON.stringify(endpoint)),
    field('DowngradeTargetVersion', JSON.stringify(status.downgradeInfo?.targetVersion ?? '')),
    field('DowngradeEnabled', status.downgradeInfo?.enabled ?? false),
    '',
  ];
}

/** What each endpoint answered, as etcdctl prints it: a list of objects with the endpoint and the message under its name. */
function endpointsJson(
  name: string,
  answers: readonly { readonly endpoint: string; readonly answer: Answer<object> }[],
): string {
  const items = answers.map(({ endpoint, answer }) =>
    goObject([
      ['Endpoint', JSON.stringify(endpoint)],
      [name, goJson(answer.message)],
    ]),
  );
  return `[${items.join(',')}]`;
}

/** Asks every endpoint; those that fail are named on stderr. */
async function askEach<T>(
  session: Session,
  what: string,
  ask: (client: Session['client'], endpoint: string) => Promise<T>,
): Promise<{
  readonly answers: { readonly endpoint: string; readonly answer: T }[];
  readonly failed: number;
  /** Why the last of those that failed did; empty when none has. */
  readonly why: string;
}> {
  const endpoints = await endpointsOf(session);
  const client = session.clientOf(endpoints);
  const results = await Promise.allSettled(endpoints.map((endpoint) => ask(client, endpoint)));
  const answers: { readonly endpoint: string; readonly answer: T }[] = [];
  let failed = 0;
  let why = '';
  results.forEach((result, at) => {
    const endpoint = endpoints[at]!;
    if (result.status === 'fulfilled') answers.push({ endpoint, answer: result.value });
    else {
      failed++;
      why = errorText(result.reason);
      session.io.err(`Failed to get the ${what} of endpoint ${endpoint} (${why})\n`);
    }
  });
  return { answers, failed, why };
}

const endpointStatus: CtlCommand = {
  usage: 'endpoint status [options]',
  summary: 'Prints out the status of endpoints specified in `--endpoints` flag',
  flags: clusterFlag,
  run: async (session) => {
    const { answers, failed } = await askEach(session, 'status', (client, endpoint) =>
      session.call<StatusResponse>('Maintenance', 'Status', {}, { effect: 'read', client, endpoint }),
    );
    const rows = answers.map(({ endpoint, answer }) => statusCells(endpoint, answer.message));
    session.show({
      simple: () => rows.map((cells) => cells.join(', ')).join('\n'),
      json: () => endpointsJson('Status', answers),
      fields: () =>
        answers.flatMap(({ endpoint, answer }) => statusFields(endpoint, answer.message)).join('\n'),
      table: () => framedTable(statusHead, rows),
    });
    return failed > 0 ? 1 : 0;
  },
};

const endpointHashKv: CtlCommand = {
  usage: 'endpoint hashkv [options]',
  summary: 'Prints the KV history hash for each endpoint in --endpoints',
  flags: { ...clusterFlag, rev: integer('maximum revision to hash; 0 for the latest') },
  run: async (session) => {
    const revision = session.number('rev');
    const { answers, why } = await askEach(session, 'hash', (client, endpoint) =>
      session.call<HashKvResponse>(
        'Maintenance',
        'HashKV',
        { revision },
        { effect: 'read', client, endpoint },
      ),
    );
    const rows = answers.map(({ endpoint, answer: { message } }) => [
      endpoint,
      String(message.hash),
      String(message.hash_revision),
    ]);
    session.show({
      simple: () => rows.map((cells) => cells.join(', ')).join('\n'),
      json: () => endpointsJson('HashKV', answers),
      fields: () =>
        answers
          .flatMap(({ endpoint, answer: { message } }) => [
            ...headerFields(message.header),
            field('Endpoint', JSON.stringify(endpoint)),
            field('Hash', message.hash),
            field('HashRevision', message.hash_revision),
            '',
          ])
          .join('\n'),
      table: () => framedTable(['endpoint', 'hash', 'hash revision'], rows),
    });
    if (why !== '') throw new UsageError(why, 1);
    return undefined;
  },
};

interface Health {
  readonly endpoint: string;
  readonly isHealthy: boolean;
  readonly took: string;
  readonly error: string;
}

function healthLine({ endpoint, isHealthy, took, error }: Health, paints: boolean): string {
  return isHealthy
    ? `${endpoint} is ${painted('healthy', 'green', paints)}: successfully committed proposal: took = ${took}`
    : `${endpoint} is unhealthy: failed to commit proposal: ${error}`;
}

const endpointHealth: CtlCommand = {
  usage: 'endpoint health [options]',
  summary: 'Checks the healthiness of endpoints specified in `--endpoints` flag',
  flags: clusterFlag,
  run: async (session) => {
    const endpoints = await endpointsOf(session);
    const { signal } = session.io;
    const timeoutMs = session.number('command-timeout');
    const found = await session.clientOf(endpoints).health({ signal, timeoutMs });
    const all = found.map(({ endpoint, isHealthy, tookMs, error }): Health => {
      return { endpoint, isHealthy, took: goDuration(tookMs), error: error === null ? '' : errorText(error) };
    });
    const isWell = all.every(({ isHealthy }) => isHealthy);
    if (session.format === 'simple') {
      for (const one of all)
        (one.isHealthy ? session.io.out : session.io.err).call(
          session.io,
          `${healthLine(one, session.io.paints === true)}\n`,
        );
    } else {
      session.show({
        simple: () => '',
        json: () =>
          `[${all
            .map(({ endpoint, isHealthy, took, error }) =>
              goObject([
                ['endpoint', JSON.stringify(endpoint)],
                ['health', String(isHealthy)],
                ['took', JSON.stringify(took)],
                ...(error === '' ? [] : [['error', JSON.stringify(error)] as const]),
              ]),
            )
            .join(',')}]`,
        fields: () =>
          all
            .flatMap(({ endpoint, isHealthy, took, error }) => [
              field('Endpoint', JSON.stringify(endpoint)),
              field('Health', isHealthy),
              field('Took', took),
              field('Error', error),
              '',
            ])
            .join('\n'),
        table: () =>
          framedTable(
            ['endpoint', 'health', 'took', 'error'],
            all.map(({ endpoint, isHealthy, took, error }) => [endpoint, String(isHealthy), took, error]),
          ),
      });
    }
    if (!isWell) session.io.err('Error: unhealthy cluster\n');
    return isWell ? 0 : exitUnhealthy;
  },
};

const moveLeader: CtlCommand = {
  usage: 'move-leader <transferee-member-id>',
  summary: 'Transfers leadership to another etcd cluster member.',
  run: async (session) => {
    const [given] = session.words;
    if (given === undefined || session.words.length > 1) {
      throw new UsageError('move-leader command needs 1 argument', exitBadArgs);
    }
    const target = memberId(given);
    const { client } = session;
    const { signal } = session.io;
    const endpoint = await client.maintenance.leaderEndpoint({ signal });
    if (endpoint === null) {
      throw new UsageError(`no leader endpoint given at [${session.endpoints.join(' ')}]`, exitBadArgs);
    }
    const { leader } = await client.maintenance.status({ endpoint, signal });
    await client.maintenance.moveLeader(target, { endpoint, signal });
    session.io.out(`Leadership transferred from ${hex(leader)} to ${hex(target)}\n`);
    return undefined;
  },
};

export const clusterCommands: CtlCommands = {
  'member list': memberList,
  'member add': memberAdd,
  'member remove': memberChange(
    'MemberRemove',
    'member remove <memberID>',
    'Removes a member from the cluster',
    (id, cluster) => `Member ${id} removed from cluster ${cluster}`,
    false,
  ),
  'member update': memberChange(
    'MemberUpdate',
    'member update <memberID> [options]',
    'Updates a member in the cluster',
    (id, cluster) => `Member ${id} updated in cluster ${cluster}`,
    true,
  ),
  'member promote': memberChange(
    'MemberPromote',
    'member promote <memberID>',
    'Promotes a non-voting member in the cluster',
    (id, cluster) => `Member ${id} promoted in cluster ${cluster}`,
    false,
  ),
  'endpoint status': endpointStatus,
  'endpoint health': endpointHealth,
  'endpoint hashkv': endpointHashKv,
  'move-leader': moveLeader,
};
