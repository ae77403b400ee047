/** auth …, user … and role …. */

import { EtcdError, prefixEnd } from '../../client/index.ts';
import { exitBadArgs, flag, text, UsageError } from './arguments.ts';
import { quoted } from './go-text.ts';
import { InputLines } from './input-lines.ts';
import { rangeOf } from './kv-requests.ts';
import type { Header, Permission } from './messages.ts';
import { field, headerFields } from './print-kv.ts';
import { type Answer, type CtlCommand, type CtlCommands, type Session, unsupported } from './session.ts';

interface Plain {
  readonly header: Header | null;
}

interface RoleGot extends Plain {
  readonly perm: readonly Permission[];
}

const permissionNames: readonly string[] = ['READ', 'WRITE', 'READWRITE'];

/** The arguments, of which there must be so many. @throws UsageError */
function take(session: Session, count: number, refusal: string): string[] {
  if (session.words.length !== count) throw new UsageError(refusal, exitBadArgs);
  return [...session.words];
}

function call<T extends object = Plain>(
  session: Session,
  method: string,
  request: object,
): Promise<Answer<T>> {
  const message = method.startsWith('Auth') ? method : `Auth${method}`;
  const isRead = /Get$|List$|Status$/.test(method);
  return session.call<T>('Auth', method, request, { message, effect: isRead ? 'read' : 'write' });
}

function show(session: Session, answer: Answer<Plain>, simple: string): void {
  const { header } = answer.message;
  session.show(
    session.forms(
      answer,
      () => simple,
      () => headerFields(header).join('\n'),
    ),
  );
}

/** A change that takes names and says so in a line. */
function change(
  method: string,
  usage: string,
  summary: string,
  names: readonly string[],
  said: (...given: string[]) => string,
): CtlCommand {
  return {
    usage,
    summary,
    run: async (session) => {
      const refusal = `${usage.split(' ').slice(0, 2).join(' ')} command requires ${usage.replace(/^[a-z-]+ [a-z-]+ /, '')} as its argument`;
      const given = take(session, names.length, refusal);
      const request = Object.fromEntries(names.map((name, at) => [name, given[at]!]));
      show(session, await call(session, method, request), said(...given));
      return undefined;
    },
  };
}

const authEnable: CtlCommand = {
  usage: 'auth enable',
  summary: 'Enables authentication',
  run: async (session) => {
    take(session, 0, 'auth enable command does not accept any arguments');
    let answer: Answer<Plain>;
    try {
      answer = await call(session, 'AuthEnable', {});
    } catch (error) {
      if (!(error instanceof EtcdError && error.reason === 'rootRoleMissing')) throw error;
      // As etcdctl does: the user is there, the role is made and granted.
      const ignoreExisting = (problem: unknown): void => {
        if (!(problem instanceof EtcdError && problem.reason === 'roleExists')) throw problem;
      };
      await call(session, 'RoleAdd', { name: 'root' }).catch(ignoreExisting);
      await call(session, 'UserGrantRole', { user: 'root', role: 'root' });
      answer = await call(session, 'AuthEnable', {});
    }
    show(session, answer, 'Authentication Enabled');
    return undefined;
  },
};

const authDisable: CtlCommand = {
  usage: 'auth disable',
  summary: 'Disables authentication',
  run: async (session) => {
    take(session, 0, 'auth disable command does not accept any arguments');
    show(session, await call(session, 'AuthDisable', {}), 'Authentication Disabled');
    return undefined;
  },
};

const authStatus: CtlCommand = {
  usage: 'auth status',
  summary: 'Returns authentication status',
  run: async (session) => {
    take(session, 0, 'auth status command does not accept any arguments');
    const answer = await call<Plain & { enabled: boolean; authRevision: bigint }>(session, 'AuthStatus', {});
    const { header, enabled, authRevision } = answer.message;
    session.show(
      session.forms(
        answer,
        () => `Authentication Status: ${enabled}\nAuthRevision: ${authRevision}`,
        () =>
          [...headerFields(header), field('Enabled', enabled), field('AuthRevision', authRevision)].join(
            '\n',
          ),
      ),
    );
    return undefined;
  },
};

/**
 * A new password: asked for twice at a terminal; elsewhere, or with `--interactive=false`, the first word of the input.
 * @throws UsageError
 */
