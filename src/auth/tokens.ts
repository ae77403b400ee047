/**
 * What a client shows instead of its password. A kind of token is one implementation; which one is in use is the member's
 * option, not part of the replicated state, and should be the same on all members.
 *
 * A token is a secret: it is in no log line, no error text and, but for the random part of a simple one, in no log entry.
 */

import { Failure } from '../util/failure.ts';
import type { AuthEffects, Caller } from './types.ts';

export interface Tokens extends AuthEffects {
  /**
   * The random part of a new token, for the log; empty when it has none.
   * @throws Failure 'tokenVerifyOnly', 'authFailed' when no token can be made here
   */
  newPrefix(): string;
  /**
   * The token of a user whose authentication stands in the log at `index`.
   * @param authRevision at that entry
   */
  issue(user: string, prefix: string, index: number, authRevision: number): string;
  /** The index of the log that must be applied here before the token can be judged; 0 when it can be judged at once. */
  awaits(token: string): number;
  /**
   * Who holds the token; null when it is no token of ours, or not any more.
   * @param authRevision of the state as applied here
   */
  judge(token: string, authRevision: number): Caller | null;
  /** Forgets every token that lives in memory: the state was replaced by one from elsewhere. */
  forget(): void;
}

/** Nobody is let in by a token: etcd's `--auth-token ''`. Certificates go on working. */
export const noTokens: Tokens = {
  newPrefix: (): string => {
    throw new Failure('authFailed');
  },
  issue: (): string => {
    throw new Failure('authFailed');
  },
  awaits: () => 0,
  judge: () => null,
  forget: () => {},
  authenticated: () => {},
  userChanged: () => {},
  disabled: () => {},
};
