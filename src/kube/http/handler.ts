/**
 * One request from head to answer: who is it, may they, what do they want, and in which form. Everything that goes wrong
 * becomes a Status; what nobody foresaw becomes a 500 and a line in the log.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { Failure } from '../../util/failure.ts';
import {
  forbidden,
  forbiddenPath,
  internalError,
  requestTimeout,
  StatusError,
  tooManyRequests,
  unauthorized,
  unavailable,
} from '../api/status.ts';
import { anonymousUser, type UserInfo } from '../api/user.ts';
import { impersonated } from '../auth/impersonation.ts';
import { bearerToken } from '../auth/static-tokens.ts';
import type { Authenticator, Authorizer } from '../auth/types.ts';
import { randomUid } from '../meta/time.ts';
import {
  handleResource,
  type ResourceRequest,
  resourceRequest,
  type SubresourceHandlers,
} from '../rest/dispatch.ts';
import type { ServerParts } from '../rest/parts.ts';
import { type Encoding, encodeBody } from './encode.ts';
import { type Accepted, type Format, mediaTypes, negotiate, objectShapes } from './negotiate.ts';
import { apiRequest } from './request.ts';
import { booleanParameter, resourcePath } from './route.ts';
import type { ApiAnswer, ApiRequest, RequestContext } from './types.ts';
import { StreamWatchWriter } from './watch-writer.ts';

/** Answers beyond this are compressed for clients that accept it. */
const gzipBytesMin = 128 << 10;
/** Requests at work at the same time, watches not counted; more are refused with 429. */
const maxInFlight = 1000;

const jsonAccepted: Accepted = { format: 'json', as: null, asVersion: '' };

/** A page that is no resource: discovery, health, version. Null: not mine. */
export type PageHandler = (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer> | null;

export interface HandlerOptions {
  readonly parts: ServerParts;
  readonly subresources: SubresourceHandlers;
  readonly pages: readonly PageHandler[];
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  /** False: who shows no credentials is refused with 401. */
  readonly allowsAnonymous: boolean;
}

const notFoundPage: ApiAnswer = {
  type: 'bytes',
  code: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: '404 page not found\n',
};

/** A refusal of the store, as a client sees it. */
function statusOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof Failure)) {
    return internalError(error instanceof Error ? error.message : String(error));
  }
  if (error.reason === 'tooManyRequests') {
    return tooManyRequests('Too many requests, please try again later.', 1);
  }
  if (error.reason === 'noLeader' || error.reason === 'stopped') return unavailable(error.message);
  if (error.reason.startsWith('timeout')) return requestTimeout(`request did not complete: ${error.message}`);
  return internalError(error.message);
}

