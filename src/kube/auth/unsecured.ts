/**
 * Who comes without credentials to a port that asks for none: an administrator, as on the plain port that kube-apiserver once
 * had. Asked last, so that a token that is known to nobody is refused all the same.
 */

import type { UserInfo } from '../api/user.ts';
import { bearerToken } from './static-tokens.ts';
import type { Authenticator } from './types.ts';

const unsecuredUser: UserInfo = {
  username: 'system:unsecured',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
};

export const unsecured: Authenticator = {
  async authenticate(request) {
    return bearerToken(request) === '' ? unsecuredUser : null;
  },
};
