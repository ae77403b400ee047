/**
 * Who may ask over HTTP: pages of which origins (CORS), and by which host names where there is no TLS. The second keeps a
 * page from reaching a server on the reader's own machine through a name that it points there ("DNS rebinding").
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendError } from './respond.ts';

export interface Access {
  /** `*` is any; so is an empty list. */
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
}

export const openAccess: Access = { origins: ['*'], hosts: ['*'] };

const misdirectedRequest = 421;

function allows(list: readonly string[], item: string): boolean {
  return list.length === 0 || list.includes('*') || list.includes(item);
}

/** Sets the headers of CORS. @returns false when the request has been answered */
export function admit(request: IncomingMessage, response: ServerResponse, access: Access): boolean {
  const isSecure = (request.socket as { encrypted?: boolean }).encrypted === true;
  const host = hostOf(request.headers.host ?? '');
  if (!isSecure && !allows(access.hosts, host)) {
    sendError(
      response,
      misdirectedRequest,
      `The host name ${JSON.stringify(host)} is not one of those under which requests without TLS are served.\n` +
        `Use TLS, or add it: --host-whitelist ${JSON.stringify(host)}`,
    );
    return false;
  }
  allowOrigin(response, access, request.headers.origin ?? '');
  if (request.method !== 'OPTIONS') return true;
  response.end();
  return false;
}

/** The same for what is no request after its head: a page elsewhere could open a WebSocket without asking. */
export function mayAsk(request: IncomingMessage, { origins, hosts }: Access): boolean {
  const isSecure = (request.socket as { encrypted?: boolean }).encrypted === true;
  const { host = '', origin } = request.headers;
  return (isSecure || allows(hosts, hostOf(host))) && (origin === undefined || allows(origins, origin));
}

function allowOrigin(response: ServerResponse, { origins }: Access, origin: string): void {
  const isAny = allows(origins, '*');
  if (!isAny && !allows(origins, origin)) return;
  response.setHeader('Access-Control-Allow-Methods', 'POST, GET, OPTIONS, PUT, DELETE');
  response.setHeader('Access-Control-Allow-Origin', isAny ? '*' : origin);
  response.setHeader('Access-Control-Allow-Headers', 'accept, content-type, authorization');
}

/** Without the port. */
function hostOf(header: string): string {
  return header.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
}
