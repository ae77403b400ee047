/**
 * What `keelson/client` promises, as a suite over the way a cluster is started: it is run against a real etcd and against
 * Keelson, and says the same of both.
 */

import t, { type Test } from 'tap';
import { Workplace } from '../../bench/children.ts';
import { type Client, type ConnectOptions, connect, EtcdError } from '../../src/client/index.ts';
import { authPromises } from './auth-promises.ts';
import { closePromises } from './close-promises.ts';
import { failoverPromises } from './failover-promises.ts';
import { kvPromises } from './kv-promises.ts';
import { leasePromises } from './lease-promises.ts';
import { lockPromises } from './lock-promises.ts';
import { maintenancePromises } from './maintenance-promises.ts';
import { examplesOf, printedBy } from './page.ts';
import { MemberProxy } from './proxy.ts';
import { watchPromises } from './watch-promises.ts';

/** A running cluster. */
export interface TestCluster {
  readonly endpoints: readonly string[];
  /** Ends a member for good, without a farewell. */
  kill(index: number): Promise<void>;
  close(): Promise<void>;
}

/** Services that a system may not have. */
export type Service = 'authentication' | 'member changes' | 'hashes' | 'snapshots' | 'move of the leader';

export interface System {
  readonly name: string;
  /** What its members may refuse as unimplemented; what they do serve must keep the promises all the same. */
  readonly mayLack: readonly Service[];
  /** Why it cannot be started here, or false. */
  readonly skip: string | false;
  start(count: number): Promise<TestCluster>;
}

/** One cluster for many tests, and what they need of it. */
class Bench {
  readonly cluster: TestCluster;
  readonly #mayLack: readonly Service[];

  constructor(cluster: TestCluster, mayLack: readonly Service[]) {
    this.cluster = cluster;
    this.#mayLack = mayLack;
  }

  /** Whether a service is there, as a call of it shows. */
  async serves(service: Service, call: () => Promise<unknown>): Promise<boolean> {
    if (!this.#mayLack.includes(service)) return true;
    const error = await call().catch((reason: unknown) => reason);
    return !(error instanceof EtcdError && error.reason === 'unimplemented');
  }

  /** A client that ends with the test. */
  client(t: Test, options: Partial<ConnectOptions> = {}): Client {
    const client = connect({ endpoints: this.cluster.endpoints, timeoutMs: 60_000, ...options });
    t.teardown(() => client.close());
    return client;
  }

  /** A client behind a proxy to the first member. */
  async proxied(
    t: Test,
    options: Partial<ConnectOptions> = {},
  ): Promise<{ client: Client; proxy: MemberProxy }> {
    const proxy = await MemberProxy.start(this.cluster.endpoints[0]!);
    t.teardown(() => proxy.close());
    return { client: this.client(t, { endpoints: [proxy.url], ...options }), proxy };
  }
}

export type Promises = (t: Test, bench: Bench) => void;

const promises: Readonly<Record<string, Promises>> = {
  kv: kvPromises,
  watch: watchPromises,
  lease: leasePromises,
  lock: lockPromises,
  maintenance: maintenancePromises,
  close: closePromises,
  auth: authPromises,
};

export function clientSuite(system: System): void {
  t.test(`the client and ${system.name}`, { skip: system.skip }, async (t) => {
    const cluster = await system.start(1);
    t.teardown(() => cluster.close());
    for (const [name, run] of Object.entries(promises)) {
      await t.test(name, async (t) => run(t, new Bench(cluster, system.mayLack)));
    }
  });
  t.test(`the client and three members of ${system.name}`, { skip: system.skip }, async (t) => {
    const cluster = await system.start(3);
    t.teardown(() => cluster.close());
    t.test('the examples of docs/CLIENT.md print what they promise, and their process ends', async (t) => {
      const workplace = new Workplace();
      t.teardown(() => workplace.close());
      const examples = examplesOf('docs/CLIENT.md');
      const printed = await printedBy(examples, cluster.endpoints, workplace);
      t.ok(examples.length > 8);
      for (const [at, { promised, code }] of examples.entries()) {
        const lines = printed[at]!.filter(
          (line) => !code.includes(`'leader:'`) || !line.startsWith('leader:'),
        );
        t.same(lines, promised, code);
      }
    });
    failoverPromises(t, new Bench(cluster, system.mayLack));
  });
}
