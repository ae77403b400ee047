/**
 * Codecs of `etcdserverpb.Auth`: requests and responses as clients see them, and operations as they stand in the log.
 *
 *     operation in the log:  | code u8 | the request's message, without its password |
 *
 * The one message that etcd has no public contract for is the authentication in the log: 1 name, 2 prefix, 3 auth
 * revision. Codes are on disk: never reuse one.
 */

import type {
  AuthenticateOperation,
  AuthKind,
  AuthOperation,
  AuthRequest,
  AuthResults,
  WirePermission,
} from './auth-messages.ts';
import { decodeCold, encodeCold } from './cold-codec.ts';
import { coldHeader } from './cold-messages.ts';
import type { ResponseHeader } from './messages.ts';
import { malformed, Reader } from './proto-reader.ts';
import { Writer } from './proto-writer.ts';

/** In the order of the service; the place in the list is the code in the log. */
const kinds: readonly AuthKind[] = [
  'enable',
  'disable',
  'status',
  'authenticate',
  'userAdd',
  'userGet',
  'userList',
  'userDelete',
  'userChangePassword',
  'userGrantRole',
  'userRevokeRole',
  'roleAdd',
  'roleGet',
  'roleList',
  'roleDelete',
  'roleGrantPermission',
  'roleRevokePermission',
];

/** The method of the service behind each kind; its messages are called after it. */
export const authMethodNames: Readonly<Record<AuthKind, string>> = {
  enable: 'AuthEnable',
  disable: 'AuthDisable',
  status: 'AuthStatus',
  authenticate: 'Authenticate',
  userAdd: 'UserAdd',
  userGet: 'UserGet',
  userList: 'UserList',
  userDelete: 'UserDelete',
  userChangePassword: 'UserChangePassword',
  userGrantRole: 'UserGrantRole',
  userRevokeRole: 'UserRevokeRole',
  roleAdd: 'RoleAdd',
  roleGet: 'RoleGet',
  roleList: 'RoleList',
  roleDelete: 'RoleDelete',
  roleGrantPermission: 'RoleGrantPermission',
  roleRevokePermission: 'RoleRevokePermission',
};

export const authKinds: readonly AuthKind[] = kinds;

interface ColdPermission {
  readonly permType: number;
  readonly key: Uint8Array;
  readonly range_end: Uint8Array;
}

/** Every field that a request of the service has, under its name there. */
interface ColdRequest {
  readonly name: string;
  readonly user: string;
  readonly role: string;
  readonly password: string;
  readonly hashedPassword: string;
  readonly options: { readonly no_password: boolean } | null;
  readonly perm: ColdPermission | null;
  readonly key: Uint8Array;
  readonly range_end: Uint8Array;
}

function messageName(kind: AuthKind, end: 'Request' | 'Response'): string {
  const method = authMethodNames[kind];
  return `etcdserverpb.${method.startsWith('Auth') ? '' : 'Auth'}${method}${end}`;
}

function coldPermission({ type, key, rangeEnd }: WirePermission): ColdPermission {
  return { permType: type, key, range_end: rangeEnd };
}

function wirePermission({ permType, key, range_end }: ColdPermission): WirePermission {
  return { type: permType, key, rangeEnd: range_end };
}

/** @throws Failure 'malformedRequest'. Bytes fields are views on `bytes`. */
export function decodeAuthRequest(kind: AuthKind, bytes: Uint8Array): AuthRequest {
  return requestOf(kind, decodeCold<ColdRequest>(messageName(kind, 'Request'), bytes));
}

function requestOf(kind: AuthKind, cold: ColdRequest): AuthRequest {
  const { name, role, password, hashedPassword, key } = cold;
  switch (kind) {
    case 'authenticate':
      return { kind, name, password };
    case 'userAdd':
      return { kind, name, password, noPassword: cold.options?.no_password === true };
    case 'userChangePassword':
      return { kind, name, password, hashedPassword };
    case 'userGet':
    case 'userDelete':
      return { kind, name };
    case 'userGrantRole':
      return { kind, name: cold.user, role };
    case 'userRevokeRole':
      return { kind, name, role };
    case 'roleAdd':
      return { kind, role: name };
    case 'roleGet':
    case 'roleDelete':
      return { kind, role };
    case 'roleGrantPermission':
      return { kind, role: name, permission: cold.perm === null ? null : wirePermission(cold.perm) };
    case 'roleRevokePermission':
      return { kind, role, key, rangeEnd: cold.range_end };
    default:
      return { kind };
  }
}

