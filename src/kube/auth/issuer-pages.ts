/** Where others find the public keys of service account tokens (OpenID Connect Discovery 1.0 §4). */

import type { PageHandler } from '../http/handler.ts';
import type { ApiAnswer } from '../http/types.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const keySetPath = '/openid/v1/jwks';

function page(type: string, value: object): ApiAnswer {
  return { type: 'bytes', code: 200, headers: { 'content-type': type }, body: JSON.stringify(value) };
}

/** @param address gives where this server is reached, `https://127.0.0.1:6443` */
export function issuerPages(tokens: ServiceAccountTokens, address: () => string): PageHandler {
  return (request) => {
    if (request.method !== 'GET') return null;
    if (request.path === keySetPath) return page('application/jwk-set+json', tokens.keySet);
    if (request.path !== '/.well-known/openid-configuration') return null;
    return page('application/json', {
      issuer: tokens.issuer,
      jwks_uri: address() + keySetPath,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: tokens.algorithms,
    });
  };
}
