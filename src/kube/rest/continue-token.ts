/**
 * Where a list goes on: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":"…"}`, the key behind the last one given, relative
 * to the prefix of the list (reference §2.6).
 */

import { badRequest } from '../api/status.ts';
import { JsonTextError, parseJsonText } from '../schema/json-text.ts';

export interface ContinueToken {
  /** -1: from the newest state. */
  readonly revision: number;
  readonly startKey: string;
}

export function encodeContinue(token: ContinueToken): string {
  const json = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: `/${token.startKey}` });
  return Buffer.from(json).toString('base64url');
}

/** @throws StatusError 400 */
export function decodeContinue(text: string): ContinueToken {
  const refuse = (why: string): Error =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const wrongAt = text.search(/[^A-Za-z0-9_-]/);
  if (wrongAt >= 0) throw refuse(`illegal base64 data at input byte ${wrongAt}`);
  let value: unknown;
  try {
    ({ value } = parseJsonText(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw refuse(error.message);
  }
  const { v, rv, start } = (value ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1') throw refuse('server does not recognize this encoded version');
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw refuse('incorrect encoded start resourceVersion');
  }
  if (typeof start !== 'string' || !start.startsWith('/') || start.includes('..')) {
    throw refuse('incorrect encoded start key');
  }
  return { revision: rv, startKey: start.slice(1) };
}
