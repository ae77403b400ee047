/**
 * What Go's library and etcd's types say of files and URLs, for commands that have etcdctl's and etcdutl's texts: scripts and
 * tests look for them.
 */

import { UsageError } from './arguments.ts';

const systemTexts: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
  ENOSPC: 'no space left on device',
};

/** Of an error of the file system: `open /x: no such file or directory`. Any other error by its own text. */
export function fileErrorText(error: unknown): string {
  const { code = '', syscall = '', path = '', message } = error as NodeJS.ErrnoException;
  const known = systemTexts[code];
  return known === undefined ? message : `${syscall} ${path}: ${known}`;
}

/**
 * What etcd says of the URLs of a member.
 * @throws UsageError for the first one that is none
 */
export function checkPeerUrls(urls: readonly string[]): void {
  for (const url of urls.map((text) => text.trim())) {
    const refuse = (what: string): UsageError => new UsageError(`${what}: ${url}`, 1);
    const [, scheme, rest = ''] = /^([a-zA-Z][\w+.-]*):\/\/(.*)$/.exec(url) ?? [];
    if (scheme === undefined || !['http', 'https', 'unix', 'unixs'].includes(scheme)) {
      throw refuse('URL scheme must be http, https, unix, or unixs');
    }
    if (scheme.startsWith('unix')) continue;
    if (!/^(\[.*\]|[^/:]*):[^/:]*(\/|$)/.test(rest)) {
      throw refuse('URL address does not have the form "host:port"');
    }
    if (rest.includes('/')) throw refuse('URL must not contain a path');
  }
}
