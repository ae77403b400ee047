/** Whether the caller that an entry names may do what it asks: decided when it is applied, on every member alike. */

import type { Auth } from '../auth/auth.ts';
import type { Caller } from '../auth/types.ts';
import { decodeDeleteRangeRequest, decodePutRequest, decodeTxnRequest } from '../wire/kv-codec.ts';
import { decodeLeaseRevokeRequest } from '../wire/lease-codec.ts';
import type { DeleteRangeRequest, PutRequest, TxnRequest } from '../wire/messages.ts';
import { RequestKind } from './types.ts';

/** @throws Failure 'userNameEmpty', 'authRevisionOld', 'permissionDenied', 'userNotFound' */
export function checkPermission(
  auth: Auth,
  { user, revision }: Caller,
  kind: RequestKind,
  body: Uint8Array,
  decoded: unknown,
): void {
  switch (kind) {
    case RequestKind.Put:
      auth.applyCheck(user, revision, 'put', (decoded as PutRequest | null) ?? decodePutRequest(body));
      return;
    case RequestKind.DeleteRange: {
      const request = (decoded as DeleteRangeRequest | null) ?? decodeDeleteRangeRequest(body);
      auth.applyCheck(user, revision, 'deleteRange', request);
      return;
    }
    case RequestKind.Txn:
      auth.applyCheck(user, revision, 'txn', (decoded as TxnRequest | null) ?? decodeTxnRequest(body));
      return;
    case RequestKind.LeaseRevoke: {
      const id = (decoded as bigint | null) ?? decodeLeaseRevokeRequest(body);
      auth.applyCheck(user, revision, 'leaseRevoke', { id });
      return;
    }
    case RequestKind.LeaseGrant:
    case RequestKind.AlarmGet:
      auth.applyCheck(user, revision, 'named', null);
      return;
    case RequestKind.Auth:
      // Its own operations decide themselves.
      return;
    default:
      auth.applyCheck(user, revision, 'admin', null);
      return;
  }
}
