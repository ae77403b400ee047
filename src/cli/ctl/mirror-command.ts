/**
 * make-mirror: copies what is there to another cluster, then every change in its order, until it is interrupted. The
 * changes of one revision are one transaction there, as they are here.
 */

import { readFileSync } from 'node:fs';
import {
  type Client,
  connect,
  type KeyRange,
  type Operation,
  op,
  type WatchEvent,
} from '../../client/index.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { exitBadArgs, flag, integer, text, UsageError } from './arguments.ts';
import type { CtlCommand, CtlCommands, Session } from './session.ts';

const reportEveryMs = 30_000;
const maxTxnOps = 128;

/** @throws UsageError */
async function destination(session: Session, endpoint: string): Promise<Client> {
  const user = session.text('dest-user');
  let password = session.text('dest-password');
  let username = user;
  const cut = user.indexOf(':');
  if (user !== '' && password === '') {
    if (cut === -1) password = await session.askPassword('Destination Password: ');
    else [username, password] = [user.slice(0, cut), user.slice(cut + 1)];
  }
  const [ca, cert, key] = [session.text('dest-cacert'), session.text('dest-cert'), session.text('dest-key')];
  const isPlain = ca === '' && cert === '' && session.isSet('dest-insecure-transport');
  return connect({
    endpoints: [endpoint],
    timeoutMs: session.number('command-timeout'),
    dialTimeoutMs: session.wait('dial-timeout'),
    keepaliveMs: session.wait('keepalive-time'),
    keepaliveTimeoutMs: session.wait('keepalive-timeout'),
    ...(isPlain
      ? {}
      : {
          tls: {
            ...(ca === '' ? {} : { ca: readFileSync(ca) }),
            ...(cert === '' ? {} : { cert: readFileSync(cert) }),
            ...(key === '' ? {} : { key: readFileSync(key) }),
          },
        }),
    ...(username === '' ? {} : { auth: { username, password } }),
  });
}

class Mirror {
  readonly #from: Client;
  readonly #to: Client;
  readonly #signal: AbortSignal;
  readonly #prefix: Buffer;
  readonly #toPrefix: Buffer;
  readonly #opsMax: number;
  /** Keys written or deleted. */
  total = 0;

  constructor(from: Client, to: Client, session: Session) {
    this.#from = from;
    this.#to = to;
    this.#signal = session.io.signal;
    this.#prefix = Buffer.from(session.text('prefix'));
    const told = session.text('dest-prefix');
    const isRoot = session.isSet('no-dest-prefix');
    this.#toPrefix = isRoot ? Buffer.alloc(0) : told === '' ? this.#prefix : Buffer.from(told);
    this.#opsMax = Math.max(1, session.number('max-txn-ops'));
  }

  /** @param startRevision of the changes to copy; 0: what is there first, and all changes after it */
  async run(startRevision: number): Promise<void> {
    const range: KeyRange = { prefix: this.#prefix };
    const first = startRevision > 0 ? startRevision : (await this.#copy(range)) + 1;
    const watch = this.#from.watch(range, { startRevision: first, signal: this.#signal });
    for await (const message of watch.messages()) {
      if (message.kind === 'events') await this.#follow(message.events);
    }
  }

  /** @returns the revision of what was copied */
  async #copy(range: KeyRange): Promise<number> {
    let revision = 0;
    for await (const page of this.#from.pages(range, { signal: this.#signal })) {
      revision ||= page.header.revision;
      for (const { key, value } of page.pairs) {
        await this.#to.put(this.#renamed(key), value, { signal: this.#signal });
        this.total++;
      }
    }
    return revision;
  }

  async #follow(events: readonly WatchEvent[]): Promise<void> {
    let operations: Operation[] = [];
    let revision = 0;
    const commit = async (): Promise<void> => {
      if (operations.length > 0) {
        const txn = this.#to.txn().then(...operations);
        await txn.commit({ signal: this.#signal });
      }
      operations = [];
    };
    for (const event of events) {
      if (event.revision !== revision || operations.length === this.#opsMax) await commit();
      revision = event.revision;
      const key = this.#renamed(event.pair.key);
      operations.push(event.type === 'put' ? op.put(key, event.pair.value) : op.delete(key));
      this.total++;
    }
    await commit();
  }

  #renamed(key: Uint8Array): Uint8Array {
    return Buffer.concat([this.#toPrefix, key.subarray(this.#prefix.length)]);
  }
}

const makeMirror: CtlCommand = {
  usage: 'make-mirror [options] <destination>',
  summary: 'Makes a mirror at the destination etcd cluster',
  flags: {
    prefix: text('Key-value prefix to mirror'),
    rev: integer('Specify the kv revision to start to mirror'),
    'dest-prefix': text(
      'destination prefix to mirror a prefix to a different prefix in the destination cluster',
    ),
    'no-dest-prefix': flag('mirror key-values to the root of the destination cluster'),
    'dest-cert': text('certificate of this client for the destination cluster'),
    'dest-key': text('key of this client for the destination cluster'),
    'dest-cacert': text('certificate of the authority that signed the servers of the destination cluster'),
    'dest-insecure-transport': {
      kind: 'switch',
      initial: true,
      help: 'use no TLS where nothing asks for it',
    },
    'dest-user': text('name[:password] to log in with at the destination'),
    'dest-password': text('password, when --dest-user has none'),
    'max-txn-ops': integer('most operations in a transaction at the destination', maxTxnOps),
  },
  run: async (session) => {
    const [endpoint, ...more] = session.words;
    if (endpoint === undefined || more.length > 0)
      throw new UsageError('make-mirror takes one destination argument', exitBadArgs);
    if (session.isSet('no-dest-prefix') && session.text('dest-prefix') !== '') {
      const what = '`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one';
      throw new UsageError(what, exitBadArgs);
    }
    const { signal } = session.io;
    const { clock } = nodeRuntime();
    await using to = await destination(session, endpoint);
    const mirror = new Mirror(session.client, to, session);
    let timer = clock.setTimer(reportEveryMs, report);
    function report(): void {
      session.io.out(`${mirror.total}\n`);
      timer = clock.setTimer(reportEveryMs, report);
    }
    try {
      await mirror.run(session.number('rev'));
    } finally {
      timer.cancel();
    }
    signal.throwIfAborted();
    return 1;
  },
};

export const mirrorCommands: CtlCommands = { 'make-mirror': makeMirror };
