/** Moves many keys from etcd to Keelson and back: `npm run migration -- --help`. */

import { Workplace } from '../../bench/children.ts';
import { integerFlag } from '../../src/cli/flags.ts';
import { giveUp, scriptFlags } from '../script-flags.ts';
import { differences, findMigrationTools, Migration, type State } from './migration.ts';

const { values } = scriptFlags({
  name: 'migration',
  about: `Moves many keys from etcd to Keelson and back, and tells how long each step took and what the hash was. Ends with 1 if a
hash, a lease, a user or a role differs. etcd, etcdctl and etcdutl of one release must be there.`,
  flags: { keys: integerFlag({ help: 'how many', initial: 100_000, min: 1 }) },
});
const tools = findMigrationTools();
if (tools === null) giveUp('etcd and its tools, of one release, are needed');
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
  await migration.run(values.keys);
  console.log(`revision ${migration.revision}`);
} finally {
  await workplace.close();
}
console.log(differences(states) ?? 'all the same');
process.exitCode = differences(states) === null ? 0 : 1;
