/** Validation of services: ports, addresses, affinity, traffic, and what a type allows. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { validateLabels } from '../meta/validate-meta.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from './members.ts';
import {
  isAddress,
  problemsAt,
  validateDnsLabel,
  validateLabelName,
  validatePort,
  validatePortNumber,
  validateSubdomain,
} from './pod-fields.ts';

const serviceTypes: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const kubeletPort = 10_250;
const dayAndNightSeconds = 86_400;
const addressText = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const rangeText = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const balancerOnly = "may only be used when `type` is 'LoadBalancer'";

export function isHeadless(spec: JsonObject): boolean {
  return textsOf(spec, 'clusterIPs')[0] === 'None' || textOf(spec, 'clusterIP') === 'None';
}

export function needsNodePort(spec: JsonObject): boolean {
  const type = textOf(spec, 'type');
  if (type === 'NodePort') return true;
  return type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false;
}

/** Reachable from outside the cluster. */
export function isExternal(spec: JsonObject): boolean {
  const type = textOf(spec, 'type');
  if (type === 'NodePort' || type === 'LoadBalancer') return true;
  return type === 'ClusterIP' && textsOf(spec, 'externalIPs').length > 0;
}

export function needsHealthPort(spec: JsonObject): boolean {
  return textOf(spec, 'type') === 'LoadBalancer' && textOf(spec, 'externalTrafficPolicy') === 'Local';
}

