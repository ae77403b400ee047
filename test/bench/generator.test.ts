import t from 'tap';
import { type LoadOptions, runLoad } from '../../bench/generator.ts';
import { Histogram, type HistogramData } from '../../bench/histogram.ts';
import { putRequest } from '../../bench/messages.ts';
import { freePorts } from '../../bench/ports.ts';
import { type FakeOptions, type FakeServer, fakeServer } from './fake-server.ts';

function options(port: number, changes: Partial<LoadOptions>): LoadOptions {
  return {
    targets: [{ host: '127.0.0.1', port }],
    connections: 2,
    streams: 3,
    valueBytes: 10,
    keyBytes: 12,
    keySpace: 1_000_000,
    keyOrder: 'sequential',
    keyFrom: 0,
    warmUpMs: 0,
    measureMs: 200,
    rate: null,
    ...changes,
  };
}

function histogram(data: HistogramData): Histogram {
  const made = new Histogram();
  made.add(data);
  return made;
}

/** A measurement in which at least so many puts are answered: it takes the longer, the busier the machine is. */
async function measured(
  enough: number,
  changes: Partial<LoadOptions>,
  fake: FakeOptions = {},
): Promise<{ server: FakeServer; result: Awaited<ReturnType<typeof runLoad>> }> {
  for (let measureMs = 200; ; measureMs *= 4) {
    const server = await fakeServer(fake);
    const result = await runLoad(options(server.port, { measureMs, ...changes }));
    await server.close();
    if (result.completed >= enough || measureMs > 20_000) return { server, result };
  }
}

t.test('the closed loop counts what the server accepted, with a new key each time', async (t) => {
  const { server, result } = await measured(11, {});
  t.ok(result.completed > 10);
  t.equal(result.failed, 0);
  t.equal(result.acceptedInAll, server.requests.length);
  t.equal(histogram(result.latency).count, result.completed);
  const keys = new Set(server.requests.map((request) => request.subarray(2, 14).toString()));
  t.equal(keys.size, server.requests.length);
  t.ok(keys.has('k00000000000'));
  t.equal(result.keyNext, server.requests.length);
  const value = server.requests[0]!.subarray(16);
  t.same(
    server.requests[0],
    putRequest(Buffer.from('k00000000000'), value),
    'requests are whole PutRequests',
  );
});

t.test('keys stay within their space and go on where the last measurement ended', async (t) => {
  const { server, result } = await measured(20, { keySpace: 7, keyFrom: 5 });
  const keys = server.requests.map((request) => request.subarray(2, 14).toString());
  t.equal(keys[0], 'k00000000005');
  t.same(
    [...new Set(keys)].sort(),
    [0, 1, 2, 3, 4, 5, 6].map((digit) => `k0000000000${digit}`),
  );
  t.equal(result.keyNext, 5 + keys.length);
});

t.test('the open loop keeps its rate', async (t) => {
  const server = await fakeServer();
  const result = await runLoad(options(server.port, { rate: 500, measureMs: 400, warmUpMs: 100 }));
  await server.close();
  // Never more than the schedule has; less when this machine stood still at the end of it.
  t.ok(result.completed <= 202 && result.completed >= 20, `${result.completed} of 200`);
  t.equal(histogram(result.lag).count, result.completed);
});

t.test('a stall is charged to every put that was due meanwhile (coordinated omission)', async (t) => {
  const server = await fakeServer();
  setTimeout(() => {
    server.hold = true;
  }, 100);
  setTimeout(() => {
    server.hold = false;
    server.release();
  }, 300);
  const result = await runLoad(options(server.port, { rate: 1000, measureMs: 400 }));
  await server.close();
  const latency = histogram(result.latency);
  // Half of the schedule fell into the stall, evenly: about a quarter of all waited more than half of it.
  t.ok(latency.percentileUs(70) > 40_000, `p70 ${latency.percentileUs(70)} µs`);
  t.ok(latency.percentileUs(95) > 120_000, `p95 ${latency.percentileUs(95)} µs`);
  t.ok(latency.percentileUs(10) < latency.percentileUs(70), 'and not to the others');
});

t.test('refusals are counted and told, and a server that refuses all is not asked for ever', async (t) => {
  const server = await fakeServer({ code: 14, message: 'etcdserver: no leader' });
  const result = await runLoad(options(server.port, { measureMs: 300 }));
  t.equal(result.completed, 0);
  t.equal(result.acceptedInAll, 0);
  t.ok(server.requests.length < 50, `${server.requests.length} requests`);
  await server.close();
});

t.test('small windows and few streams slow the client down but lose nothing', async (t) => {
  const settings = { initialWindowSize: 1000, maxConcurrentStreams: 2 };
  const { server, result } = await measured(
    1,
    { valueBytes: 70_000, streams: 8, connections: 1 },
    { settings },
  );
  t.ok(result.completed > 0);
  t.equal(result.failed, 0);
  t.equal(result.acceptedInAll, server.requests.length);
  const sizes = new Set(server.requests.map((request) => request.length));
  t.equal(sizes.size, 1, 'every request arrived whole');
  const keys = new Set(server.requests.map((request) => request.subarray(2, 14).toString()));
  t.equal(keys.size, server.requests.length, 'requests that wait keep their own key');
});

t.test('a server that is not there is an error, not a figure', async (t) => {
  const [port] = await freePorts(1);
  await t.rejects(runLoad(options(port!, {})), /ECONNREFUSED/);
});
