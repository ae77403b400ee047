/**
 * Where the service of a webhook is. Addresses of services lead nowhere here, since no proxy of services belongs to this
 * server: what stands behind the service is called itself, as a real server does with `--enable-aggregator-routing`.
 */

import type { Lookup } from '../admission/lookup.ts';
import { asJson } from '../api/objects.ts';
import { numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import type { WebhookService } from './types.ts';

export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** @throws Error in the words of a real server when nothing stands behind the service */
export async function destinationOf(lookup: Lookup, wanted: WebhookService): Promise<Destination> {
  const { namespace, name, port } = wanted;
  const services = lookup.resource('', 'v1', 'services');
  const service = services === null ? null : await lookup.find(services, namespace, name);
  if (service === null) throw new Error(`service ${JSON.stringify(name)} not found`);
  const spec = service.spec ?? {};
  if (textOf(spec, 'type') === 'ExternalName') return { host: textOf(spec, 'externalName'), port };
  const known = objectsOf(spec, 'ports').find((one) => numberOf(one, 'port') === port);
  if (known === undefined) {
    throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  }
  const portName = textOf(known, 'name');
  const found =
    (await fromSlices(lookup, wanted, portName)) ?? (await fromEndpoints(lookup, wanted, portName));
  if (found === null) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  return found;
}

async function fromSlices(
  lookup: Lookup,
  { namespace, name }: WebhookService,
  portName: string,
): Promise<Destination | null> {
  const resource = lookup.resource('discovery.k8s.io', 'v1', 'endpointslices');
  if (resource === null) return null;
  for (const slice of await lookup.list(resource, namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    const port = objectsOf(asJson(slice), 'ports').find((one) => textOf(one, 'name') === portName);
    const ready = objectsOf(asJson(slice), 'endpoints').find(
      (one) => objectOf(one, 'conditions')['ready'] !== false && textsOf(one, 'addresses').length > 0,
    );
    const number = port === undefined ? undefined : numberOf(port, 'port');
    if (ready !== undefined && number !== undefined) {
      return { host: textsOf(ready, 'addresses')[0]!, port: number };
    }
  }
  return null;
}

async function fromEndpoints(
  lookup: Lookup,
  { namespace, name }: WebhookService,
  portName: string,
): Promise<Destination | null> {
  const resource = lookup.resource('', 'v1', 'endpoints');
  const endpoints = resource === null ? null : await lookup.find(resource, namespace, name);
  if (endpoints === null) return null;
  for (const subset of objectsOf(asJson(endpoints), 'subsets')) {
    const [address] = objectsOf(subset, 'addresses');
    const port = objectsOf(subset, 'ports').find((one) => textOf(one, 'name') === portName);
    const number = port === undefined ? undefined : numberOf(port, 'port');
    if (address !== undefined && number !== undefined) return { host: textOf(address, 'ip'), port: number };
  }
  return null;
}
