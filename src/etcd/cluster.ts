/**
 * `etcdserverpb.Cluster`: the list of members and its changes. Its headers carry no revision.
 *
 * etcd checks peer URLs when a member is added only; an update to one that cannot be parsed ends its servers. Here both
 * are refused with the same words.
 */

import type { MemberChange, MemberChangeResult, MemberRecord } from '../member/types.ts';
import type { RpcCall, UnaryReply } from '../rpc/transport.ts';
import {
  decodeMemberAddRequest,
  decodeMemberPromoteRequest,
  decodeMemberRemoveRequest,
  decodeMemberUpdateRequest,
  encodeMemberAddResponse,
  encodeMembersResponse,
} from '../wire/cluster-messages.ts';
import { decodeMemberListRequest, encodeMemberListResponse, type WireMember } from '../wire/cold-messages.ts';
import type { ResponseHeader } from '../wire/messages.ts';
import { idNumber, idText, type ServiceContext } from './context.ts';
import { statusOf } from './errors.ts';
import { type ServiceMethod, type ServiceMethods, unary } from './guard.ts';
import { checkPeerUrls } from './peer-urls.ts';

export function clusterMethods(context: ServiceContext): ServiceMethods {
  return {
    MemberList: listMethod(context),
    MemberAdd: changeMethod(
      context,
      (body, call) => {
        const { peerUrls: texts, isLearner } = decodeMemberAddRequest(body);
        const peerUrls = checkPeerUrls(texts);
        // As in etcd, only who brings URLs is asked who it is.
        const { authorizer } = context;
        if (authorizer.enabled) authorizer.checks.admin(authorizer.callerOf(call));
        return { kind: 'add', peerUrls, isLearner };
      },
      (header, { member, members }) =>
        encodeMemberAddResponse(header, wireMember(member), members.map(wireMember)),
    ),
    MemberRemove: changeMethod(
      context,
      (body) => ({ kind: 'remove', id: idText(decodeMemberRemoveRequest(body)) }),
      (header, { members }) => encodeMembersResponse('Remove', header, members.map(wireMember)),
    ),
    MemberUpdate: changeMethod(
      context,
      (body) => {
        const { id: number, peerUrls } = decodeMemberUpdateRequest(body);
        const id = idText(number);
        // A member that is not there is refused before its URLs, as in etcd.
        const isThere = context.member.members().some((record) => record.id === id);
        return { kind: 'update', id, peerUrls: isThere ? checkPeerUrls(peerUrls) : peerUrls };
      },
      (header, { members }) => encodeMembersResponse('Update', header, members.map(wireMember)),
    ),
    MemberPromote: changeMethod(
      context,
      (body) => ({ kind: 'promote', id: idText(decodeMemberPromoteRequest(body)) }),
      (header, { members }) => encodeMembersResponse('Promote', header, members.map(wireMember)),
    ),
  };
}

/** Who was added as a voter is shown as one, as etcd would, also while it still learns. */
function wireMember({ becomesVoter, ...record }: MemberRecord): WireMember {
  return { ...record, id: idNumber(record.id), isLearner: record.isLearner && becomesVoter !== true };
}

function listMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  const list = (reply: UnaryReply): void => {
    reply(null, encodeMemberListResponse(context.header(0), member.members().map(wireMember)));
  };
  return unary((body, _call, reply) => {
    const { linearizable } = decodeMemberListRequest(body);
    if (linearizable) context.linearized(reply, () => list(reply));
    else list(reply);
  });
}

function changeMethod(
  context: ServiceContext,
  decode: (body: Uint8Array, call: RpcCall) => MemberChange,
  encode: (header: ResponseHeader, result: MemberChangeResult) => Uint8Array,
): ServiceMethod {
  return unary((body, call, reply) => {
    const change = decode(body, call);
    context.member.changeMembers(change, (failure, result) => {
      if (change.kind === 'promote') context.work.countPromotion(failure);
      try {
        if (failure !== null) reply(statusOf(failure), null);
        else reply(null, encode(context.header(0), result!));
      } catch (error) {
        reply(context.statusOf(error), null);
      }
    });
  });
}
