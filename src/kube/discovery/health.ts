/** `/healthz`, `/livez`, `/readyz` and their checks (reference §1.1). */

import type { PageHandler } from '../http/handler.ts';
import type { ApiAnswer, ApiRequest } from '../http/types.ts';
import { answerText } from './json-page.ts';

export interface HealthCheck {
  readonly name: string;
  /** Null: all is well. */
  readonly run: () => Promise<string | null>;
}

const endpoints: ReadonlySet<string> = new Set(['healthz', 'livez', 'readyz']);

async function answerChecks(
  request: ApiRequest,
  name: string,
  checks: readonly HealthCheck[],
): Promise<ApiAnswer> {
  const excluded = new Set(request.query.getAll('exclude'));
  let text = '';
  let isWell = true;
  for (const check of checks) {
    if (excluded.has(check.name)) {
      text += `[+]${check.name} excluded: ok\n`;
      continue;
    }
    const problem = await check.run();
    if (problem !== null) isWell = false;
    text += problem === null ? `[+]${check.name} ok\n` : `[-]${check.name} failed: reason withheld\n`;
  }
  if (!isWell) return answerText(500, `${text}${name} check failed\n`);
  return answerText(200, request.query.has('verbose') ? `${text}${name} check passed\n` : 'ok');
}

export function healthPages(checks: readonly HealthCheck[]): PageHandler {
  return (request) => {
    const [name, check] = request.segments;
    if (name === undefined || !endpoints.has(name) || request.segments.length > 2) return null;
    if (check === undefined) return answerChecks(request, name, checks);
    const chosen = checks.filter((candidate) => candidate.name === check);
    return chosen.length === 0 ? null : answerChecks(request, name, chosen);
  };
}
