/**
 * Where a list goes on: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":"…"}`, the key behind the last one given, relative
 * to the prefix of the list.
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
  let wrongAt = text.search(/[^A-Za-z0-9_-]/);
  // One letter more than whole groups says nothing.
  if (wrongAt < 0 && text.length % 4 === 1) wrongAt = text.length - 1;
  if (wrongAt >= 0) throw refuse(`illegal base64 data at input byte ${wrongAt}`);
  let value: unknown;
  try {
    ({ value } = parseJsonText(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw refuse(error.message);
  }
  const { v, rv, start } = (value ?? {}) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== 'meta.k8s.io/v1') {
    throw refuse(`server does not recognize this encoded version ${typeof v === 'string' ? v : ''}`);
  }
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') {
    throw refuse('encoded start key empty (version meta.k8s.io/v1)');
  }
  const key = start.startsWith('/') ? start : `/${start}`;
  // Nobody goes on above or beside the list.
  if (/\/(\.{0,2}\/|\.{1,2}$)/.test(key)) throw refuse(start);
  return { revision: rv, startKey: key.slice(1) };
}
