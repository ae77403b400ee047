/**
 * Asks etcd what nobody should ask, and keeps its answers for the test of Keelson:
 *
 *     node --import tsx test/clients/bad-input-main.ts --etcd 3.5
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Workplace } from '../../bench/children.ts';
import { allTools } from '../tools.ts';
import { answersOf, recordPath } from './bad-input-record.ts';
import { startServers } from './harness.ts';

const { values } = parseArgs({ options: { etcd: { type: 'string', default: '3.5' } } });
const tool = allTools('etcd').find(({ version }) => version.startsWith(values.etcd));
if (tool === undefined) throw new Error(`there is no etcd ${values.etcd} here`);
const workplace = new Workplace();
try {
  const flags = { 'bcrypt-cost': '4' };
  const servers = await startServers('etcd', 1, workplace, async () => {}, flags, [
    tool.path,
    '--logger=zap',
  ]);
  const answers = await answersOf(servers.members[0]!.clientUrl);
  const lines = answers.map(({ name, answer }) => `${name}\n    ${answer}`);
  writeFileSync(
    recordPath,
    `# What etcd ${tool.version} answers; written by bad-input-main.ts.\n${lines.join('\n')}\n`,
  );
  console.log(`${answers.length} answers of etcd ${tool.version}`);
} finally {
  await workplace.close();
}
