/**
 * `h2load` (nghttp2) as a second opinion on throughput: another generator, written by others, driven the same way.
 * It sends one fixed request, so every call has the same key, and it does not see gRPC statuses: the driver checks the
 * store's revision to know that the puts were real.
 */

import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Asker } from './asker.ts';
import type { Workplace } from './children.ts';
import type { LoadOptions, LoadResult } from './generator.ts';
import { frameMessage } from './h2-client.ts';
import { RequestSource } from './requests.ts';

export function h2loadInstalled(): boolean {
  try {
    execFileSync('h2load', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const ANSWER_WITHIN_MS = 10_000;
const UNITS_US: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };

function microseconds(text: string): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text);
  return match === null ? 0 : Math.round(Number(match[1]) * UNITS_US[match[2]!]!);
}

/** What h2load prints at the end, as a result. Percentiles are not among it: the histogram has mean and maximum only. */
export function parseH2load(output: string, seconds: number): LoadResult {
  const finished = /finished in [\d.]+\w+, ([\d.]+) req\/s/.exec(output);
  const requests = /requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed/.exec(output);
  const times = /time for request:\s+(\S+)\s+(\S+)\s+(\S+)/.exec(output);
  if (finished === null || requests === null || times === null) {
    throw new Error(`h2load's output is not understood:\n${output.trim()}`);
  }
  const completed = Number(requests[1]);
  const failed = Number(requests[2]);
  return {
    seconds: completed / Math.max(1e-9, Number(finished[1])) || seconds,
    completed,
    failed,
    firstFailure: failed === 0 ? null : 'h2load does not tell why',
    acceptedInAll: completed,
    latency: { counts: [], maxUs: microseconds(times[2]!), sumUs: microseconds(times[3]!) * completed },
    lag: { counts: [], maxUs: 0, sumUs: 0 },
    cpuSeconds: 0,
    keyNext: 0,
    receivedBytes: 0,
  };
}

/**
 * Waits for the end of h2load. When the time is over it stops the connections that it has; one that is made only then, as on a
 * machine that is busy elsewhere, goes on for ever.
 * @throws Error when it is not over by then
 */
function ended(child: ChildProcess, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error('h2load does not end: it has not made all its connections in time (--seconds)'));
    }, limitMs);
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      end();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', () => settle(resolve));
  });
}

/** How long h2load may take to end after its time. */
const PATIENCE_MS = 60_000;

/** One closed-loop measurement against the first target. */
export async function runH2load(
  options: LoadOptions,
  workplace: Workplace,
  patienceMs: number = PATIENCE_MS,
): Promise<LoadResult> {
  const source = new RequestSource(options);
  const payload = join(workplace.folder, 'h2load-request.bin');
  const message = source.request();
  writeFileSync(payload, frameMessage(message));
  const target = options.targets[0]!;
  const answerBytes = await bytesOfAnswer(target.port, source.path, message);
  const seconds = options.measureMs / 1000;
  const args = [
    ...['-c', String(options.connections), '-m', String(options.streams)],
    ...['-D', `${options.measureMs}ms`, '--warm-up-time', `${options.warmUpMs}ms`],
    ...['-d', payload, '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
    `http://${target.host}:${target.port}${source.path}`,
  ];
  const logName = 'h2load.log';
  writeFileSync(join(workplace.folder, logName), '');
  const child = workplace.spawn('h2load', args, logName);
  await ended(child, options.warmUpMs + options.measureMs + patienceMs);
  const result = parseH2load(readFileSync(join(workplace.folder, logName), 'utf8'), seconds);
  return { ...result, receivedBytes: result.completed * answerBytes };
}

/** All answers are alike, and h2load's own count of bytes has those of the warm-up in it. */
async function bytesOfAnswer(port: number, path: string, message: Buffer): Promise<number> {
  const asker = new Asker(port);
  const { code, message: why, response } = await asker.call(path, message, ANSWER_WITHIN_MS);
  asker.close();
  if (code !== 0 || response === null) throw new Error(`${path} is refused with code ${code}: ${why}`);
  return response.length;
}