async function newPassword(session: Session, user: string): Promise<string> {
  if (!session.isSet('interactive') || session.io.askHidden === undefined) {
    const line = (await new InputLines(session.io.input, true).next()) ?? '';
    return /\S+/.exec(line)?.[0] ?? '';
  }
  const password = await session.askPassword(`Password of ${user}: `);
  if (password === '') throw new UsageError('empty password', exitBadArgs);
  const again = await session.askPassword(`Type password of ${user} again for confirmation: `);
  if (again !== password) throw new UsageError('given passwords are different', exitBadArgs);
  return password;
}

const userAdd: CtlCommand = {
  usage: 'user add <user name or user:password> [options]',
  summary: 'Adds a new user',
  flags: {
    interactive: { kind: 'switch', initial: true, help: 'read the password from the terminal' },
    'new-user-password': text('Supply password from the command line flag'),
    'no-password': flag('Create a user without password (CN based auth only)'),
  },
  run: async (session) => {
    const [given = ''] = take(session, 1, 'user add command requires user name as its argument');
    const options = { no_password: session.isSet('no-password') };
    const flagged = session.text('new-user-password');
    const cut = given.indexOf(':');
    let name = given;
    let password = '';
    if (!options.no_password) {
      if (flagged !== '') password = flagged;
      else if (cut === -1) password = await newPassword(session, given);
      else [name, password] = [given.slice(0, cut), given.slice(cut + 1)];
      if (name === '') throw new UsageError('empty user name is not allowed', exitBadArgs);
    }
    show(session, await call(session, 'UserAdd', { name, password, options }), `User ${name} created`);
    return undefined;
  },
};

const userPasswd: CtlCommand = {
  usage: 'user passwd <user name> [options]',
  summary: 'Changes password of user',
  flags: { interactive: { kind: 'switch', initial: true, help: 'read the password from the terminal' } },
  run: async (session) => {
    const [name = ''] = take(session, 1, 'user passwd command requires user name as its argument');
    const password = await newPassword(session, name);
    show(session, await call(session, 'UserChangePassword', { name, password }), 'Password updated');
    return undefined;
  },
};

function roleText(name: string, permissions: readonly Permission[]): string {
  const shown = ({ key, range_end: end }: Permission): string => {
    const from = Buffer.from(key).toString();
    if (end.length === 0) return `\t${from}`;
    const to = Buffer.from(end).toString();
    const range = to === '\0' ? `[${from}, <open ended>` : `[${from}, ${to})`;
    const isPrefix = key.length > 0 && Buffer.compare(prefixEnd(key), end) === 0;
    return `\t${range}${isPrefix ? ` (prefix ${from})` : ''}`;
  };
  const write = permissionNames.indexOf('WRITE');
  const reads = permissions.filter(({ permType }) => permType !== write).map(shown);
  const writes = permissions.filter(({ permType }) => permType >= write).map(shown);
  return [`Role ${name}`, 'KV Read:', ...reads, 'KV Write:', ...writes].join('\n');
}

async function showRole(session: Session, role: string): Promise<void> {
  const answer = await call<RoleGot>(session, 'RoleGet', { role });
  const { header, perm } = answer.message;
  session.show(
    session.forms(
      answer,
      () => roleText(role, perm),
      () =>
        [
          ...headerFields(header),
          ...perm.flatMap(({ permType, key, range_end: end }) => [
            `"PermType" :  ${permissionNames[permType] ?? permType}`,
            field('Key', quoted(key)),
            field('RangeEnd', quoted(end)),
          ]),
        ].join('\n'),
    ),
  );
}

const userGet: CtlCommand = {
  usage: 'user get <user name> [options]',
  summary: 'Gets detailed information of a user',
  flags: { detail: flag('Show permissions of roles granted to the user') },
  run: async (session) => {
    const [name = ''] = take(session, 1, 'user get command requires user name as its argument');
    const answer = await call<{ roles: readonly string[] }>(session, 'UserGet', { name });
    const { roles } = answer.message;
    if (session.isSet('detail')) {
      session.io.out(`User: ${name}\n`);
      for (const role of roles) {
        session.io.out('\n');
        await showRole(session, role);
      }
      return undefined;
    }
    if (session.format === 'fields') throw unsupported('fields');
    session.show(
      session.forms(answer, () => `User: ${name}\nRoles:${roles.map((role) => ` ${role}`).join('')}`),
    );
    return undefined;
  },
};

