/** Which peer URLs etcd takes: `http://host:port`, `https://host:port`, and Unix sockets; nothing behind them. */

import { Failure } from '../util/failure.ts';

/** Host and port, the port perhaps empty; an IPv6 address stands in brackets. */
const hostAndPort = /^(\[[^\][/?#@\s]*\]|[^\][:/?#@\s]*):\d{0,5}$/;
const url = /^(https?|unixs?):\/\/(.*)$/i;
const largestPort = 65535;

function isPeerUrl(text: string): boolean {
  const [, scheme, rest] = url.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return false;
  if (/^unix/i.test(scheme)) return rest !== '' && !/\s/.test(rest);
  return hostAndPort.test(rest) && Number(rest.slice(rest.lastIndexOf(':') + 1)) <= largestPort;
}

/**
 * The URLs as etcd keeps them: trimmed and sorted.
 * @throws Failure 'memberUrlsInvalid' when there is none, or one that is not such a URL
 */
export function checkPeerUrls(texts: readonly string[]): readonly string[] {
  const urls = texts.map((text) => text.trim());
  if (urls.length === 0 || !urls.every(isPeerUrl)) throw new Failure('memberUrlsInvalid');
  return urls.sort();
}