/** The request's message; a client's end. */
export function encodeAuthRequest(request: AuthRequest): Uint8Array {
  return encodeCold(messageName(request.kind, 'Request'), fieldsOf(request));
}

function fieldsOf(message: AuthRequest | Exclude<AuthOperation, AuthenticateOperation>): object {
  switch (message.kind) {
    case 'authenticate':
      return { name: message.name, password: message.password };
    case 'userAdd': {
      const { name, noPassword } = message;
      const secret =
        'password' in message ? { password: message.password } : { hashedPassword: message.hashedPassword };
      return { name, ...secret, options: { no_password: noPassword } };
    }
    case 'userChangePassword': {
      const { name, hashedPassword } = message;
      return 'password' in message
        ? { name, password: message.password, hashedPassword }
        : { name, hashedPassword };
    }
    case 'userGet':
    case 'userDelete':
      return { name: message.name };
    case 'userGrantRole':
      return { user: message.name, role: message.role };
    case 'userRevokeRole':
      return { name: message.name, role: message.role };
    case 'roleAdd':
      return { name: message.role };
    case 'roleGet':
    case 'roleDelete':
      return { role: message.role };
    case 'roleGrantPermission': {
      const { role, permission } = message;
      return { name: role, perm: permission === null ? null : coldPermission(permission) };
    }
    case 'roleRevokePermission':
      return { role: message.role, key: message.key, range_end: message.rangeEnd };
    default:
      return {};
  }
}

/** An operation as it stands in the log. */
export function encodeAuthOperation(operation: AuthOperation): Uint8Array {
  const message =
    operation.kind === 'authenticate'
      ? encodeAuthentication(operation)
      : encodeCold(messageName(operation.kind, 'Request'), fieldsOf(operation));
  const bytes = new Uint8Array(1 + message.length);
  bytes[0] = kinds.indexOf(operation.kind) + 1;
  bytes.set(message, 1);
  return bytes;
}

/** @throws Failure 'malformedRequest' when the bytes are none of `encodeAuthOperation`. */
export function decodeAuthOperation(bytes: Uint8Array): AuthOperation {
  const kind = kinds[(bytes[0] ?? 0) - 1];
  if (kind === undefined) throw malformed(`no auth operation has the code ${bytes[0]}`);
  const message = bytes.subarray(1);
  if (kind === 'authenticate') return decodeAuthentication(message);
  const cold = decodeCold<ColdRequest>(messageName(kind, 'Request'), message);
  const { name, hashedPassword } = cold;
  if (kind === 'userAdd') {
    return { kind, name, hashedPassword, noPassword: cold.options?.no_password === true };
  }
  if (kind === 'userChangePassword') return { kind, name, hashedPassword };
  return requestOf(kind, cold) as AuthOperation;
}

function encodeAuthentication({ name, prefix, checkedRevision }: AuthenticateOperation): Uint8Array {
  const writer = new Writer();
  writer.int64Field(3, checkedRevision);
  writer.stringField(2, prefix);
  writer.stringField(1, name);
  return writer.finish();
}

function decodeAuthentication(bytes: Uint8Array): AuthenticateOperation {
  const reader = new Reader(bytes);
  let name = '';
  let prefix = '';
  let checkedRevision = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.string();
    else if (tag === 0x12) prefix = reader.string();
    else if (tag === 0x18) checkedRevision = reader.int64();
    else reader.skip(tag, 3);
  }
  return { kind: 'authenticate', name, prefix, checkedRevision };
}

/** What a response holds besides its header. */
export type AuthAnswers = Omit<AuthResults, 'authenticate'> & {
  readonly authenticate: { readonly token: string };
};

export type AuthAnswer = AuthAnswers[AuthKind];

/** @param answer that of the kind */
export function encodeAuthResponse(kind: AuthKind, header: ResponseHeader, answer: AuthAnswer): Uint8Array {
  return encodeCold(messageName(kind, 'Response'), { header: coldHeader(header), ...bodyOf(kind, answer) });
}

function bodyOf(kind: AuthKind, answer: AuthAnswer): object {
  switch (kind) {
    case 'status':
      return answer as AuthAnswers['status'];
    case 'authenticate':
      return answer as AuthAnswers['authenticate'];
    case 'userGet':
    case 'roleList':
      return { roles: answer };
    case 'userList':
      return { users: answer };
    case 'roleGet':
      return { perm: (answer as AuthAnswers['roleGet']).map(coldPermission) };
    default:
      return {};
  }
}
