/** A webhook for tests: an HTTPS server of its own authority, whose answers a test gives. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type t from 'tap';
import { makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

/** What was asked; `body` is the review. */
export interface Question {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: reviews are read by tests as they come
  readonly body: any;
  readonly name: string;
}

/** What to answer: a review, or anything else as it is. Null: nothing, ever. */
export type Reply = object | { readonly code: number; readonly text: string; readonly type?: string } | null;

export interface WebhookServer {
  /** `https://127.0.0.1:1234` */
  readonly url: string;
  readonly port: number;
  /** `clientConfig.caBundle` */
  readonly caBundle: string;
  readonly questions: Question[];
  readonly connections: () => number;
}

const runtime = nodeRuntime();

async function read(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === null) return;
  const raw = reply as { code?: number; text?: string; type?: string };
  if (raw.text === undefined) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
    return;
  }
  response.writeHead(raw.code ?? 200, { 'content-type': raw.type ?? 'text/plain' });
  response.end(raw.text);
}

/** @param hosts of its certificate */
export async function startWebhook(
  test: Pick<typeof t, 'teardown'>,
  answer: (question: Question) => Reply,
  hosts: readonly string[] = ['127.0.0.1'],
): Promise<WebhookServer> {
  const times = { now: runtime.clock.wallNow(), validDays: 1 };
  const authority = makeCertificate(
    { commonName: 'webhooks', isAuthority: true, ...times },
    null,
    runtime.random,
  );
  const own = makeCertificate(
    { commonName: 'webhook', hosts, usages: ['server'], ...times },
    authority,
    runtime.random,
  );
  const questions: Question[] = [];
  let connections = 0;
  const server = createServer({ key: own.key, cert: own.cert }, async (message, response) => {
    const name = (message.socket as unknown as { servername?: string | false }).servername;
    const question = { path: message.url ?? '', body: JSON.parse(await read(message)), name: name || '' };
    questions.push(question);
    send(response, answer(question));
  });
  // However long a slow machine takes from one question to the next.
  server.keepAliveTimeout = 600_000;
  server.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.cert).toString('base64');
  return { url: `https://127.0.0.1:${port}`, port, caBundle, questions, connections: () => connections };
}

/** The review that answers one of admission. */
export function admitted({ body }: Question, response: object = {}): object {
  const { apiVersion, kind, request } = body;
  return { apiVersion, kind, response: { uid: request.uid, allowed: true, ...response } };
}

export function patchOf(operations: readonly object[]): object {
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { patchType: 'JSONPatch', patch };
}
