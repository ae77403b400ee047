/**
 * The plain HTTP endpoints of etcd's client port: `/health`, `/livez`, `/readyz`, `/version`, `/metrics`, `/debug/vars`,
 * and the way to the JSON gateway. Headers, texts and status codes are those that Go's server and etcd's
 * handlers give, for probes and scripts compare them.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServedMember } from '../member/types.ts';
import type { HttpHandler } from '../rpc/http1.ts';
import type { Failure } from '../util/failure.ts';
import type { Metrics } from '../util/metrics.ts';
import { type Access, admit, openAccess } from './access.ts';
import { serveCheck, serveChecks } from './check-endpoints.ts';
import { livezChecks, readyzChecks } from './checks.ts';
import { serveDebugVars } from './debug-vars.ts';
import { type GatewayOptions, gatewayOf } from './gateway.ts';
import { serveHealth } from './health.ts';
import { HealthFigures } from './health-figures.ts';
import { serveMetrics } from './metrics-endpoint.ts';
import { sendError, sendJson } from './respond.ts';

export interface Versions {
  readonly server: string;
  readonly cluster: string;
  readonly storage: string;
}

export interface HttpOptions {
  /** What `/version` says: that of the cluster may change. */
  readonly versions: () => Versions;
  /** The text of a failure as clients of etcd know it. */
  readonly failureText: (failure: Failure) => string;
  /** What `/metrics` tells. @default there is no such path */
  readonly metrics?: Metrics;
  /** @default everybody */
  readonly access?: Access;
  /** What `/v3/` serves. @default there is no gateway */
  readonly gateway?: GatewayOptions;
}

/** One request whose path and method fit. */
export type Endpoint = (query: URLSearchParams, response: ServerResponse) => void;

export function httpHandler(member: ServedMember, options: HttpOptions): HttpHandler {
  const endpoints = endpointsOf(member, options);
  const { access = openAccess } = options;
  const gateway = options.gateway === undefined ? null : gatewayOf(member, options.gateway);
  return (request, response) => {
    if (!admit(request, response, access)) return;
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const proper = gateway !== null && path === '/v3' ? '/v3/' : cleanPath(path);
    if (proper !== path) redirect(proper, request, response);
    else if (gateway?.(path, request, response) !== true) route(endpoints, request, response);
  };
}

/** Without empty parts, `.` and `..`, as Go's router wants it. A slash at the end stays. */
function cleanPath(path: string): string {
  if (!path.startsWith('/') || !/\/(?:\/|\.\.?(?:\/|$))/.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const end = path.endsWith('/') && parts.length > 0 ? '/' : '';
  return `/${parts.join('/')}${end}`;
}

/** To the path that was meant, as Go's router answers. */
function redirect(path: string, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const mark = url.indexOf('?');
  const location = mark < 0 ? path : path + url.slice(mark);
  response.statusCode = 301;
  response.setHeader('Location', location);
  if (method !== 'GET' && method !== 'HEAD') {
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  const shown = location.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  response.end(method === 'HEAD' ? '' : `<a href="${shown}">Moved Permanently</a>.\n\n`);
}

/** What is served, by path. */
export function endpointsOf(member: ServedMember, options: HttpOptions): ReadonlyMap<string, Endpoint> {
  const { failureText, metrics, versions } = options;
  const endpoints = new Map<string, Endpoint>();
  const figures = new HealthFigures();
  if (metrics !== undefined) {
    figures.register(metrics);
    endpoints.set('/metrics', (_query, response) => serveMetrics(metrics, response));
  }
  endpoints.set('/health', (query, response) => serveHealth(member, failureText, figures, query, response));
  endpoints.set('/version', (_query, response) => {
    const { server, cluster, storage } = versions();
    sendJson(response, { etcdserver: server, etcdcluster: cluster, storage });
  });
  endpoints.set('/debug/vars', (_query, response) => serveDebugVars(member, response));
  const { log } = member.runtime;
  for (const [name, checks] of [
    ['livez', livezChecks(member, failureText)],
    ['readyz', readyzChecks(member, failureText)],
  ] as const) {
    endpoints.set(`/${name}`, (query, response) => serveChecks(name, checks, log, figures, query, response));
    for (const check of checks) {
      const path = `/${name}/${check.name}`;
      endpoints.set(path, (query, response) => serveCheck(path, check, log, figures, query, response));
    }
  }
  return endpoints;
}

function route(
  endpoints: ReadonlyMap<string, Endpoint>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const endpoint = endpoints.get(mark < 0 ? url : url.slice(0, mark));
  if (endpoint === undefined) {
    sendError(response, 404, '404 page not found');
  } else if (request.method !== 'GET' && !url.startsWith('/metrics')) {
    // Metrics are told whatever the method is, as by the library that etcd answers with.
    response.setHeader('Allow', 'GET');
    sendError(response, 405, 'Method Not Allowed');
  } else {
    endpoint(new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)), response);
  }
}
