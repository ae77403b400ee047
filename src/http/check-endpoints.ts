/**
 * `/livez` and `/readyz`, with all their checks or one. 200 and `ok`, with `?verbose` a line per check before it; 503 with
 * the lines when one failed. `?exclude=name` leaves a check out; names that do not exist are ignored, so that a
 * probe may be older than the server.
 */

import type { ServerResponse } from 'node:http';
import type { Logger } from '../util/runtime.ts';
import type { Check } from './checks.ts';
import type { HealthFigures } from './health-figures.ts';
import { sendError, sendText } from './respond.ts';

export function serveChecks(
  name: string,
  checks: readonly Check[],
  log: Logger,
  figures: HealthFigures,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const excluded = new Set(query.getAll('exclude'));
  const chosen = checks.filter((check) => !excluded.has(check.name));
  const ran = (check: string, isWell: boolean): void => figures.checks.count(typeOf(name), check, isWell);
  runChecks(chosen, ran, (isWell, lines) => {
    if (isWell) {
      sendText(response, 200, query.has('verbose') ? `${lines}ok\n` : 'ok\n');
      return;
    }
    log.warn('a health check failed', { path: `/${name}`, reason: lines });
    sendError(response, 503, lines);
  });
}

/** One check under a path of its own. */
export function serveCheck(
  path: string,
  check: Check,
  log: Logger,
  figures: HealthFigures,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const all = new URLSearchParams(query);
  all.delete('exclude');
  serveChecks(path.slice(1), [check], log, figures, all, response);
}

/** `livez` of `livez/serializable_read`. */
function typeOf(name: string): string {
  return name.split('/', 1)[0]!;
}

/** All run, one after the other, whatever the ones before said. */
function runChecks(
  checks: readonly Check[],
  ran: (name: string, isWell: boolean) => void,
  done: (isWell: boolean, lines: string) => void,
): void {
  let isWell = true;
  let lines = '';
  const runFrom = (place: number): void => {
    const check = checks[place];
    if (check === undefined) {
      done(isWell, lines);
      return;
    }
    check.run((problem) => {
      ran(check.name, problem === null);
      lines += problem === null ? `[+]${check.name} ok\n` : `[-]${check.name} failed: ${problem}\n`;
      if (problem !== null) isWell = false;
      runFrom(place + 1);
    });
  };
  runFrom(0);
}