export function isRange(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  if (more.length > 0 || !isAddress(address) || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (address.includes(':') ? 128 : 32);
}

/** As errors show it: every member, by the names of the server's own type. */
function shownPort(protocol: string, port: number): JsonObject {
  return { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
}

function validateServicePort(
  field: string,
  port: JsonObject,
  needsName: boolean,
  names: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(port, 'name');
  if (name === '') {
    if (needsName) errors.push(required(`${field}.name`));
  } else {
    errors.push(...validateDnsLabel(`${field}.name`, name));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
  }
  errors.push(...validatePortNumber(`${field}.port`, numberOf(port, 'port') ?? 0));
  const protocol = textOf(port, 'protocol');
  if (protocol === '') errors.push(required(`${field}.protocol`));
  else if (!protocols.includes(protocol)) {
    errors.push(notSupported(`${field}.protocol`, protocol, protocols));
  }
  errors.push(...validatePort(`${field}.targetPort`, port['targetPort'] as number | string | undefined));
  if (has(port, 'appProtocol')) {
    errors.push(...validateLabelName(`${field}.appProtocol`, textOf(port, 'appProtocol')));
  }
  return errors;
}

function validatePorts(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const ports = objectsOf(spec, 'ports');
  const type = textOf(spec, 'type');
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') errors.push(required('spec.ports'));
  const names = new Set<string>();
  const taken = new Set<string>();
  const nodePorts = new Set<string>();
  ports.forEach((port, at) => {
    const field = `spec.ports[${at}]`;
    const number = numberOf(port, 'port') ?? 0;
    const protocol = textOf(port, 'protocol');
    if (type === 'LoadBalancer' && number === kubeletPort) {
      const why = 'may not expose port 10250 externally since it is used by kubelet';
      errors.push(invalidValue(field, number, why));
    }
    errors.push(...validateServicePort(field, port, ports.length > 1, names));
    const nodePort = numberOf(port, 'nodePort') ?? 0;
    if (nodePort !== 0) {
      if (type === 'ClusterIP' || type === 'ExternalName') {
        errors.push(forbiddenValue(`${field}.nodePort`, `may not be used when type is '${type}'`));
      } else if (nodePorts.has(`${protocol}/${nodePort}`)) {
        errors.push(duplicate(`${field}.nodePort`, nodePort));
      }
      nodePorts.add(`${protocol}/${nodePort}`);
    }
    const key = `${protocol}/${number}`;
    if (taken.has(key)) errors.push(duplicate(field, shownPort(protocol, number)));
    taken.add(key);
  });
  return errors;
}

function validateAffinity(spec: JsonObject): FieldError[] {
  const affinity = textOf(spec, 'sessionAffinity');
  if (affinity === '') return [required('spec.sessionAffinity')];
  if (affinity !== 'ClientIP' && affinity !== 'None') {
    return [notSupported('spec.sessionAffinity', affinity, ['ClientIP', 'None'])];
  }
  const config = maybeObject(spec, 'sessionAffinityConfig');
  if (affinity === 'None') {
    if (config === null) return [];
    return [forbiddenValue('spec.sessionAffinityConfig', 'must not be set when session affinity is None')];
  }
  const seconds = numberOf(objectOf(config ?? {}, 'clientIP'), 'timeoutSeconds') ?? 0;
  if (seconds > 0 && seconds <= dayAndNightSeconds) return [];
  const field = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return [invalidValue(field, seconds, `must be greater than 0 and less than ${dayAndNightSeconds}`)];
}

function validateExternalAddresses(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  textsOf(spec, 'externalIPs').forEach((address, at) => {
    const field = `spec.externalIPs[${at}]`;
    if (!isAddress(address)) errors.push(invalidValue(field, address, addressText));
    else if (address === '0.0.0.0' || address === '::') {
      errors.push(invalidValue(field, address, `may not be unspecified (${address})`));
    } else if (address.startsWith('127.') || address === '::1') {
      const why = 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
      errors.push(invalidValue(field, address, why));
    } else if (address.startsWith('169.254.')) {
      const why = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
      errors.push(invalidValue(field, address, why));
    }
  });
  return errors;
}

function validateBalancer(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const isBalancer = textOf(spec, 'type') === 'LoadBalancer';
  const ranges = textsOf(spec, 'loadBalancerSourceRanges');
  if (ranges.length > 0 && !isBalancer) {
    errors.push(forbiddenValue('spec.loadBalancerSourceRanges', balancerOnly));
  }
  ranges.forEach((range, at) => {
    if (!isRange(range.trim())) {
      errors.push(invalidValue(`spec.loadBalancerSourceRanges[${at}]`, range, rangeText));
    }
  });
  if (has(spec, 'allocateLoadBalancerNodePorts') && !isBalancer) {
    errors.push(forbiddenValue('spec.allocateLoadBalancerNodePorts', balancerOnly));
  }
  if (has(spec, 'loadBalancerClass')) {
    const value = textOf(spec, 'loadBalancerClass');
    if (isBalancer) errors.push(...validateLabelName('spec.loadBalancerClass', value));
    else errors.push(forbiddenValue('spec.loadBalancerClass', balancerOnly));
  }
  return errors;
}

function validateTraffic(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const choices = ['Cluster', 'Local'];
  const external = textOf(spec, 'externalTrafficPolicy');
  const field = 'spec.externalTrafficPolicy';
  if (isExternal(spec)) {
    if (external === '') {
      if (textOf(spec, 'type') !== 'ClusterIP') errors.push(required(field));
    } else if (!choices.includes(external)) errors.push(notSupported(field, external, choices));
  } else if (external !== '') {
    errors.push(invalidValue(field, external, 'may only be set for externally-accessible services'));
  }
  const health = numberOf(spec, 'healthCheckNodePort') ?? 0;
  if (health !== 0 && !needsHealthPort(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidValue('spec.healthCheckNodePort', health, why));
  }
  const internal = textOf(spec, 'internalTrafficPolicy');
  if (internal !== '' && !choices.includes(internal)) {
    errors.push(notSupported('spec.internalTrafficPolicy', internal, choices));
  }
  const distribution = textOf(spec, 'trafficDistribution');
  const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
  if (distribution !== '' && !distributions.includes(distribution)) {
    errors.push(notSupported('spec.trafficDistribution', distribution, distributions));
  }
  return errors;
}

function validateExternalName(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    if (has(spec, name))
      errors.push(forbiddenValue(`spec.${name}`, 'may not be set for ExternalName services'));
  }
  const name = textOf(spec, 'externalName').replace(/\.$/, '');
  if (name === '') errors.push(required('spec.externalName'));
  else errors.push(...validateSubdomain('spec.externalName', name));
  return errors;
}

/** Addresses that somebody asks for; those that are given by the server are right. */
function validateAddresses(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(spec, 'type');
  const addresses = textsOf(spec, 'clusterIPs');
  const first = textOf(spec, 'clusterIP');
  if (addresses.length === 0) return errors;
  if (first !== addresses[0]) {
    if (first === '')
      errors.push(
        invalidValue('spec.clusterIPs', [...addresses], 'must be empty when `clusterIP` is not specified'),
      );
    else errors.push(invalidValue('spec.clusterIPs[0]', [...addresses], 'must match `clusterIP`'));
  }
  if (addresses[0] === 'None') {
    if (addresses.length > 1) {
      const why = "must not have more than one value when the first is 'None'";
      errors.push(invalidValue('spec.clusterIPs', [...addresses], why));
    }
    if (type === 'NodePort' || type === 'LoadBalancer') {
      const why = `may not be set to 'None' for ${type} services`;
      errors.push(invalidValue('spec.clusterIPs[0]', 'None', why));
    }
    return errors;
  }
  addresses.forEach((address, at) => {
    if (!isAddress(address)) errors.push(...problemsAt(`spec.clusterIPs[${at}]`, address, [addressText]));
  });
  if (addresses.length > 2) {
    errors.push(invalidValue('spec.clusterIPs', [...addresses], 'may only hold up to 2 values'));
  }
  return errors;
}

function validateFamilies(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const families = textsOf(spec, 'ipFamilies');
  const seen = new Set<string>();
  families.forEach((family, at) => {
    const field = `spec.ipFamilies[${at}]`;
    if (family !== 'IPv4' && family !== 'IPv6') {
      errors.push(notSupported(field, family, ['IPv4', 'IPv6']));
    } else if (seen.has(family)) errors.push(duplicate(field, family));
    seen.add(family);
  });
  if (families.length > 2) {
    errors.push(invalidValue('spec.ipFamilies', [...families], 'may only hold up to 2 values'));
  }
  const policy = textOf(spec, 'ipFamilyPolicy');
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  if (policy !== '' && !policies.includes(policy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', policy, policies));
  }
  return errors;
}

/** A whole spec, as defaults and preparation left it. */
export function validateServiceSpec(spec: JsonObject): FieldError[] {
  const type = textOf(spec, 'type');
  const errors = validatePorts(spec);
  errors.push(...validateAffinity(spec));
  errors.push(...validateLabels('spec.selector', objectOf(spec, 'selector') as Record<string, string>));
  if (type === '') errors.push(required('spec.type'));
  else if (!serviceTypes.includes(type)) errors.push(notSupported('spec.type', type, serviceTypes));
  errors.push(...validateExternalAddresses(spec));
  errors.push(...validateBalancer(spec));
  errors.push(...validateTraffic(spec));
  if (type === 'ExternalName') errors.push(...validateExternalName(spec));
  else errors.push(...validateAddresses(spec), ...validateFamilies(spec));
  return errors;
}
