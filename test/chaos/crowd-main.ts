/**
 * `npm run crowd -- --connections 10000 --watchers 1000000`: how many connections and idle watchers one member holds, and in how
 * much memory; and whether it serves others meanwhile. More than a thousand or so open files must be allowed (`ulimit -n`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { usageOf } from '../../bench/usage.ts';
import { type Client, connect } from '../../src/client/index.ts';
import { openConnections, openWatchers } from './crowd.ts';
import { Machines } from './machines.ts';

const { values: flags } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    half: { type: 'string', default: '500' },
    watchers: { type: 'string', default: '1000000' },
    directory: { type: 'string', default: `${process.env['TMPDIR'] ?? '/tmp'}/keelson-crowd-${process.pid}` },
  },
});

async function putTimes(client: Client): Promise<string> {
  const times: number[] = [];
  for (let at = 0; at < 50; at++) {
    const began = performance.now();
    await client.put('else', String(at));
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return `puts meanwhile: median ${times[25]!.toFixed(1)} ms, slowest ${times[49]!.toFixed(1)} ms`;
}

const machines = await Machines.make({ count: 1, directory: flags.directory });
const { clientUrl } = machines.all[0]!;
const client = connect({ endpoints: [clientUrl], timeoutMs: 120_000, dialTimeoutMs: 120_000 });
try {
  machines.start(0);
  for (let tries = 0; tries < 300; tries++) {
    const answer = await client.put('begin', 'now').catch(() => null);
    if (answer !== null) break;
    await pause(200);
  }
  const memory = (): number => usageOf(machines.all[0]!.process!.pid!).residentBytes / 2 ** 20;
  const say = async (what: string, count: number, before: number): Promise<void> => {
    await pause(3000);
    const now = memory();
    const each = count === 0 ? 0 : ((now - before) * 2 ** 20) / count;
    process.stdout.write(
      `${what}: ${now.toFixed(0)} MiB, ${each.toFixed(0)} bytes each; ${await putTimes(client)}\n`,
    );
  };
  await say('nobody', 0, 0);
  let before = memory();
  const connections = Number(flags.connections);
  const sockets = await openConnections(clientUrl, connections);
  await say(`${connections} connections`, connections, before);
  sockets.push(...(await openConnections(clientUrl, Number(flags.half), true)));
  await say(`and ${flags.half} that stop within a frame`, Number(flags.half), memory());
  before = memory();
  const watchers = Number(flags.watchers);
  const crowd = await openWatchers(clientUrl, watchers, Math.max(1, Math.ceil(watchers / 10_000)));
  await say(`and ${crowd.created} watchers`, crowd.created, before);
  const closed = sockets.filter((socket) => socket.destroyed).length;
  process.stdout.write(`connections that the member has closed: ${closed}\n`);
  crowd.close();
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
} finally {
  await client.close();
  await machines.close();
}
