/** `etcdserverpb.Cluster`: the list of members. Its headers carry no revision (etcd §1.13). */

import type { UnaryReply } from '../rpc/transport.ts';
import { decodeMemberListRequest, encodeMemberListResponse } from '../wire/cold-messages.ts';
import { idNumber, type ServiceContext } from './context.ts';
import { type ServiceMethods, unary } from './guard.ts';

export function clusterMethods(context: ServiceContext): ServiceMethods {
  const { member } = context;
  const list = (reply: UnaryReply): void => {
    const members = member.members().map((record) => ({ ...record, id: idNumber(record.id) }));
    reply(null, encodeMemberListResponse(context.header(0), members));
  };
  return {
    MemberList: unary((body, _call, reply) => {
      const { linearizable } = decodeMemberListRequest(body);
      if (linearizable) context.linearized(reply, () => list(reply));
      else list(reply);
    }),
  };
}
