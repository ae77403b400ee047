/** lease grant, revoke, timetolive, list and keep-alive. */

import { EtcdError, type Renewal } from '../../client/index.ts';
import { exitBadArgs, flag, UsageError } from './arguments.ts';
import { goJson, goObject, leaseHex, quoted } from './go-text.ts';
import { parseLease } from './kv-requests.ts';
import type { Header } from './messages.ts';
import { field, headerFields, headerMessage } from './print-kv.ts';
import { type CtlCommand, type CtlCommands, errorText, exitBadConnection, type Session } from './session.ts';

interface Granted {
  readonly header: Header | null;
  readonly ID: bigint;
  readonly TTL: bigint;
}

interface Left extends Granted {
  readonly grantedTTL: bigint;
  readonly keys: readonly Uint8Array[];
}

/** The fields of the header among those of the answer, as Go prints an embedded struct. */
function headerParts(header: Header | null): [string, string][] {
  return Object.entries(header ?? {})
    .filter(([, value]) => value !== 0n)
    .map(([name, value]) => [name, String(value)]);
}

/** Says which of the two it was that was refused. */
function refusing(what: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof EtcdError)) throw error;
    throw new UsageError(`failed to ${what} lease (${error.text})`, 1);
  };
}

/** As etcdctl: who asks for leases and is refused, has a bad connection. */
function badConnection(error: unknown): never {
  if (!(error instanceof EtcdError)) throw error;
  throw new UsageError(errorText(error), exitBadConnection);
}

const badId = 'bad lease ID arg';

function onlyId(session: Session, refusal: string): bigint {
  const [given] = session.words;
  if (given === undefined || session.words.length > 1) {
    throw new UsageError(refusal, exitBadArgs);
  }
  return parseLease(given, badId);
}

const grant: CtlCommand = {
  usage: 'lease grant <ttl>',
  summary: 'Creates leases',
  run: async (session) => {
    const [given] = session.words;
    if (given === undefined || session.words.length > 1) {
      throw new UsageError('lease grant command needs TTL argument', exitBadArgs);
    }
    if (!/^-?\d+$/.test(given)) {
      const why = `strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`;
      throw new UsageError(`bad TTL (${why})`, exitBadArgs);
    }
    const answer = await session
      .call<Granted>('Lease', 'LeaseGrant', { TTL: BigInt(given) })
      .catch(refusing('grant'));
    const { header, ID, TTL } = answer.message;
    session.show({
      simple: () => `lease ${leaseHex(ID)} granted with TTL(${TTL}s)`,
      json: () => goObject([...headerParts(header), ['ID', `${ID}`], ['TTL', `${TTL}`], ['Error', '""']]),
      fields: () => [...headerFields(header), field('ID', ID), field('TTL', TTL)].join('\n'),
      protobuf: answer.raw,
    });
    return undefined;
  },
};

const revoke: CtlCommand = {
  usage: 'lease revoke <leaseID>',
  summary: 'Revokes leases',
  run: async (session) => {
    const ID = onlyId(session, 'lease revoke command needs 1 argument');
    const answer = await session.call<Granted>('Lease', 'LeaseRevoke', { ID }).catch(refusing('revoke'));
    const simple = (): string => `lease ${leaseHex(ID)} revoked`;
    session.show(session.forms(answer, simple, () => headerFields(answer.message.header).join('\n')));
    return undefined;
  },
};

const timetolive: CtlCommand = {
  usage: 'lease timetolive <leaseID> [options]',
  summary: 'Get lease information',
  flags: { keys: flag('get keys attached to this lease') },
  run: async (session) => {
    const id = onlyId(session, 'lease timetolive command needs lease ID as argument');
    const keys = session.isSet('keys');
    const answer = await session
      .call<Left>('Lease', 'LeaseTimeToLive', { ID: id, keys }, { effect: 'read' })
      .catch(badConnection);
    const { header, ID, TTL, grantedTTL, keys: attached } = answer.message;
    const isGone = TTL === -1n && grantedTTL === 0n;
    session.show({
      simple: () => {
        if (isGone) return `lease ${leaseHex(ID)} already expired`;
        const text = `lease ${leaseHex(ID)} granted with TTL(${grantedTTL}s), remaining(${TTL}s)`;
        const names = attached.map((key) => Buffer.from(key).toString()).join(' ');
        return keys ? `${text}, attached keys([${names}])` : text;
      },
      json: () =>
        goObject([
          ...headerParts(header),
          ['id', `${ID}`],
          ['ttl', `${TTL}`],
          ['granted-ttl', `${grantedTTL}`],
          ['keys', attached.length === 0 ? 'null' : goJson(attached)],
        ]),
      fields: () =>
        [
          ...headerFields(header),
          field('ID', ID),
          field('TTL', TTL),
          field('GrantedTTL', grantedTTL),
          ...attached.map((key) => field('Key', quoted(key))),
        ].join('\n'),
      protobuf: answer.raw,
    });
    return undefined;
  },
};

const list: CtlCommand = {
  usage: 'lease list',
  summary: 'List all active leases',
  run: async (session) => {
    const answer = await session
      .call<{ header: Header | null; leases: readonly { ID: bigint }[] }>(
        'Lease',
        'LeaseLeases',
        {},
        { effect: 'read' },
      )
      .catch(badConnection);
    const { header, leases } = answer.message;
    const idJson = leases.map(({ ID }) => goObject([['id', `${ID}`]])).join(',');
    session.show({
      simple: () => [`found ${leases.length} leases`, ...leases.map(({ ID }) => leaseHex(ID))].join('\n'),
      json: () => goObject([...headerParts(header), ['leases', `[${idJson}]`]]),
      fields: () => [...headerFields(header), ...leases.map(({ ID }) => field('ID', ID))].join('\n'),
      protobuf: answer.raw,
    });
    return undefined;
  },
};

const keepAlive: CtlCommand = {
  usage: 'lease keep-alive [options] <leaseID>',
  summary: 'Keeps leases alive (renew)',
  flags: { once: flag('renew it once and end') },
  run: async (session) => {
    const id = onlyId(session, 'lease keep-alive command needs lease ID as argument');
    const { signal } = session.io;
    const isOnce = session.isSet('once');
    for (;;) {
      let renewal: Renewal;
      try {
        renewal = await session.client.leases.renew(id, { signal });
      } catch (error) {
        if (signal.aborted) return 0;
        if (!(error instanceof EtcdError && error.reason === 'leaseLost')) badConnection(error);
        if (isOnce) throw new UsageError('etcdserver: requested lease not found', exitBadConnection);
        session.io.out(`lease ${leaseHex(id)} expired or revoked.\n`);
        return 0;
      }
      const { ttl, header } = renewal;
      const told = headerMessage(header);
      session.show({
        simple: () => `lease ${leaseHex(id)} keepalived with TTL(${ttl})`,
        json: () => goObject([...headerParts(told), ['ID', `${id}`], ['TTL', `${ttl}`]]),
        fields: () => [...headerFields(told), field('ID', id), field('TTL', ttl)].join('\n'),
      });
      if (isOnce) return 0;
      if (await session.pause((ttl * 1000) / 3)) return 0;
    }
  },
};

export const leaseCommands: CtlCommands = {
  'lease grant': grant,
  'lease revoke': revoke,
  'lease timetolive': timetolive,
  'lease list': list,
  'lease keep-alive': keepAlive,
};
