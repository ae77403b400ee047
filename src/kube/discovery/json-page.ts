/** Pages that are documents, mostly JSON, with a stable ETag and 304 for who has them already. */

import { createHash } from 'node:crypto';
import type { ApiAnswer, ApiRequest } from '../http/types.ts';

export interface Page {
  readonly body: string;
  /** Quoted. */
  readonly etag: string;
  readonly contentType: string;
}

export function pageOf(document: object, contentType: string = 'application/json'): Page {
  return pageOfText(`${JSON.stringify(document)}\n`, contentType);
}

export function pageOfText(body: string, contentType: string): Page {
  const hash = createHash('sha256').update(body).digest('hex').toUpperCase();
  return { body, etag: `"${hash}"`, contentType };
}

/** The page, or 304. @param cacheControl of the answer */
export function answerPage(request: ApiRequest, page: Page, cacheControl: string): ApiAnswer {
  const headers = { etag: page.etag, vary: 'Accept', 'cache-control': cacheControl };
  if (request.header('if-none-match') === page.etag) return { type: 'bytes', code: 304, headers, body: '' };
  return {
    type: 'bytes',
    code: 200,
    headers: { ...headers, 'content-type': page.contentType },
    body: page.body,
  };
}

/** A small document that nobody keeps. */
export function answerJson(document: object, isPretty: boolean = false): ApiAnswer {
  const body = isPretty ? JSON.stringify(document, null, 2) : `${JSON.stringify(document)}\n`;
  return { type: 'bytes', code: 200, headers: { 'content-type': 'application/json' }, body };
}

export function answerText(code: number, body: string): ApiAnswer {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { type: 'bytes', code, headers, body };
}
