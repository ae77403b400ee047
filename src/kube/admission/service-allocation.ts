/**
 * Gives services their addresses and ports when they are about to be written, and takes back what they no longer have once they
 * are written. A dry run sees numbers that are free now and keeps none.
 *
 * One address family, IPv4: whoever requires two is refused, whoever prefers two gets one.
 */

import { invalidValue } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { internalError, invalid } from '../api/status.ts';
import { inDeclaredOrder } from '../schema/order.ts';
import { definitionOf } from '../schema/schema.ts';
import { numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { isHeadless, needsHealthPort, needsNodePort } from '../validation/services.ts';
import type { Claim, Claims, Holder } from './claims.ts';
import { takeAny } from './number-band.ts';
import { addressesOf, isInRange, nodePortsOf, type ServiceNumbers } from './service-numbers.ts';
import type { AdmissionAttributes, AdmissionPlugin, Reservation } from './types.ts';

const takenText = 'is already allocated';

function isService({ resource, subresource }: AdmissionAttributes): boolean {
  return resource.group === '' && resource.plural === 'services' && subresource === '';
}

/** One write of one service. */
class Allocation {
  readonly taken: { readonly claims: Claims; readonly claim: Claim }[] = [];
  readonly #numbers: ServiceNumbers;
  readonly #service: ApiObject;
  readonly #spec: JsonObject;
  readonly #old: ApiObject | null;
  readonly #holder: Holder;
  readonly #isDryRun: boolean;

  constructor(numbers: ServiceNumbers, service: ApiObject, old: ApiObject | null, isDryRun: boolean) {
    this.#numbers = numbers;
    this.#service = service;
    service.spec ??= {};
    this.#spec = service.spec;
    this.#old = old;
    this.#isDryRun = isDryRun;
    const { namespace = '', name = '' } = service.metadata;
    this.#holder = { namespace, name };
  }

  async run(): Promise<void> {
    this.#settleFamilies();
    await this.#takeAddress();
    await this.#takePorts();
    await this.#takeHealthPort();
    // A service without an address of its own says so in both members.
    if (isHeadless(this.#spec)) this.#spec['clusterIPs'] = ['None'];
    this.#service.spec = inDeclaredOrder(definitionOf('core.v1.ServiceSpec'), this.#spec);
  }

  #refuse(field: string, value: JsonObject | string[] | string | number, why: string): never {
    const name = this.#service.metadata.name ?? '';
    throw invalid({ group: '', kind: 'Service' }, name, [invalidValue(field, value, why)]);
  }

  #settleFamilies(): void {
    const spec = this.#spec;
    if (textOf(spec, 'type') === 'ExternalName') return;
    const families = textsOf(spec, 'ipFamilies');
    const policy = textOf(spec, 'ipFamilyPolicy');
    if (isHeadless(spec) && Object.keys(objectOf(spec, 'selector')).length === 0) {
      if (policy === '') spec['ipFamilyPolicy'] = 'RequireDualStack';
      const first = families[0] ?? 'IPv4';
      const isSingle = textOf(spec, 'ipFamilyPolicy') === 'SingleStack';
      if (isSingle) spec['ipFamilies'] = [first];
      else if (families.length < 2) spec['ipFamilies'] = [first, first === 'IPv4' ? 'IPv6' : 'IPv4'];
      return;
    }
    if (policy === 'RequireDualStack') {
      const why = 'this cluster is not configured for dual-stack services';
      this.#refuse('spec.ipFamilyPolicy', policy, why);
    }
    families.forEach((family, at) => {
      if (family !== 'IPv4') this.#refuse(`spec.ipFamilies[${at}]`, family, 'not configured on this cluster');
    });
    if (policy === '') spec['ipFamilyPolicy'] = 'SingleStack';
    if (families.length === 0) spec['ipFamilies'] = ['IPv4'];
  }

  async #takeAddress(): Promise<void> {
    const spec = this.#spec;
    if (textOf(spec, 'type') === 'ExternalName' || isHeadless(spec)) return;
    const asked = addressesOf(this.#service);
    const had = this.#old === null ? [] : addressesOf(this.#old);
    const { addresses: claims, addressBand: band, random } = this.#numbers;
    if (asked.length === 0) {
      const claim = await takeAny({
        claims,
        band,
        random,
        holder: this.#holder,
        isDryRun: this.#isDryRun,
      });
      if (claim === null) throw internalError('failed to allocate a serviceIP: range is full');
      this.taken.push({ claims, claim });
      spec['clusterIP'] = claim.number;
      spec['clusterIPs'] = [claim.number];
      return;
    }
    for (const address of asked) if (!had.includes(address)) await this.#takeGiven(address, asked);
  }

  async #takeGiven(address: string, asked: readonly string[]): Promise<void> {
    const { addresses: claims, range, rangeText } = this.#numbers;
    const refuse = (why: string): never =>
      this.#refuse('spec.clusterIPs', [...asked], `failed to allocate IP ${address}: ${why}`);
    if (!isInRange(range, address)) {
      refuse(
        `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${rangeText}`,
      );
    }
    const claim = await this.#takeNumber(claims, address);
    if (claim === null) refuse(`provided IP ${takenText}`);
    else this.taken.push({ claims, claim });
  }

  #takeNumber(claims: Claims, number: string): Promise<Claim | null> {
    return this.#isDryRun ? claims.try(number, this.#holder) : claims.take(number, this.#holder);
  }

  async #takePorts(): Promise<void> {
    if (!needsNodePort(this.#spec) && !objectsOf(this.#spec, 'ports').some((port) => port['nodePort']))
      return;
    const own = new Set(this.#old === null ? [] : nodePortsOf(this.#old));
    const ports = objectsOf(this.#spec, 'ports');
    for (const [at, port] of ports.entries()) {
      const asked = numberOf(port, 'nodePort') ?? 0;
      if (asked !== 0 && !own.has(asked)) {
        await this.#takePort(asked, `spec.ports[${at}].nodePort`);
        own.add(asked);
      }
    }
    if (!needsNodePort(this.#spec)) return;
    for (const [at, port] of ports.entries()) {
      if ((numberOf(port, 'nodePort') ?? 0) !== 0) continue;
      const shared = sharedPort(ports, at);
      port['nodePort'] = shared === 0 ? await this.#takeAnyPort() : shared;
    }
  }

  async #takePort(asked: number, field: string): Promise<void> {
    const { ports: claims, firstPort, lastPort } = this.#numbers;
    if (asked < firstPort || asked > lastPort) {
      const why = `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`;
      this.#refuse(field, asked, why);
    }
    const claim = await this.#takeNumber(claims, String(asked));
    if (claim === null) this.#refuse(field, asked, `provided port ${takenText}`);
    this.taken.push({ claims, claim });
  }

  async #takeAnyPort(): Promise<number> {
    const { ports: claims, portBand: band, random } = this.#numbers;
    const claim = await takeAny({ claims, band, random, holder: this.#holder, isDryRun: this.#isDryRun });
    if (claim === null) throw internalError('failed to allocate a nodePort: range is full');
    this.taken.push({ claims, claim });
    return Number(claim.number);
  }

  async #takeHealthPort(): Promise<void> {
    if (!needsHealthPort(this.#spec)) return;
    const asked = numberOf(this.#spec, 'healthCheckNodePort') ?? 0;
    const before = this.#old === null ? 0 : (numberOf(this.#old.spec ?? {}, 'healthCheckNodePort') ?? 0);
    if (asked === 0) this.#spec['healthCheckNodePort'] = await this.#takeAnyPort();
    else if (asked !== before) {
      const claim = await this.#takeNumber(this.#numbers.ports, String(asked));
      if (claim === null) {
        throw internalError(
          `failed to allocate requested HealthCheck NodePort ${asked}: provided port ${takenText}`,
        );
      }
      this.taken.push({ claims: this.#numbers.ports, claim });
    }
  }
}

/** The port of the node that the same port has for another protocol; 0: none, or it is in use for this protocol. */
function sharedPort(ports: readonly JsonObject[], at: number): number {
  const port = ports[at]!;
  for (const other of ports) {
    const nodePort = numberOf(other, 'nodePort') ?? 0;
    if (other === port || nodePort === 0 || other['port'] !== port['port']) continue;
    if (other['protocol'] !== port['protocol']) return nodePort;
  }
  return 0;
}

async function claimsOf(
  numbers: ServiceNumbers,
  service: ApiObject,
  except: ApiObject | null,
): Promise<{ readonly claims: Claims; readonly claim: Claim }[]> {
  const { namespace = '', name = '' } = service.metadata;
  const holder = { namespace, name };
  const keptPorts = except === null ? [] : nodePortsOf(except);
  const keptAddresses = except === null ? [] : addressesOf(except);
  const wanted: (readonly [Claims, string])[] = [
    ...addressesOf(service)
      .filter((address) => !keptAddresses.includes(address))
      .map((address) => [numbers.addresses, address] as const),
    ...nodePortsOf(service)
      .filter((port) => !keptPorts.includes(port))
      .map((port) => [numbers.ports, String(port)] as const),
  ];
  const found: { readonly claims: Claims; readonly claim: Claim }[] = [];
  for (const [claims, number] of wanted) {
    const claim = await claims.find(number, holder);
    if (claim !== null) found.push({ claims, claim });
  }
  return found;
}

async function giveAll(claims: readonly { readonly claims: Claims; readonly claim: Claim }[]): Promise<void> {
  for (const { claims: of, claim } of claims) await of.give(claim).catch(() => {});
}

/** @param numbers the ranges, and who has what of them */
export function serviceAllocation(numbers: ServiceNumbers): AdmissionPlugin {
  async function reserve(attributes: AdmissionAttributes): Promise<Reservation | null> {
    if (!isService(attributes)) return null;
    const { object, old, operation } = attributes;
    if (operation === 'delete') {
      const held = old === null ? [] : await claimsOf(numbers, old, null);
      return { commit: () => giveAll(held), release: () => {} };
    }
    if (object === null) return null;
    const allocation = new Allocation(numbers, object, old, false);
    try {
      await allocation.run();
    } catch (error) {
      await giveAll(allocation.taken);
      throw error;
    }
    const unused = old === null ? [] : await claimsOf(numbers, old, object);
    return { commit: () => giveAll(unused), release: () => giveAll(allocation.taken) };
  }
  return {
    name: 'ServiceAllocation',
    async validate(attributes) {
      const { object, old, isDryRun, operation } = attributes;
      if (!isDryRun || operation === 'delete' || object === null || !isService(attributes)) return;
      await new Allocation(numbers, object, old, true).run();
    },
    reserve,
  };
}

/** Claims what services have and nobody claims: after a restore, or of a store that another API server wrote. */
export async function repairClaims(numbers: ServiceNumbers, services: readonly ApiObject[]): Promise<void> {
  const [addresses, ports] = await Promise.all([numbers.addresses.all(), numbers.ports.all()]);
  for (const service of services) {
    const { namespace = '', name = '' } = service.metadata;
    for (const address of addressesOf(service)) {
      if (!addresses.has(address)) await numbers.addresses.take(address, { namespace, name });
    }
    for (const port of nodePortsOf(service)) {
      if (!ports.has(String(port))) await numbers.ports.take(String(port), { namespace, name });
    }
  }
}
