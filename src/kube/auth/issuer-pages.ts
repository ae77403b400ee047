/** Where others find the public keys of service account tokens (OpenID Connect Discovery 1.0 §4). */

import { methodNotAllowed, noRepresentation } from '../api/status.ts';
import type { PageHandler } from '../http/handler.ts';
import type { ApiAnswer } from '../http/types.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const keySetPath = '/openid/v1/jwks';
const configurationPath = '/.well-known/openid-configuration';
const keySetType = 'application/jwk-set+json';

function accepts(header: string, type: string): boolean {
  const ranges = header.split(',').map((range) => range.split(';')[0]!.trim());
  return header === '' || ranges.some((range) => range === '*/*' || range === type);
}

function page(type: string, value: object): ApiAnswer {
  return {
    type: 'bytes',
    code: 200,
    headers: { 'content-type': type, 'cache-control': 'public, max-age=3600' },
    body: JSON.stringify(value),
  };
}

/** @param address gives where this server is reached, `https://127.0.0.1:6443` */
export function issuerPages(tokens: ServiceAccountTokens, address: () => string): PageHandler {
  const documents: Readonly<Record<string, () => ApiAnswer>> = {
    [keySetPath]: () => page(keySetType, tokens.keySet),
    [configurationPath]: () =>
      page('application/json', {
        issuer: tokens.issuer,
        jwks_uri: address() + keySetPath,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: tokens.algorithms,
      }),
  };
  return (request) => {
    if (!Object.hasOwn(documents, request.path)) return null;
    if (request.method !== 'GET') throw methodNotAllowed();
    const type = request.path === keySetPath ? keySetType : 'application/json';
    if (!accepts(request.header('accept'), type)) throw noRepresentation([type]);
    return documents[request.path]!();
  };
}
