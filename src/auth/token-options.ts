/**
 * etcd's `--auth-token`: `simple`, or `jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256,ttl=5m`, or nothing for no tokens.
 */

import { Failure } from '../util/failure.ts';
import { goDurationMs } from '../util/go-duration.ts';
import type { Clock, Logger, Random } from '../util/runtime.ts';
import { JwtTokens } from './jwt.ts';
import { jwtKey } from './jwt-key.ts';
import { SimpleTokens } from './simple-tokens.ts';
import { noTokens, type Tokens } from './tokens.ts';

export interface TokenOptions {
  /** The text of `--auth-token`. @default 'simple' */
  readonly spec: string;
  /** `--auth-token-ttl` in milliseconds, for simple tokens. @default 300000 */
  readonly simpleTtlMs: number;
  /** The content of a key file. */
  readonly readFile: (path: string) => Uint8Array;
}

/** What tokens need of the world. */
export interface TokenWorld {
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  readonly random: Random;
  readonly log: Pick<Logger, 'warn'>;
}

const defaultJwtTtlMs = 300_000;
const jwtOptions = ['sign-method', 'pub-key', 'priv-key', 'ttl'];

function bad(detail: string): Failure {
  return new Failure('badConfig', `auth-token: ${detail}`);
}

/** @throws Failure 'badConfig' saying what is wrong with the option */
export function openTokens(options: TokenOptions, world: TokenWorld): Tokens {
  const [kind, ...settings] = options.spec.split(',');
  if (kind === '') return noTokens;
  if (kind === 'simple') {
    pairsOf(settings);
    return new SimpleTokens(world.clock, world.random, options.simpleTtlMs);
  }
  if (kind !== 'jwt') throw bad(`the kind must be simple or jwt, not ${JSON.stringify(kind)}`);
  return openJwt(pairsOf(settings), options.readFile, world);
}

function pairsOf(settings: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const setting of settings) {
    const [name, value, ...more] = setting.split('=');
    if (value === undefined || more.length > 0)
      throw bad(`${JSON.stringify(setting)} is not of the form name=value`);
    if (pairs.has(name!)) throw bad(`${name} is given twice`);
    pairs.set(name!, value);
  }
  return pairs;
}

function openJwt(
  pairs: ReadonlyMap<string, string>,
  readFile: (path: string) => Uint8Array,
  { clock, log }: TokenWorld,
): Tokens {
  const unknown = [...pairs.keys()].filter((name) => !jwtOptions.includes(name));
  if (unknown.length > 0) log.warn('unknown options of auth-token are ignored', { options: unknown });
  const file = (name: string): Uint8Array | null => {
    const path = pairs.get(name) ?? '';
    if (path === '') return null;
    try {
      return readFile(path);
    } catch (error) {
      throw new Failure('badConfig', `auth-token: ${name} ${path} cannot be read`, { cause: error });
    }
  };
  const ttl = pairs.get('ttl') ?? '';
  const ttlMs = ttl === '' ? defaultJwtTtlMs : goDurationMs(ttl);
  if (ttlMs === null) throw bad(`ttl must be a duration such as 5m, not ${JSON.stringify(ttl)}`);
  const key = jwtKey(pairs.get('sign-method') ?? '', file('pub-key'), file('priv-key'));
  return new JwtTokens(clock, key, ttlMs);
}
