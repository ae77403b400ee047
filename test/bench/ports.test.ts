/** The ports that tests and benchmarks give to the processes they start. */

import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import t from 'tap';
import { freePorts, freePortsInARow } from '../../bench/ports.ts';

const ports = new URL('../../bench/ports.ts', import.meta.url).href;

t.test('ports are all different, and lie below those that systems give to connections', async (t) => {
  const given = [...(await freePorts(20)), ...(await Promise.all([freePorts(3), freePorts(3)])).flat()];
  t.equal(new Set(given).size, 26);
  for (const port of given) t.ok(port >= 10_000 && port < 32_768, `${port}`);
});

t.test('a port that is taken meanwhile is not given again, and one that is free again is', async (t) => {
  const [taken] = await freePorts(1);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve));
  const others = new Set(await freePorts(60));
  for (const port of await freePorts(60)) others.add(port);
  t.notOk(others.has(taken!));
  await new Promise((resolve) => server.close(resolve));
  for (const port of await freePorts(60)) others.add(port);
  for (const port of await freePorts(60)) others.add(port);
  t.ok(others.has(taken!));
  await t.rejects(freePorts(100), /^fewer than 100 ports from \d+ on are free$/);
});

t.test('another process that asks meanwhile is given other ports', async (t) => {
  const own = new Set((await freePorts(1)).map((port) => Math.floor(port / 100)));
  const script = `console.log((await (await import('${ports}')).freePorts(1))[0])`;
  const ask = promisify(execFile);
  const answers = await Promise.all(
    Array.from({ length: 2 }, () =>
      ask(process.execPath, ['--import=tsx', '--input-type=module', '-e', script]),
    ),
  );
  for (const { stdout } of answers) t.notOk(own.has(Math.floor(Number(stdout) / 100)), stdout);
});

t.test('ports in a row follow each other', async (t) => {
  const server = createServer();
  const first = await freePortsInARow(3);
  server.once('error', () => {}); // Somebody else has it: all the better.
  server.listen(first + 4, '127.0.0.1');
  await new Promise((resolve) => setImmediate(resolve));
  const next = await freePortsInARow(3);
  t.ok(next > first + 4 || next + 2 < first, 'none that is taken is among them');
  server.close();
});
