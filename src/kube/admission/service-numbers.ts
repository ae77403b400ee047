/**
 * The two ranges of numbers that services have: addresses of the cluster, each claimed by an IPAddress that users can see, and
 * ports of the nodes, claimed by objects that only the server knows.
 */

import type { Clock, Random } from '../../util/runtime.ts';
import type { ApiObject } from '../api/objects.ts';
import { nowText, randomUid } from '../meta/time.ts';
import { networkingResources } from '../registry/networking.ts';
import type { ResourceType } from '../registry/types.ts';
import { ResourceStorage, type Storages } from '../storage/resource-storage.ts';
import { type AddressRange, addressNumber, addressText, parseRange } from '../validation/addresses.ts';
import { numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { Claims, type Holder } from './claims.ts';
import { type NumberBand, reservedOf } from './number-band.ts';

/** Addresses of services. */
export const defaultServiceRange = '10.96.0.0/16';
/** The first and the last port of nodes. */
export const defaultNodePorts: readonly [number, number] = [30_000, 32_767];
/** Larger ranges are used up to here. */
const addressesMax = 1n << 16n;
const portPrefix = '/registry/ranges/servicenodeports';

export interface ServiceNumbers {
  readonly range: AddressRange;
  readonly rangeText: string;
  readonly addresses: Claims;
  readonly addressBand: NumberBand;
  readonly ports: Claims;
  readonly portBand: NumberBand;
  readonly firstPort: number;
  readonly lastPort: number;
  readonly random: Random;
}

export interface NumberSources {
  readonly storages: Storages;
  readonly services: ResourceType;
  readonly clock: Clock;
  readonly random: Random;
  readonly range: string;
  readonly nodePorts: readonly [number, number];
}

/** All ports of the nodes that a service has. */
export function nodePortsOf(service: ApiObject): readonly number[] {
  const spec = service.spec ?? {};
  const found = new Set<number>();
  for (const port of objectsOf(spec, 'ports')) found.add(numberOf(port, 'nodePort') ?? 0);
  found.add(numberOf(spec, 'healthCheckNodePort') ?? 0);
  found.delete(0);
  return [...found];
}

/** All addresses that a service has. */
export function addressesOf(service: ApiObject): readonly string[] {
  const spec = service.spec ?? {};
  return textsOf(spec, 'clusterIPs').filter((address) => address !== '' && address !== 'None');
}

function addressResource(): ResourceType {
  const found = networkingResources.find(({ plural }) => plural === 'ipaddresses');
  if (found === undefined) throw new Error('IPAddresses are not in the table of resources');
  return found;
}

function addressClaims({ storages, services, clock, random }: NumberSources): Claims {
  const make = (number: string, { namespace, name }: Holder): ApiObject => ({
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: number,
      uid: randomUid(random),
      creationTimestamp: nowText(clock),
      labels: {
        'ipaddress.kubernetes.io/ip-family': number.includes(':') ? 'IPv6' : 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace, name } },
  });
  const kind = {
    make,
    holderOf: (claim: ApiObject): Holder => {
      const parent = objectOf(claim.spec ?? {}, 'parentRef');
      return { namespace: textOf(parent, 'namespace'), name: textOf(parent, 'name') };
    },
    isHeld: (service: ApiObject, number: string) => addressesOf(service).includes(number),
  };
  return new Claims(storages.of(addressResource()), storages.of(services), kind, clock);
}

function portClaims({ storages, services, clock }: NumberSources): Claims {
  const make = (number: string, { namespace, name }: Holder): ApiObject => ({
    metadata: { name: number, creationTimestamp: nowText(clock) },
    spec: { namespace, name },
  });
  const kind = {
    make,
    holderOf: ({ spec = {} }: ApiObject): Holder => ({
      namespace: textOf(spec, 'namespace'),
      name: textOf(spec, 'name'),
    }),
    isHeld: (service: ApiObject, number: string) => nodePortsOf(service).includes(Number(number)),
  };
  const claims = new ResourceStorage(storages.store, portPrefix, null);
  return new Claims(claims, storages.of(services), kind, clock);
}

/** @throws Error when the range is none, or not of IPv4 */
export function serviceNumbers(sources: NumberSources): ServiceNumbers {
  const range = parseRange(sources.range);
  if (range.bits !== 32) throw new Error(`${sources.range} is no range of IPv4 addresses`);
  const [firstPort, lastPort] = sources.nodePorts;
  const portCount = lastPort - firstPort + 1;
  // Neither the address of the network nor that of everybody in it.
  const usable = range.size < addressesMax ? range.size : addressesMax;
  const size = Math.max(0, Number(usable) - 2);
  return {
    range,
    rangeText: sources.range,
    addresses: addressClaims(sources),
    addressBand: {
      size,
      reserved: reservedOf(size, 16, 256),
      text: (at) => addressText(range.first + 1n + BigInt(at)),
    },
    ports: portClaims(sources),
    portBand: {
      size: portCount,
      reserved: reservedOf(portCount, 32, 128),
      text: (at) => String(firstPort + at),
    },
    firstPort,
    lastPort,
    random: sources.random,
  };
}

/** The address of the API server's own service: the first of the range. */
export function firstAddress(range: string): string {
  return addressText(parseRange(range).first + 1n);
}

export function isInRange(range: AddressRange, address: string): boolean {
  const { value, bits } = addressNumber(address);
  return bits === range.bits && value > range.first && value < range.first + range.size - 1n;
}
