/**
 * Moves many keys from etcd to Keelson and back, and tells how long each step took and what the hash was:
 *
 *     npm run migration -- --keys 100000
 *
 * Ends with 1 if a hash, a lease, a user or a role differs.
 */

import { parseArgs } from 'node:util';
import { Workplace } from '../../bench/children.ts';
import { differences, findMigrationTools, Migration, type State } from './migration.ts';

const { values } = parseArgs({ options: { keys: { type: 'string', default: '100000' } } });
const tools = findMigrationTools();
if (tools === null) throw new Error('etcd and its tools, of one release, are needed');
console.log(`with etcd ${tools.etcd.version}`);
const workplace = new Workplace();
const states: [what: string, state: State][] = [];
try {
  const migration = new Migration(workplace, tools, ({ what, seconds, state, bytes }) => {
    const size = bytes === null ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`;
    const facts =
      state === null
        ? ''
        : `: hash ${state.hash}, compacted ${state.compactRevision}, ${state.keys} keys, ` +
          `${state.leases.length} leases, ${state.users.length} users, ${state.roles.length} roles`;
    console.log(`${seconds.toFixed(2).padStart(7)} s  ${what}${size}${facts}`);
    if (state !== null) states.push([what, state]);
  });
  await migration.run(Number(values.keys));
  console.log(`revision ${migration.revision}`);
} finally {
  await workplace.close();
}
console.log(differences(states) ?? 'all the same');
process.exitCode = differences(states) === null ? 0 : 1;
