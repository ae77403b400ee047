/**
 * How users and roles stand on the backend: as `authpb.User` and `authpb.Role`, as they do in etcd, so that a snapshot in
 * etcd's form takes them as they are.
 *
 *     'ue'           one byte, 1 while auth is enabled
 *     'uv'           the auth revision, 8 bytes big endian
 *     'uu' name      authpb.User         names as UTF-8 bytes
 *     'ur' name      authpb.Role
 */

import { decodeCold, encodeCold } from '../wire/cold-codec.ts';
import { binaryString, bytesOf, nameBytes } from './names.ts';
import type { Permission, Role, User } from './types.ts';

export const enabledKey = 'ue';
export const revisionKey = 'uv';
const userTable = 'uu';
const roleTable = 'ur';
/** All of this room's keys: from and to. */
export const authTable: readonly [string, string] = ['u', 'v'];

export function userKey(name: string): string {
  return userTable + nameBytes(name);
}

export function roleKey(name: string): string {
  return roleTable + nameBytes(name);
}

export function isUserKey(key: string): boolean {
  return key.startsWith(userTable);
}

export function isRoleKey(key: string): boolean {
  return key.startsWith(roleTable);
}

interface ColdUser {
  readonly name: Uint8Array;
  readonly password: Uint8Array;
  readonly roles: readonly string[];
  /** Null in data of an etcd before 3.4. */
  readonly options: { readonly no_password: boolean } | null;
}

interface ColdRole {
  readonly name: Uint8Array;
  readonly keyPermission: readonly {
    readonly permType: number;
    readonly key: Uint8Array;
    readonly range_end: Uint8Array;
  }[];
}

export function encodeUser({ name, password, roles, noPassword }: User): Uint8Array {
  return encodeCold('authpb.User', {
    name: Buffer.from(name, 'utf8'),
    password: bytesOf(password),
    roles,
    options: { no_password: noPassword },
  });
}

export function decodeUser(bytes: Uint8Array): User {
  const { name, password, roles, options } = decodeCold<ColdUser>('authpb.User', bytes);
  return {
    name: Buffer.from(name).toString('utf8'),
    password: binaryString(password),
    roles,
    noPassword: options?.no_password === true,
  };
}

export function encodeRole({ name, permissions }: Role): Uint8Array {
  return encodeCold('authpb.Role', {
    name: Buffer.from(name, 'utf8'),
    keyPermission: permissions.map(({ type, key, rangeEnd }) => ({
      permType: type,
      key: bytesOf(key),
      range_end: bytesOf(rangeEnd),
    })),
  });
}

export function decodeRole(bytes: Uint8Array): Role {
  const { name, keyPermission } = decodeCold<ColdRole>('authpb.Role', bytes);
  const permissions = keyPermission.map(
    ({ permType, key, range_end }): Permission => ({
      type: permType,
      key: binaryString(key),
      rangeEnd: binaryString(range_end),
    }),
  );
  return { name: Buffer.from(name).toString('utf8'), permissions };
}

export function encodeRevision(revision: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(revision));
  return bytes;
}

export function decodeRevision(bytes: Uint8Array): number {
  return Number(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigUInt64BE());
}
