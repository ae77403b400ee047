/** Plays the session with every kubectl of this machine: `npm run kubectl -- --help`. */

import { switchFlag } from '../../../src/cli/flags.ts';
import { findKubectls } from '../../kube/kubectl.ts';
import { giveUp, scriptFlags } from '../../script-flags.ts';
import { playSession, readSession } from './play.ts';
import { baseVersion, recordOf, versionOf, writeRecord } from './record.ts';
import { writeTable } from './table.ts';

const { values, positionals: wanted } = scriptFlags({
  name: 'kubectl',
  words: 'VERSION',
  about: `Plays the session of test/clients/kubectl/session.txt with every kubectl of this machine, or with those of these versions
(npm run kubectl -- 1.27 1.33), and tells where one says something else than is recorded. Ends with 1 if one does.`,
  flags: { record: switchFlag('write down what is said now, and the table in docs/KUBERNETES.md') },
});
const isRecording = values.record;
const steps = readSession();
const programs = findKubectls(0, 999)
  .map((program) => ({ program, version: versionOf(program) }))
  .filter(({ version }) => wanted.length === 0 || wanted.includes(version))
  // The others are written as differences from the base.
  .sort((left, right) => Number(right.version === baseVersion) - Number(left.version === baseVersion));

if (programs.length === 0) giveUp(`not found here: kubectl ${wanted.join(' or ')}`);
for (const { program, version } of programs) {
  const said = await playSession(program);
  if (isRecording) writeRecord(version, said);
  const recorded = recordOf(version);
  const differing = steps.filter((_, at) => said[at] !== recorded[at]);
  console.log(`${version}: ${steps.length} commands, ${differing.length} differ from what is recorded`);
  steps.forEach(({ command }, at) => {
    if (said[at] === recorded[at]) return;
    process.exitCode = 1;
    console.log(`$ ${command}\n--- recorded\n${recorded[at] ?? 'nothing\n'}--- now\n${said[at]}`);
  });
}
if (isRecording) writeTable();
