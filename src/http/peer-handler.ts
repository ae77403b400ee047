/**
 * What the peer port answers over HTTP: `/version` and `/members` as etcd does, `/keelson/cluster` for members that join,
 * and `/keelson/replace` for one whose log is damaged and who comes back under another id (`embed/replacement.ts`). Whoever
 * reaches this port and, where peers show certificates, has one, is taken for a member, as in all that members say to
 * each other; he has to name the cluster and a member of it that does not run.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  ClusterOrigin,
  JoinOptions,
  MemberChange,
  MemberChangeResult,
  MemberRecord,
  ProposeDone,
} from '../member/types.ts';
import type { HttpHandler } from '../rpc/http1.ts';
import type { Versions } from './handler.ts';
import { sendError, sendJson } from './respond.ts';

export interface PeerMember {
  readonly clusterId: string;
  members(): readonly MemberRecord[];
  origin(): ClusterOrigin;
  changeMembers(change: MemberChange, done: ProposeDone<MemberChangeResult>): void;
}

/** More than two ids. */
const requestBytesMax = 1024;

/** @param find null while the member is not open yet */
export function peerHandler(find: () => PeerMember | null, versions: () => Versions): HttpHandler {
  return (request, response) => {
    const member = find();
    const { pathname } = new URL(request.url ?? '/', 'http://peer');
    if (request.method === 'POST' && pathname === '/keelson/replace') {
      readBody(request, (body) => replace(member, body, response));
      return;
    }
    if (request.method !== 'GET') {
      sendError(response, 405, 'Method Not Allowed');
      return;
    }
    if (member === null) {
      sendError(response, 503, 'not ready');
      return;
    }
    response.setHeader('X-Etcd-Cluster-ID', BigInt(`0x${member.clusterId}`).toString(16));
    switch (pathname) {
      case '/members':
        response.setHeader('Content-Type', 'application/json');
        response.end(membersJson(member.members()));
        return;
      case '/version':
        sendVersions(response, versions());
        return;
      case '/keelson/cluster':
        sendJson(response, member.origin());
        return;
      default:
        sendError(response, 404, '404 page not found');
    }
  };
}

/** What is too long is none, and will not parse. */
function readBody(request: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => {
    if (body.length <= requestBytesMax) body += part;
  });
  request.on('end', () => done(body.length > requestBytesMax ? '' : body));
}

function replace(member: PeerMember | null, body: string, response: ServerResponse): void {
  const asked = parseReplace(body);
  if (asked === null) sendError(response, 400, 'the request names no cluster and no member');
  else if (member === null) sendError(response, 503, 'not ready');
  else if (asked.clusterId !== member.clusterId) {
    sendError(response, 412, `this is a member of cluster ${member.clusterId}, not of ${asked.clusterId}`);
  } else {
    member.changeMembers({ kind: 'replace', id: asked.memberId }, (failure, result) => {
      if (failure !== null || result === null) {
        sendError(
          response,
          failure?.reason === 'memberNotFound' ? 404 : 503,
          failure?.message ?? 'no result',
        );
        return;
      }
      const origin = { ...member.origin(), members: result.members };
      sendJson(response, { origin, memberId: result.member.id } satisfies JoinOptions);
    });
  }
}

function parseReplace(body: string): { readonly clusterId: string; readonly memberId: string } | null {
  let asked: Record<string, unknown>;
  try {
    asked = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { clusterId, memberId } = asked ?? {};
  return typeof clusterId === 'string' && typeof memberId === 'string' ? { clusterId, memberId } : null;
}

function sendVersions(response: ServerResponse, { server, cluster, storage }: Versions): void {
  sendJson(response, { etcdserver: server, etcdcluster: cluster, storage });
}

/** Go writes 64-bit ids as numbers, which JavaScript cannot: they are put in as text. */
function membersJson(members: readonly MemberRecord[]): string {
  const items = members.map(({ id, name, peerUrls, clientUrls, isLearner }) => {
    const learner = isLearner ? { isLearner } : {};
    const published = name === '' ? {} : { name, clientURLs: clientUrls };
    const rest = JSON.stringify({ peerURLs: peerUrls, ...learner, ...published });
    return `{"id":${BigInt(`0x${id}`)},${rest.slice(1)}`;
  });
  return `[${items.join(',')}]\n`;
}
