/** Who decides about requests: reviews and tokens are answered by the same. */

import type { ServiceAccountTokens } from './service-account-tokens.ts';
import type { Authenticator, Authorizer } from './types.ts';

export interface Access {
  /** All of them, that of `tokens` among them, in the order in which they are asked. */
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountTokens;
}
