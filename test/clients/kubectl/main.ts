/**
 * Plays the session with every kubectl of this machine and tells where one says something else than is recorded:
 *
 *     npm run kubectl                  # compares; ends with 1 when something differs
 *     npm run kubectl -- --record      # writes down what is said now, and the table in docs/KUBERNETES.md
 *     npm run kubectl -- 1.27 1.33     # these versions only
 */

import { findKubectls } from '../../kube/kubectl.ts';
import { playSession, readSession } from './play.ts';
import { baseVersion, recordOf, versionOf, writeRecord } from './record.ts';
import { writeTable } from './table.ts';

const asked = process.argv.slice(2);
const isRecording = asked.includes('--record');
const wanted = asked.filter((word) => /^\d+\.\d+$/.test(word));
const steps = readSession();
const programs = findKubectls(0, 999)
  .map((program) => ({ program, version: versionOf(program) }))
  .filter(({ version }) => wanted.length === 0 || wanted.includes(version))
  // The others are written as differences from the base.
  .sort((left, right) => Number(right.version === baseVersion) - Number(left.version === baseVersion));

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
