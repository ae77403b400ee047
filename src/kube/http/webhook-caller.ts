/**
 * POSTs to webhooks over HTTPS. A connection is kept and used again by whoever calls the same webhook with the same authority.
 * What goes wrong is said as Go's client says it: those are the texts that users of webhooks know.
 *
 * A connection that is kept may be closed by the other side in the moment in which it is used again; then the request was not
 * read, and is sent once more on another one.
 */

import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request as secureRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Clock } from '../../util/runtime.ts';
import type { WebhookCaller, WebhookReply, WebhookRequest } from '../webhooks/types.ts';

/** Webhooks whose connections are kept; of more, those that were not called for longest let go of theirs. */
const agentsMax = 200;
/** Longer answers are not read. */
const replyBytesMax = 16 << 20;
/** Idle connections per webhook. */
const idleMax = 25;

interface NetworkError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly reason?: string;
}

const selfSigned: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

function joined(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Why it failed, in Go's words. */
function wording(error: NetworkError, host: string, port: number): string {
  const { code = '', address = host, message } = error;
  const at = joined(address, error.port ?? port);
  const unverified = 'tls: failed to verify certificate: x509: ';
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${at}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${at}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${at}: connect: network is unreachable`;
    case 'ETIMEDOUT':
      return `dial tcp ${at}: connect: connection timed out`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${error.hostname ?? host}: no such host`;
    case 'ECONNRESET':
      return 'EOF';
    case 'CERT_HAS_EXPIRED':
      return `${unverified}certificate has expired or is not yet valid: ${message}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${unverified}certificate is not valid for ${host}: ${error.reason ?? message}`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'EPROTO':
      return 'http: server gave HTTP response to HTTPS client';
    default:
      return selfSigned.has(code) ? `${unverified}certificate signed by unknown authority` : message;
  }
}

function readReply(message: IncomingMessage): Promise<WebhookReply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > replyBytesMax) message.destroy(new Error(`the answer has more than ${replyBytesMax} bytes`));
      else chunks.push(chunk);
    });
    message.on('error', reject);
    message.on('aborted', () => reject(new Error('unexpected EOF')));
    message.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      resolve({ code: message.statusCode ?? 0, contentType: message.headers['content-type'] ?? '', body });
    });
  });
}

class NodeWebhookCaller implements WebhookCaller {
  readonly #clock: Clock;
  /** By address and authority, the one that was used last at the end. */
  readonly #agents: Map<string, Agent> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async post(request: WebhookRequest): Promise<WebhookReply> {
    try {
      return await this.#send(request);
    } catch (error) {
      if ((error as { isStale?: boolean }).isStale === true) return this.#send(request);
      throw error;
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agent({ url, dial, authority }: WebhookRequest): Agent {
    const { host } = new URL(url);
    const key = `${host} ${dial === null ? '' : joined(dial.host, dial.port)} ${authority}`;
    const agent =
      this.#agents.get(key) ??
      new Agent({
        keepAlive: true,
        maxFreeSockets: idleMax,
        ...(authority.trim() === '' ? {} : { ca: authority }),
      });
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    for (const [oldest, idle] of this.#agents) {
      if (this.#agents.size <= agentsMax) break;
      this.#agents.delete(oldest);
      idle.destroy();
    }
    return agent;
  }

  #options(request: WebhookRequest): RequestOptions {
    const { dial, body } = request;
    const url = new URL(request.url);
    const name = url.hostname.replace(/^\[|\]$/g, '');
    return {
      agent: this.#agent(request),
      method: 'POST',
      host: dial?.host ?? name,
      port: dial?.port ?? (url.port === '' ? 443 : Number(url.port)),
      path: url.pathname + url.search,
      // A name to be known by there is none for addresses.
      servername: isIP(name) === 0 ? name : '',
      headers: {
        host: url.host,
        accept: 'application/json, */*',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'kube-apiserver-admission',
      },
    };
  }

  #send(request: WebhookRequest): Promise<WebhookReply> {
    const options = this.#options(request);
    return new Promise((resolve, reject) => {
      const sent = secureRequest(options, (message) => {
        readReply(message).then(done, failed);
      });
      const deadline = this.#clock.setTimer(request.timeoutMs, () => {
        failed(new Error('context deadline exceeded'));
        sent.destroy();
      });
      const done = (reply: WebhookReply): void => {
        deadline.cancel();
        resolve(reply);
      };
      const failed = (error: NetworkError): void => {
        deadline.cancel();
        const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        const text = wording(error, String(options.host), Number(options.port));
        reject(Object.assign(new Error(text), { isStale }));
      };
      sent.on('error', failed);
      sent.end(request.body);
    });
  }
}

export function nodeWebhookCaller(clock: Clock): WebhookCaller {
  return new NodeWebhookCaller(clock);
}
