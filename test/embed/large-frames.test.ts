/** What is larger than most of what members send each other. */

import t, { type Test } from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { type Client, connect } from '../../src/client/index.ts';
import { type Member, type StartOptions, startMember } from '../../src/index.ts';

t.setTimeout(240_000);

const mebibyte = 1024 * 1024;

class Cluster {
  readonly members: Member[] = [];
  readonly #t: Test;
  readonly #options: StartOptions;
  readonly #initialCluster: Record<string, string[]> = {};

  constructor(t: Test, options: StartOptions = {}) {
    this.#t = t;
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const port of await freePorts(3)) this.#initialCluster[`m${port}`] = [`http://127.0.0.1:${port}`];
    const names = Object.keys(this.#initialCluster);
    this.members.push(...(await Promise.all(names.map((name) => this.begin(name)))));
    await Promise.all(this.members.map(({ ready }) => ready));
  }

  async begin(name: string): Promise<Member> {
    const initialCluster = this.#initialCluster;
    const member = await startMember({
      ...{ name, initialCluster, listenPeerUrls: initialCluster[name]!, memory: true },
      ...{ listenClientUrls: ['http://127.0.0.1:0'], heartbeatMs: 200, electionMs: 4000 },
      ...this.#options,
    });
    this.#t.teardown(() => member.close());
    return member;
  }

  client(members: readonly Member[] = this.members): Client {
    const client = connect({ endpoints: members.flatMap(({ clientUrls }) => clientUrls), timeoutMs: 60_000 });
    this.#t.teardown(() => client.close());
    return client;
  }
}

t.test('the keys of a lease are shown by each member, however long they are together', async (t) => {
  const cluster = new Cluster(t);
  await cluster.start();
  const client = cluster.client();
  const { id } = await client.leases.grant(3600);
  const count = 14;
  for (let at = 0; at < count; at++) {
    const key = Buffer.alloc(1.4 * mebibyte, `${at} `);
    await client.put(key, '', { lease: id });
  }
  for (const member of cluster.members) {
    const left = await cluster.client([member]).leases.timeToLive(id, { keys: true });
    t.equal(left.keys.length, count, member.name);
  }
});

t.test('a request as large as members may be told to take reaches all of them', async (t) => {
  const cluster = new Cluster(t, { maxRequestBytes: 24 * mebibyte });
  await cluster.start();
  await cluster.client().put('large', Buffer.alloc(20 * mebibyte, 1));
  for (const member of cluster.members) {
    const pair = await cluster.client([member]).get('large');
    t.equal(pair?.value.length, 20 * mebibyte, member.name);
  }
});