const userList: CtlCommand = {
  usage: 'user list',
  summary: 'Lists all users',
  run: async (session) => {
    take(session, 0, 'user list command requires no arguments');
    const answer = await call<Plain & { users: readonly string[] }>(session, 'UserList', {});
    const { users } = answer.message;
    session.show(session.forms(answer, () => users.join('\n')));
    return undefined;
  },
};

const roleList: CtlCommand = {
  usage: 'role list',
  summary: 'Lists all roles',
  run: async (session) => {
    take(session, 0, 'role list command requires no arguments');
    const answer = await call<Plain & { roles: readonly string[] }>(session, 'RoleList', {});
    const { header, roles } = answer.message;
    const named = roles.map((role) => JSON.stringify(role)).join(' ');
    const fields = (): string => [...headerFields(header), `"Roles" : ${named}`].join('\n');
    session.show(session.forms(answer, () => roles.join('\n'), fields));
    return undefined;
  },
};

const roleGet: CtlCommand = {
  usage: 'role get <role name>',
  summary: 'Gets detailed information of a role',
  run: async (session) => {
    const [role = ''] = take(session, 1, 'role get command requires role name as its argument');
    await showRole(session, role);
    return undefined;
  },
};

const rangeFlags = {
  prefix: flag('the permission is about all keys with this prefix'),
  'from-key': flag('the permission is about all keys from this one on'),
};

const roleGrant: CtlCommand = {
  usage: 'role grant-permission [options] <role name> <permission type> <key> [endkey]',
  summary: 'Grants a key to a role',
  flags: rangeFlags,
  run: async (session) => {
    const [role, type, key, end] = session.words;
    if (role === undefined || type === undefined || key === undefined) {
      const needs =
        'role grant command requires role name, permission type, and key [endkey] as its argument';
      throw new UsageError(needs, exitBadArgs);
    }
    const permType = permissionNames.indexOf(type.toUpperCase());
    if (permType === -1) throw new UsageError(`invalid permission type: ${type}`, exitBadArgs);
    const perm = { permType, ...rangeOf(session, key, end) };
    show(session, await call(session, 'RoleGrantPermission', { name: role, perm }), `Role ${role} updated`);
    return undefined;
  },
};

const roleRevoke: CtlCommand = {
  usage: 'role revoke-permission <role name> <key> [endkey]',
  summary: 'Revokes a key from a role',
  flags: rangeFlags,
  run: async (session) => {
    const [role, given, givenEnd] = session.words;
    if (role === undefined || given === undefined) {
      const needs = 'role revoke-permission command requires role name and key [endkey] as its argument';
      throw new UsageError(needs, exitBadArgs);
    }
    const { key, range_end: end } = rangeOf(session, given, givenEnd);
    const answer = await call(session, 'RoleRevokePermission', { role, key, range_end: end });
    // As it was given: an empty key stands for the first one.
    const [from, to] = [given, Buffer.from(end).toString()];
    const what =
      end.length === 0
        ? `key ${from}`
        : to === '\0'
          ? `range [${from}, <open ended>`
          : `range [${from}, ${to})`;
    show(session, answer, `Permission of ${what} is revoked from role ${role}`);
    return undefined;
  },
};

export const authCommands: CtlCommands = {
  'auth enable': authEnable,
  'auth disable': authDisable,
  'auth status': authStatus,
  'user add': userAdd,
  'user get': userGet,
  'user list': userList,
  'user passwd': userPasswd,
  'user delete': change(
    'UserDelete',
    'user delete <user name>',
    'Deletes a user',
    ['name'],
    (name) => `User ${name} deleted`,
  ),
  'user grant-role': change(
    'UserGrantRole',
    'user grant-role <user name> <role name>',
    'Grants a role to a user',
    ['user', 'role'],
    (user, role) => `Role ${role} is granted to user ${user}`,
  ),
  'user revoke-role': change(
    'UserRevokeRole',
    'user revoke-role <user name> <role name>',
    'Revokes a role from a user',
    ['name', 'role'],
    (user, role) => `Role ${role} is revoked from user ${user}`,
  ),
  'role add': change(
    'RoleAdd',
    'role add <role name>',
    'Adds a new role',
    ['name'],
    (role) => `Role ${role} created`,
  ),
  'role get': roleGet,
  'role list': roleList,
  'role delete': change(
    'RoleDelete',
    'role delete <role name>',
    'Deletes a role',
    ['role'],
    (role) => `Role ${role} deleted`,
  ),
  'role grant-permission': roleGrant,
  'role revoke-permission': roleRevoke,
};
