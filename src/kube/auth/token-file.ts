/**
 * The file of `--token-auth-file`: a line of CSV per user, `token,user,uid,"group1,group2"`; uid and groups may be missing,
 * lines that begin with `#` are comments.
 */

import type { UserInfo } from '../api/user.ts';

/** Fields of a line; a field in quotes may hold commas, and quotes twice. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  const pattern = /(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g;
  for (const [, quoted, plain = ''] of line.matchAll(pattern)) {
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
  }
  return fields;
}

/** @returns token to user @throws Error that names the line */
export function parseTokenFile(text: string): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  text.split(/\r?\n/).forEach((line, at) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const [token = '', username = '', uid, groups = ''] = fieldsOf(line);
    if (uid === undefined) {
      throw new Error(`line ${at + 1}: expected at least 3 columns (token, user name, user uid)`);
    }
    if (token === '' || username === '') throw new Error(`line ${at + 1}: the token or the user is empty`);
    const named = groups
      .split(',')
      .map((group) => group.trim())
      .filter((group) => group !== '' && group !== 'system:authenticated');
    users.set(token, { username, uid, groups: [...named, 'system:authenticated'], extra: {} });
  });
  return users;
}
