/**
 * Services. What an update leaves out and the server gave stays: addresses, ports of the node, the
 * port of health checks. What a new type has no use for goes, unless the update says otherwise. Giving addresses and ports is
 * the business of `admission/service-allocation.ts`.
 */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { numberOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { isSame } from '../validation/pod-fields.ts';
import {
  isExternal,
  isHeadless,
  needsHealthPort,
  needsNodePort,
  validateServiceSpec,
} from '../validation/services.ts';

function specOf(object: ApiObject): JsonObject {
  object.spec ??= {};
  return object.spec;
}

function hasAddress(spec: JsonObject): boolean {
  return textOf(spec, 'type') !== 'ExternalName';
}

/** Old clients know `clusterIP` only, new ones both: the one that changed decides. */
function settleAddresses(spec: JsonObject, old: JsonObject | null): void {
  const address = textOf(spec, 'clusterIP');
  const addresses = textsOf(spec, 'clusterIPs');
  if (old === null) {
    if (address !== '' && addresses.length === 0) spec['clusterIPs'] = [address];
    return;
  }
  const isOldList = isSame(addresses, textsOf(old, 'clusterIPs'));
  if (address !== textOf(old, 'clusterIP')) {
    if (address === '' && isOldList) delete spec['clusterIPs'];
    else if (address !== '' && (isOldList || addresses.length === 0)) spec['clusterIPs'] = [address];
  } else if (address !== '' && addresses.length === 0) spec['clusterIPs'] = [address];
}

/** What the server gave and the update leaves out. */
function keepGiven(spec: JsonObject, old: JsonObject): void {
  if (hasAddress(spec) && hasAddress(old)) {
    if (textOf(spec, 'clusterIP') === '') {
      if (textOf(old, 'clusterIP') !== '') spec['clusterIP'] = old['clusterIP']!;
      if (textsOf(spec, 'clusterIPs').length === 0 && old['clusterIPs'] !== undefined) {
        spec['clusterIPs'] = old['clusterIPs'];
      }
    }
    for (const name of ['ipFamilies', 'ipFamilyPolicy']) {
      if (spec[name] === undefined && old[name] !== undefined) spec[name] = old[name]!;
    }
  }
  if (needsNodePort(spec) && needsNodePort(old)) keepNodePorts(spec, old);
  if (needsHealthPort(spec) && needsHealthPort(old) && (numberOf(spec, 'healthCheckNodePort') ?? 0) === 0) {
    const port = numberOf(old, 'healthCheckNodePort') ?? 0;
    if (port !== 0) spec['healthCheckNodePort'] = port;
  }
}

function keepNodePorts(spec: JsonObject, old: JsonObject): void {
  const key = (port: JsonObject): string => `${textOf(port, 'protocol')}/${numberOf(port, 'port') ?? 0}`;
  const given = new Map<string, number>();
  for (const port of objectsOf(old, 'ports')) given.set(key(port), numberOf(port, 'nodePort') ?? 0);
  const asked = new Set<string>();
  for (const port of objectsOf(spec, 'ports')) {
    const nodePort = numberOf(port, 'nodePort') ?? 0;
    if (nodePort !== 0) asked.add(`${textOf(port, 'protocol')}/${nodePort}`);
  }
  for (const port of objectsOf(spec, 'ports')) {
    const before = given.get(key(port)) ?? 0;
    const isFree = before !== 0 && !asked.has(`${textOf(port, 'protocol')}/${before}`);
    if ((numberOf(port, 'nodePort') ?? 0) === 0 && isFree) port['nodePort'] = before;
  }
}

/** What only the old type had a use for, and the update repeats as it was. */
function dropUnused(spec: JsonObject, old: JsonObject): void {
  const drop = (name: string, isUsed: (of: JsonObject) => boolean): void => {
    if (isUsed(old) && !isUsed(spec) && isSame(spec[name], old[name])) delete spec[name];
  };
  const isBalancer = (of: JsonObject): boolean => textOf(of, 'type') === 'LoadBalancer';
  drop('clusterIPs', hasAddress);
  drop('clusterIP', hasAddress);
  drop('ipFamilies', hasAddress);
  drop('ipFamilyPolicy', hasAddress);
  drop('internalTrafficPolicy', hasAddress);
  drop('externalName', (of) => textOf(of, 'type') === 'ExternalName');
  drop('healthCheckNodePort', needsHealthPort);
  drop('externalTrafficPolicy', isExternal);
  drop('allocateLoadBalancerNodePorts', isBalancer);
  drop('loadBalancerClass', isBalancer);
  if (!needsNodePort(old) || needsNodePort(spec)) return;
  const ports = (of: JsonObject): unknown => objectsOf(of, 'ports').map(({ nodePort }) => nodePort);
  if (textOf(spec, 'type') !== 'LoadBalancer' && isSame(ports(spec), ports(old))) {
    for (const port of objectsOf(spec, 'ports')) delete port['nodePort'];
  }
}

function validateChange(spec: JsonObject, old: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  if (hasAddress(spec) && hasAddress(old)) {
    const before = textsOf(old, 'clusterIPs');
    const after = textsOf(spec, 'clusterIPs');
    const mayNotChange = 'may not change once set';
    if (before.length > 0 && before[0] !== after[0]) {
      errors.push(invalidValue('spec.clusterIPs[0]', [...after], mayNotChange));
    }
    const families = textsOf(old, 'ipFamilies');
    if (families.length > 0 && textsOf(spec, 'ipFamilies')[0] !== families[0] && !isHeadless(spec)) {
      errors.push(invalidValue('spec.ipFamilies[0]', [...textsOf(spec, 'ipFamilies')], mayNotChange));
    }
  }
  const isBalancer = textOf(spec, 'type') === 'LoadBalancer' && textOf(old, 'type') === 'LoadBalancer';
  if (isBalancer && !isSame(spec['loadBalancerClass'], old['loadBalancerClass'])) {
    const value = spec['loadBalancerClass'] ?? null;
    errors.push(invalidValue('spec.loadBalancerClass', value, 'may not change once set'));
  }
  return errors;
}

export const serviceStrategy: Strategy = {
  prepareForCreate(service) {
    settleAddresses(specOf(service), null);
    service.status = { loadBalancer: {} };
  },
  prepareForUpdate(service, old, { subresource }) {
    if (subresource === 'status') return;
    const spec = specOf(service);
    const before = copyJson(specOf(old));
    settleAddresses(spec, before);
    dropUnused(spec, before);
    keepGiven(spec, before);
    if (textOf(spec, 'type') !== 'LoadBalancer' && textOf(before, 'type') === 'LoadBalancer') {
      service.status = { ...service.status, loadBalancer: {} };
    }
  },
  validateCreate: (service) => validateServiceSpec(specOf(service)),
  validateUpdate(service, old) {
    const spec = specOf(service);
    return [...validateChange(spec, specOf(old)), ...validateServiceSpec(spec)];
  },
  warnings(service) {
    const spec = specOf(service);
    const warnings: string[] = [];
    if (isHeadless(spec)) {
      if (textOf(spec, 'loadBalancerIP') !== '') {
        warnings.push('spec.loadBalancerIP is ignored for headless services');
      }
      if (textsOf(spec, 'externalIPs').length > 0) {
        warnings.push('spec.externalIPs is ignored when spec.clusterIP is "None"');
      }
      if (textOf(spec, 'sessionAffinity') !== 'None') {
        warnings.push('spec.SessionAffinity is ignored for headless services');
      }
    }
    if (textOf(spec, 'type') === 'ExternalName' && textsOf(spec, 'externalIPs').length > 0) {
      warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
    }
    return warnings;
  },
};
