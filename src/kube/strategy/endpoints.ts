/** Endpoints, and the slices that took their place. */

import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { has, numberOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import {
  validateAddress,
  validateDnsLabel,
  validateImmutable,
  validateLabelName,
  validatePortNumber,
  validateSubdomain,
} from '../validation/pod-fields.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 100;

function validateEndpointAddress(field: string, address: JsonObject): FieldError[] {
  const ip = textOf(address, 'ip');
  const errors = validateAddress(`${field}.ip`, ip);
  if (/^(127\.|169\.254\.|224\.0\.0\.)/.test(ip) || ip === '0.0.0.0' || ip === '::1' || ip === '::') {
    const ranges: readonly (readonly [RegExp, string])[] = [
      [/^(0\.0\.0\.0|::)$/, `may not be unspecified (${ip})`],
      [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
      [/^169\.254\./, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
      [/^224\.0\.0\./, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
    ];
    const found = ranges.find(([range]) => range.test(ip));
    if (found !== undefined) errors.push(invalidValue(`${field}.ip`, ip, found[1]));
  }
  const hostname = textOf(address, 'hostname');
  if (hostname !== '') errors.push(...validateDnsLabel(`${field}.hostname`, hostname));
  if (has(address, 'nodeName')) {
    errors.push(...validateSubdomain(`${field}.nodeName`, textOf(address, 'nodeName')));
  }
  return errors;
}

function validateApplication(field: string, port: JsonObject): FieldError[] {
  if (!has(port, 'appProtocol')) return [];
  return validateLabelName(`${field}.appProtocol`, textOf(port, 'appProtocol'));
}

function validateEndpointPort(field: string, port: JsonObject, needsName: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(port, 'name');
  if (name !== '') errors.push(...validateDnsLabel(`${field}.name`, name));
  else if (needsName) errors.push(required(`${field}.name`));
  errors.push(...validatePortNumber(`${field}.port`, numberOf(port, 'port') ?? 0));
  const protocol = textOf(port, 'protocol');
  if (!protocols.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, protocols));
  return [...errors, ...validateApplication(field, port)];
}

function validateEndpoints(endpoints: ApiObject): FieldError[] {
  return objectsOf(asJson(endpoints), 'subsets').flatMap((subset, at) => {
    const field = `subsets[${at}]`;
    const errors: FieldError[] = [];
    const ready = objectsOf(subset, 'addresses');
    const others = objectsOf(subset, 'notReadyAddresses');
    if (ready.length + others.length === 0) {
      errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'));
    }
    ready.forEach((address, i) => {
      errors.push(...validateEndpointAddress(`${field}.addresses[${i}]`, address));
    });
    others.forEach((address, i) => {
      errors.push(...validateEndpointAddress(`${field}.notReadyAddresses[${i}]`, address));
    });
    const ports = objectsOf(subset, 'ports');
    ports.forEach((port, i) => {
      errors.push(...validateEndpointPort(`${field}.ports[${i}]`, port, ports.length > 1));
    });
    return errors;
  });
}

export const endpointsStrategy: Strategy = {
  validateCreate: validateEndpoints,
  validateUpdate: validateEndpoints,
};

function domainErrors(field: string, domain: string): FieldError[] {
  if (domain === '') return [required(field)];
  const name = domain.replace(/\.$/, '');
  const problems = subdomainProblems(name);
  if (problems.length > 0) return [invalidValue(field, name, problems.join(','))];
  const why = 'should be a domain with at least two segments separated by dots';
  return name.includes('.') ? [] : [invalidValue(field, name, why)];
}

function addressErrors(field: string, address: string, type: string): FieldError[] {
  if (type === 'FQDN') return domainErrors(field, address);
  const isIPv6 = address.includes(':');
  const errors = validateAddress(field, address);
  if (errors.length > 0) return errors;
  if (type === 'IPv4' && isIPv6) return [invalidValue(field, address, 'must be an IPv4 address')];
  if (type === 'IPv6' && !isIPv6) return [invalidValue(field, address, 'must be an IPv6 address')];
  return [];
}

function validateSliceEndpoint(field: string, endpoint: JsonObject, type: string): FieldError[] {
  const errors: FieldError[] = [];
  const addresses = textsOf(endpoint, 'addresses');
  if (addresses.length === 0) {
    errors.push(required(`${field}.addresses`, 'must contain at least 1 address'));
  }
  if (addresses.length > addressesMax) {
    errors.push(tooMany(`${field}.addresses`, addresses.length, addressesMax));
  }
  addresses.forEach((address, at) => {
    errors.push(...addressErrors(`${field}.addresses[${at}]`, address, type));
  });
  if (has(endpoint, 'nodeName')) {
    errors.push(...validateSubdomain(`${field}.nodeName`, textOf(endpoint, 'nodeName')));
  }
  if (has(endpoint, 'hostname')) {
    errors.push(...validateDnsLabel(`${field}.hostname`, textOf(endpoint, 'hostname')));
  }
  return errors;
}

function validateSlice(slice: ApiObject): FieldError[] {
  const json = asJson(slice);
  const errors: FieldError[] = [];
  const type = textOf(json, 'addressType');
  if (type === '') errors.push(required('addressType'));
  else if (!addressTypes.includes(type)) errors.push(notSupported('addressType', type, addressTypes));
  const endpoints = objectsOf(json, 'endpoints');
  if (endpoints.length > endpointsMax) errors.push(tooMany('endpoints', endpoints.length, endpointsMax));
  else
    endpoints.forEach((endpoint, at) => {
      errors.push(...validateSliceEndpoint(`endpoints[${at}]`, endpoint, type));
    });
  const ports = objectsOf(json, 'ports');
  if (ports.length > portsMax) return [...errors, tooMany('ports', ports.length, portsMax)];
  const names = new Set<string>();
  ports.forEach((port, at) => {
    const field = `ports[${at}]`;
    const name = textOf(port, 'name');
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    else if (name !== '') errors.push(...validateDnsLabel(`${field}.name`, name));
    names.add(name);
    const protocol = textOf(port, 'protocol');
    if (!protocols.includes(protocol)) {
      errors.push(notSupported(`${field}.protocol`, protocol, protocols));
    }
    if (has(port, 'port')) errors.push(...validatePortNumber(`${field}.port`, numberOf(port, 'port') ?? 0));
    errors.push(...validateApplication(field, port));
  });
  return errors;
}

export const endpointSliceStrategy: Strategy = {
  validateCreate: validateSlice,
  validateUpdate: (slice, old) => [
    ...validateSlice(slice),
    ...validateImmutable('addressType', asJson(slice)['addressType'], asJson(old)['addressType']),
  ],
  warnings: (slice) =>
    textOf(asJson(slice), 'addressType') === 'FQDN' ? ['FQDN endpoints are deprecated'] : [],
};
