/** Sends very many changed requests to a server of its own: `npm run mutations -- --help`. */

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Workplace } from '../../bench/children.ts';
import { integerFlag } from '../../src/cli/flags.ts';
import { scriptFlags } from '../script-flags.ts';
import { startServers } from './harness.ts';
import { sendMutations } from './mutations.ts';

const { values } = scriptFlags({
  name: 'mutations',
  about: `Sends very many changed requests to a server of its own, and looks whether it lives, serves and gives memory back. Ends with
1 if it does not.`,
  flags: {
    requests: integerFlag({ help: 'how many', initial: 100_000, min: 1 }),
    seed: integerFlag({ help: 'draws them', initial: 1, min: 0 }),
  },
});
const mostGrowthMb = 150;
const workplace = new Workplace();
try {
  const flags = { 'bcrypt-cost': '4' };
  const servers = await startServers('keelson', 1, workplace, async () => {}, flags);
  const { child, clientUrl } = servers.members[0]!;
  const residentMb = (): number => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024);
  };
  // The second half is held against the first: by then everything that is kept for good is there.
  const half = Math.ceil(values.requests / 2);
  const resident: number[] = [residentMb()];
  const sums = { requests: 0, answered: 0, refused: 0, lost: 0 };
  for (const part of [0, 1]) {
    const counts = await sendMutations(clientUrl, values.seed + part, half, (sent) => {
      if (sent % 10_000 === 0) console.log(`${part * half + sent} sent, ${residentMb()} MB`);
    });
    for (const lost of counts.lost) console.log(`no answer: ${lost}`);
    sums.requests += counts.requests;
    sums.answered += counts.answered;
    sums.refused += counts.refused;
    sums.lost += counts.lost.length;
    await pause(3000);
    resident.push(residentMb());
  }
  const version = await fetch(`${clientUrl}/version`);
  console.log(`${JSON.stringify(sums)}, seed ${values.seed}; memory ${resident.join(', ')} MB`);
  const grown = resident[2]! - resident[1]!;
  const isWell = child.exitCode === null && version.ok && sums.lost === 0 && grown < mostGrowthMb;
  console.log(isWell ? 'it lives, and serves' : 'SOMETHING IS WRONG');
  process.exitCode = isWell ? 0 : 1;
} finally {
  await workplace.close();
}
