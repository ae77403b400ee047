/** How many connections and idle watchers one member holds: `npm run crowd -- --help`. */

import { setTimeout as pause } from 'node:timers/promises';
import { usageOf } from '../../bench/usage.ts';
import { integerFlag } from '../../src/cli/flags.ts';
import { type Client, connect } from '../../src/client/index.ts';
import { scratchFlag, scriptFlags } from '../script-flags.ts';
import { openConnections, openWatchers } from './crowd.ts';
import { Machines } from './machines.ts';

const { values: flags } = scriptFlags({
  name: 'crowd',
  about: `Tells how many connections and idle watchers one member holds, and in how much memory; and whether it serves others
meanwhile. It must be allowed that many open files (ulimit -n).`,
  flags: {
    connections: integerFlag({ help: 'connections that ask for nothing', initial: 10_000, min: 0 }),
    half: integerFlag({ help: 'connections that stop in the middle of a frame', initial: 500, min: 0 }),
    watchers: integerFlag({ help: 'watchers', initial: 1_000_000, min: 0 }),
    directory: scratchFlag('crowd'),
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
  const connections = flags.connections;
  const sockets = await openConnections(clientUrl, connections);
  await say(`${connections} connections`, connections, before);
  sockets.push(...(await openConnections(clientUrl, flags.half, true)));
  await say(`and ${flags.half} that stop within a frame`, flags.half, memory());
  before = memory();
  const watchers = flags.watchers;
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
