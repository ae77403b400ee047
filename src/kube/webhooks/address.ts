/** `clientConfig` of a webhook, read. */

import type { JsonObject } from '../api/objects.ts';
import { maybeObject, numberOf, textOf } from '../validation/members.ts';
import type { WebhookAddress } from './types.ts';

/** A service's port, where none is named. */
const securePort = 443;

/** `clientConfig` of a webhook or of a conversion. */
export function addressOf(clientConfig: JsonObject): WebhookAddress {
  const service = maybeObject(clientConfig, 'service');
  return {
    url: textOf(clientConfig, 'url'),
    service:
      service === null
        ? null
        : {
            namespace: textOf(service, 'namespace'),
            name: textOf(service, 'name'),
            path: textOf(service, 'path'),
            port: numberOf(service, 'port') ?? securePort,
          },
    authority: Buffer.from(textOf(clientConfig, 'caBundle'), 'base64').toString('utf8').trim(),
  };
}