export class RequestHandler {
  readonly #options: HandlerOptions;
  readonly #formats: readonly Format[];
  #inFlight = 0;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#formats = options.parts.protobuf === null ? ['json', 'yaml'] : ['json', 'yaml', 'protobuf'];
  }

  /** For node's servers. */
  readonly handle = (message: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => {});
    this.#run(message, response).catch((error: unknown) => {
      this.#options.parts.runtime.log.error('a request could not be answered', { error: String(error) });
      response.destroy();
    });
  };

  async #run(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('audit-id', randomUid(this.#options.parts.runtime.random));
    response.setHeader('cache-control', 'no-cache, private');
    const warnings: string[] = [];
    let accepted = jsonAccepted;
    let request: ApiRequest | null = null;
    this.#inFlight++;
    try {
      if (this.#inFlight > maxInFlight) {
        throw tooManyRequests('Too many requests, please try again later.', 1);
      }
      request = apiRequest(message, response);
      const wanted = this.#wanted(request);
      const sender = await this.#authenticate(request);
      const user = await impersonated(request, sender, this.#options.authorizer);
      await this.#authorize(request, user, wanted);
      if (wanted === null) {
        await this.#sendAnswer(request, response, accepted, await this.#page(request), warnings);
        return;
      }
      accepted = this.#accepted(request, wanted);
      const context: RequestContext = { request, accepted, user, warnings };
      const answer = await handleResource(this.#options.parts, this.#options.subresources, context, wanted);
      await this.#sendAnswer(request, response, accepted, answer, warnings);
    } catch (error) {
      this.#fail(request, response, accepted, error, warnings);
    } finally {
      this.#inFlight--;
    }
  }

  #wanted(request: ApiRequest): ResourceRequest | null {
    const path = resourcePath(request.segments);
    if (path === null) return null;
    return resourceRequest(this.#options.parts.registry, path, request.method, request.query);
  }

  #accepted(request: ApiRequest, { resource, verb }: ResourceRequest): Accepted {
    const { parts } = this.#options;
    let formats = this.#formats;
    if (verb === 'watch') formats = formats.filter((format) => format !== 'yaml');
    const { group, version, kind, custom } = resource;
    if (custom !== null || parts.protobuf?.speaks(group, version, kind) !== true) {
      formats = formats.filter((format) => format !== 'protobuf');
    }
    return negotiate(request.header('accept'), { formats, shapes: objectShapes });
  }

  async #authenticate(request: ApiRequest): Promise<UserInfo> {
    for (const authenticator of this.#options.authenticators) {
      const user = await authenticator.authenticate(request);
      if (user !== null) return user;
    }
    if (bearerToken(request) !== '' || !this.#options.allowsAnonymous) throw unauthorized();
    return anonymousUser;
  }

  async #authorize(request: ApiRequest, user: UserInfo, wanted: ResourceRequest | null): Promise<void> {
    const path = wanted?.path;
    const verb = wanted?.verb ?? request.method.toLowerCase();
    const name = path?.name === '' ? nameSelected(request) : (path?.name ?? '');
    const decision = await this.#options.authorizer.authorize({
      user,
      verb,
      isResource: wanted !== null,
      group: path?.group ?? '',
      version: path?.version ?? '',
      resource: path?.plural ?? '',
      subresource: path?.subresource ?? '',
      namespace: path?.namespace ?? '',
      name,
      path: request.path,
    });
    if (decision.isAllowed) return;
    const because = decision.reason === '' ? '' : `: ${decision.reason}`;
    const who = `User ${JSON.stringify(user.username)} cannot ${verb}`;
    if (wanted === null || path === undefined)
      throw forbiddenPath(`${who} path ${JSON.stringify(request.path)}${because}`);
    const what = path.subresource === '' ? path.plural : `${path.plural}/${path.subresource}`;
    const where =
      path.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(path.namespace)}`;
    const why = `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(path.group)} ${where}${because}`;
    throw forbidden(wanted.resource, name, why);
  }

  async #page(request: ApiRequest): Promise<ApiAnswer> {
    for (const page of this.#options.pages) {
      const answer = page(request);
      if (answer !== null) return answer;
    }
    return notFoundPage;
  }

  #encoding(request: ApiRequest | null, accepted: Accepted, answer: ApiAnswer | null): Encoding {
    const { parts } = this.#options;
    const agent = request?.header('user-agent') ?? '';
    const query = request?.query ?? new URLSearchParams();
    return {
      accepted,
      query,
      resource: answer === null || answer.type === 'bytes' ? null : answer.resource,
      protobuf: parts.protobuf,
      nowMs: parts.runtime.clock.wallNow(),
      isPretty: query.has('pretty')
        ? booleanParameter(query, 'pretty')
        : /^(curl|Wget|Mozilla\/5\.0)/.test(agent),
    };
  }

  async #sendAnswer(
    request: ApiRequest,
    response: ServerResponse,
    accepted: Accepted,
    answer: ApiAnswer,
    warnings: readonly string[],
  ): Promise<void> {
    if (answer.type === 'bytes') {
      for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
      await this.#send(request, response, answer.code, Buffer.from(answer.body as string));
      return;
    }
    setWarnings(response, warnings);
    if (answer.type === 'object') {
      const { bytes, type } = encodeBody(answer.body, this.#encoding(request, accepted, answer));
      response.setHeader('content-type', type);
      await this.#send(request, response, answer.code, bytes);
      return;
    }
    const isProtobuf = accepted.format === 'protobuf';
    response.writeHead(200, {
      'content-type': isProtobuf ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json,
    });
    response.flushHeaders();
    answer.open(new StreamWatchWriter(response, () => this.#encoding(request, accepted, answer)));
  }

  async #send(
    request: ApiRequest | null,
    response: ServerResponse,
    code: number,
    bytes: Buffer,
  ): Promise<void> {
    let body = bytes;
    if (bytes.length > gzipBytesMin && /\bgzip\b/.test(request?.header('accept-encoding') ?? '')) {
      body = await new Promise((resolve, reject) =>
        gzip(bytes, { level: 1 }, (error, packed) => (error === null ? resolve(packed) : reject(error))),
      );
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('vary', 'Accept-Encoding');
    }
    response.writeHead(code, { 'content-length': body.length });
    response.end(request?.method === 'HEAD' ? undefined : body);
  }

  #fail(
    request: ApiRequest | null,
    response: ServerResponse,
    accepted: Accepted,
    error: unknown,
    warnings: readonly string[],
  ): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { log } = this.#options.parts.runtime;
    const { status, code } = statusOf(error);
    if (code === 500 && !(error instanceof StatusError)) {
      const stack = error instanceof Error ? error.stack : String(error);
      log.error('a request failed', { method: request?.method, path: request?.path, error: stack });
    }
    setWarnings(response, warnings);
    if (status.details?.retryAfterSeconds !== undefined) {
      response.setHeader('retry-after', String(status.details.retryAfterSeconds));
    }
    const plain: Accepted = { ...accepted, as: null };
    const { bytes, type } = encodeBody(status, this.#encoding(request, plain, null));
    response.writeHead(code, { 'content-type': type, 'content-length': bytes.length });
    response.end(bytes);
  }
}

/** A list or watch of the one object of a name is decided as if its path named it. */
function nameSelected({ query }: ApiRequest): string {
  const match = /(?:^|,)metadata\.name==?([^,]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '');
  return match?.[1] ?? '';
}

/** One header per warning, code 299 (RFC 7234 §5.5). */
function setWarnings(response: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const plain = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/["\\]/g, '\\$&');
  response.setHeader(
    'warning',
    warnings.map((text) => `299 - "${plain(text)}"`),
  );
}
