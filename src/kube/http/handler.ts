/**
 * One request from head to answer: who is it, may they, what do they want, and in which form. Everything that goes wrong
 * becomes a Status; what nobody foresaw becomes a 500 and a line in the log. What takes too long is answered with 504, and
 * what comes when too much is at work with 429.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Alarm } from '../../rpc/http2/keepalive.ts';
import type { TimerWheel } from '../../rpc/http2/timer-wheel.ts';
import { requestTimeout, StatusError, tooManyRequests } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import { impersonated, namesAnother } from '../auth/impersonation.ts';
import type { Authenticator, Authorizer } from '../auth/types.ts';
import { randomUid } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import {
  handleResource,
  type ResourceRequest,
  resourceRequest,
  type SubresourceHandlers,
} from '../rest/dispatch.ts';
import type { ServerParts } from '../rest/parts.ts';
import type { Audit } from './audit.ts';
import type { Encoding } from './encode.ts';
import { classOf, type InFlight, type RequestClass } from './limits.ts';
import {
  type Accepted,
  allFormats,
  type Format,
  negotiate,
  negotiateError,
  objectShapes,
  reviewShapes,
} from './negotiate.ts';
import { authenticated, checkPermission } from './permission.ts';
import { apiRequest } from './request.ts';
import type { RequestFigures } from './request-figures.ts';
import {
  type AnswerHeaders,
  addWarnings,
  beginStream,
  bodyOf,
  sendBody,
  sendError,
  statusOf,
} from './respond.ts';
import { booleanParameter, type ResourcePath, resourcePath } from './route.ts';
import type { ApiAnswer, ApiRequest } from './types.ts';
import { StreamWatchWriter, type WatchTurns } from './watch-writer.ts';

const jsonAccepted: Accepted = { format: 'json', as: null, asVersion: '' };

/** So many headers are known of each resource. */
const acceptedMax = 20;
/** Longer headers are read each time. */
const acceptLettersMax = 512;

/** Requests that take as long as the client likes. */
const longSubresources: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

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
  readonly inFlight: InFlight;
  readonly figures: RequestFigures;
  readonly turns: WatchTurns;
  /** Null: nobody is told. */
  readonly audit: Audit | null;
  /** A request that takes longer is answered with 504. */
  readonly timeoutMs: number;
  /** Holds the ends of those times; nearly none of them comes. */
  readonly deadlines: TimerWheel;
}

const notFoundPage: ApiAnswer = {
  type: 'bytes',
  code: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: '404 page not found\n',
};

/** What is known of a request so far. */
interface Course {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: AnswerHeaders;
  readonly auditId: string;
  readonly receivedMs: number;
  readonly startedMs: number;
  readonly warnings: string[];
  annotations: Map<string, string> | null;
  request: ApiRequest | null;
  path: ResourcePath | null;
  /** Why the path leads nowhere: who may not go there is not told. */
  misrouted: unknown;
  wanted: ResourceRequest | null;
  accepted: Accepted;
  sender: UserInfo | null;
  user: UserInfo | null;
  /** Null: it is not counted. */
  counted: RequestClass | null;
  readonly deadline: Alarm;
  isLong: boolean;
  sentBytes: number;
}

/** Whoever is not permitted gets an answer that no browser takes for something else. */
async function permitted<T>({ headers }: Course, decision: Promise<T>): Promise<T> {
  try {
    return await decision;
  } catch (error) {
    if (error instanceof StatusError && error.code === 403) headers['x-content-type-options'] = 'nosniff';
    throw error;
  }
}

export class RequestHandler {
  readonly #options: HandlerOptions;
  readonly #formats: readonly Format[];
  /** What was negotiated about a resource, by the header. */
  readonly #acceptedBy: WeakMap<ResourceType, Map<string, Accepted>> = new WeakMap();

  constructor(options: HandlerOptions) {
    this.#options = options;
    const isSpoken = options.parts.protobuf !== null;
    this.#formats = isSpoken ? allFormats : allFormats.filter((format) => format !== 'protobuf');
  }

