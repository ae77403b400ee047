/**
 * What the peer port answers over HTTP: `/version` and `/members` as etcd does, and `/keelson/cluster` for members that
 * join.
 */

import type { ServerResponse } from 'node:http';
import type { ClusterOrigin, MemberRecord } from '../member/types.ts';
import type { HttpHandler } from '../rpc/http1.ts';
import type { Versions } from './handler.ts';
import { sendError, sendJson } from './respond.ts';

export interface PeerMember {
  readonly clusterId: string;
  readonly term: number;
  members(): readonly MemberRecord[];
  origin(): ClusterOrigin;
}

/** @param find null while the member is not open yet */
export function peerHandler(find: () => PeerMember | null, versions: () => Versions): HttpHandler {
  return (request, response) => {
    const member = find();
    const { pathname } = new URL(request.url ?? '/', 'http://peer');
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
