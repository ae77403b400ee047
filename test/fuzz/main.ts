/**
 * The fuzzers: `npm run fuzz -- --seconds 600 --target wal`. Each target in turn, for the time given; a finding is printed with
 * its seed and its input. Exit code 1 when there is one.
 */

import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', default: '' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const chosen = targets.filter(({ name }) => values.target === '' || values.target.split(',').includes(name));
if (chosen.length === 0) throw new Error(`there are only ${targets.map(({ name }) => name).join(', ')}`);
for (const target of chosen) {
  const end = performance.now() + Number(values.seconds) * 1000;
  const result = await fuzz(target, { seed: Number(values.seed), isOver: () => performance.now() > end });
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  process.stdout.write(
    `${target.name}: seed ${values.seed}, ${result.runs} inputs, ${result.taken} taken, ${result.refused} refused in ${result.ways} ways, slowest ${Math.round(result.slowestMs)} ms, memory ${memory} MiB\n`,
  );
  const { finding } = result;
  if (finding === null) continue;
  process.stdout.write(`FOUND ${finding.what}\n  input ${finding.input}\n`);
  process.exitCode = 1;
}