  /** For node's servers. */
  readonly handle = (message: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => {});
    const course = this.#begin(message, response);
    this.#run(course).then(
      () => this.#done(course),
      (error: unknown) => {
        this.#options.parts.runtime.log.error('a request could not be answered', { error: String(error) });
        response.destroy();
        this.#done(course);
      },
    );
  };

  #begin(message: IncomingMessage, response: ServerResponse): Course {
    const { clock, random } = this.#options.parts.runtime;
    const auditId = randomUid(random);
    return {
      message,
      response,
      headers: { 'audit-id': auditId, 'cache-control': 'no-cache, private' },
      auditId,
      receivedMs: clock.wallNow(),
      startedMs: clock.now(),
      warnings: [],
      annotations: null,
      request: null,
      path: null,
      misrouted: null,
      wanted: null,
      accepted: jsonAccepted,
      sender: null,
      user: null,
      counted: null,
      deadline: new Alarm(),
      isLong: false,
      sentBytes: 0,
    };
  }

  async #run(course: Course): Promise<void> {
    const { parts, subresources, authorizer, authenticators, allowsAnonymous } = this.#options;
    try {
      const request = apiRequest(course.message);
      course.request = request;
      this.#route(course, request);
      const { path, wanted, warnings } = course;
      const sender = await authenticated(request, authenticators, allowsAnonymous);
      course.sender = sender;
      const user = namesAnother(request)
        ? await permitted(course, impersonated(request, sender, authorizer))
        : sender;
      course.user = user;
      this.#enter(course, user);
      await permitted(course, checkPermission(request, user, path, wanted, authorizer));
      if (course.misrouted !== null) throw course.misrouted;
      if (wanted === null) {
        await this.#answer(course, request, await this.#page(request));
        return;
      }
      course.accepted = this.#accepted(request, wanted);
      const context = { request, accepted: course.accepted, user, warnings, notes: course };
      await this.#answer(course, request, await handleResource(parts, subresources, context, wanted));
    } catch (error) {
      this.#fail(course, error);
    }
  }

  #route(course: Course, request: ApiRequest): void {
    const path = resourcePath(request.segments);
    course.path = path;
    const { registry } = this.#options.parts;
    try {
      course.wanted = path === null ? null : resourceRequest(registry, path, request.method, request.query);
    } catch (error) {
      course.misrouted = error;
    }
    course.isLong =
      course.wanted !== null && (course.wanted.verb === 'watch' || longSubresources.has(path!.subresource));
    if (course.isLong) return;
    const { deadlines, timeoutMs } = this.#options;
    course.deadline.set(deadlines, timeoutMs, () => {
      this.#fail(course, requestTimeout('request did not complete within the allotted timeout'));
    });
  }

  /** Pages are always answered: whoever asks how the server is must hear it. @throws StatusError 429 */
  #enter(course: Course, user: UserInfo): void {
    if (course.isLong || course.wanted === null) return;
    const requestClass = classOf(course.wanted.verb);
    if (!this.#options.inFlight.enter(requestClass, user)) {
      this.#options.figures.refused(requestClass);
      throw tooManyRequests('Too many requests, please try again later.', 1);
    }
    course.counted = requestClass;
  }

  #done(course: Course): void {
    this.#options.deadlines.cancel(course.deadline);
    if (course.counted !== null) this.#options.inFlight.leave(course.counted);
    const { figures, audit, parts } = this.#options;
    const { message, response, request, wanted, path } = course;
    const verb = wanted?.verb ?? message.method?.toLowerCase() ?? '';
    const code = response.statusCode;
    const seconds = (parts.runtime.clock.now() - course.startedMs) / 1000;
    figures.answered(verb, wanted === null ? null : path, code, seconds, course.sentBytes);
    if (audit === null || request === null) return;
    const { auditId, sender, user, receivedMs, annotations } = course;
    audit.tell({
      ...{ auditId, request, user, verb, path, receivedMs, code, annotations },
      sender: sender === user ? null : sender,
      doneMs: parts.runtime.clock.wallNow(),
      sourceIp: message.socket?.remoteAddress ?? '',
    });
  }

  #accepted(request: ApiRequest, wanted: ResourceRequest): Accepted {
    const accept = request.header('accept');
    if (accept.length > acceptLettersMax) return this.#negotiated(accept, wanted);
    let known = this.#acceptedBy.get(wanted.resource);
    if (known === undefined) {
      known = new Map();
      this.#acceptedBy.set(wanted.resource, known);
    }
    const key = wanted.verb === 'watch' ? `watch ${accept}` : accept;
    let accepted = known.get(key);
    if (accepted === undefined) {
      accepted = this.#negotiated(accept, wanted);
      if (known.size >= acceptedMax) known.clear();
      known.set(key, accepted);
    }
    return accepted;
  }

  #negotiated(accept: string, { resource, verb }: ResourceRequest): Accepted {
    const { parts } = this.#options;
    const { group, version, kind, custom } = resource;
    const speaksAll = custom === null && parts.protobuf?.speaks(group, version, kind) === true;
    const isReview = resource.verbs.length === 1 && resource.verbs[0] === 'create';
    return negotiate(accept, {
      formats: speaksAll ? this.#formats : this.#formats.filter((format) => format !== 'protobuf'),
      shapeFormats: this.#formats,
      shapes: isReview ? reviewShapes : objectShapes,
      isStream: verb === 'watch',
      isOfAnyRoute: custom !== null,
    });
  }

  async #page(request: ApiRequest): Promise<ApiAnswer> {
    for (const page of this.#options.pages) {
      const answer = page(request);
      if (answer !== null) return answer;
    }
    return notFoundPage;
  }

  #encoding({ request, accepted, wanted }: Course, hasResource: boolean): Encoding {
    const { parts } = this.#options;
    const query = request?.query ?? new URLSearchParams();
    return {
      accepted,
      query,
      resource: hasResource ? (wanted?.resource ?? null) : null,
      protobuf: parts.protobuf,
      nowMs: parts.runtime.clock.wallNow(),
      isPretty: query.has('pretty')
        ? booleanParameter(query, 'pretty')
        : /^(curl|Wget|Mozilla\/5\.0)/.test(request?.header('user-agent') ?? ''),
    };
  }

  async #answer(course: Course, request: ApiRequest, answer: ApiAnswer): Promise<void> {
    const { response, headers, warnings } = course;
    if (response.headersSent) return;
    if (answer.type === 'bytes') {
      Object.assign(headers, answer.headers);
      const body = typeof answer.body === 'string' ? answer.body : Buffer.from(answer.body);
      course.sentBytes = await sendBody(request, response, answer.code, headers, body);
      return;
    }
    addWarnings(headers, warnings);
    if (answer.type === 'object') {
      const encoding = { ...this.#encoding(course, false), resource: answer.resource };
      const body = bodyOf(answer, encoding, headers);
      course.sentBytes = await sendBody(request, response, answer.code, headers, body);
      return;
    }
    beginStream(response, headers, course.accepted.format === 'protobuf');
    const { turns, figures } = this.#options;
    const writer = new StreamWatchWriter(response, () => this.#encoding(course, true), turns);
    figures.watchBegan(course.path!);
    writer.onClose(() => figures.watchEnded(course.path!));
    answer.open(writer);
  }

  #fail(course: Course, error: unknown): void {
    const { response, request, headers, warnings } = course;
    if (response.headersSent) {
      // An answer that was begun cannot become another; one that is complete, by the deadline, stays as it is.
      if (!response.writableEnded) response.destroy();
      return;
    }
    const status = statusOf(error);
    if (status.code === 500 && !(error instanceof StatusError)) {
      const stack = error instanceof Error ? error.stack : String(error);
      const { log } = this.#options.parts.runtime;
      log.error('a request failed', { method: request?.method, path: request?.path, error: stack });
    }
    addWarnings(headers, warnings);
    const accepted = negotiateError(request?.header('accept') ?? '', this.#formats);
    // Whoever takes nothing that there is gets JSON to look at.
    const encoding = { ...this.#encoding(course, false), accepted: accepted ?? jsonAccepted };
    sendError(response, status, accepted === null ? { ...encoding, isPretty: true } : encoding, headers);
  }
}
