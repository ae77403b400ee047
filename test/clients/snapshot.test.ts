/** The state travels both ways between etcd and Keelson, through files that each side's own tools check. */

import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { differences, findMigrationTools, Migration, type State } from './migration.ts';

t.setTimeout(600_000); // Up to seven servers are started one after another, and the machine may be busy.

const keys = 500;
const tools = findMigrationTools();

t.test(
  `keys, history, leases, users and roles move from etcd ${tools?.etcd.version ?? ''} to Keelson and back`,
  { skip: tools === null && 'not installed here: etcd with its tools' },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.closeNow());
    const states: [string, State][] = [];
    const migration = new Migration(workplace, tools!, ({ what, state }) => {
      t.pass(what);
      if (state !== null) states.push([what, state]);
    });
    await migration.run(keys);
    t.equal(differences(states), null);
    t.ok(states.length >= 4);
    const [, first] = states[0]!;
    t.match(first, { keys, users: { length: 10 }, roles: { length: 10 }, leases: { length: 50 } });
    t.ok(first.compactRevision > 1);
  },
);
