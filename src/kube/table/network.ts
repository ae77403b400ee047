/** Rows of services and of what stands around them: endpoints, ingresses, policies, addresses. */

import type { Json } from '../api/objects.ts';
import {
  ageOfPrinted,
  columns,
  type LabelSelectorShape,
  labelsText,
  nameOf,
  orNone,
  type Printed,
  printer,
  selectorText,
  withMore,
} from './columns.ts';
import type { Printer } from './types.ts';

/** So many endpoints, ports or hosts are shown. */
const mostShown = 3;

interface LoadBalancer {
  readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
}

function balancerAddresses(balancer: LoadBalancer | undefined): readonly string[] {
  const found = new Set<string>();
  for (const { ip, hostname } of balancer?.ingress ?? []) {
    const address = ip === undefined || ip === '' ? hostname : ip;
    if (address !== undefined && address !== '') found.add(address);
  }
  return [...found].sort();
}

interface ServicePort {
  readonly port: number;
  readonly nodePort?: number;
  readonly protocol?: string;
}

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly ports?: readonly ServicePort[];
  readonly selector?: Readonly<Record<string, string>>;
}

type Service = Printed<ServiceSpec, { readonly loadBalancer?: LoadBalancer }>;

function externalAddresses({ spec = {}, status }: Service): string {
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(external.join(','));
    case 'LoadBalancer': {
      const all = [...balancerAddresses(status?.loadBalancer), ...external];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function servicePort({ port, nodePort = 0, protocol = 'TCP' }: ServicePort): string {
  return nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;
}

export const servicePrinter: Printer = printer<Service>(
  columns('Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector*'),
  (object, nowMs) => [
    nameOf(object),
    object.spec?.type ?? '',
    orNone(object.spec?.clusterIPs?.[0] ?? object.spec?.clusterIP),
    externalAddresses(object),
    orNone((object.spec?.ports ?? []).map(servicePort).join(',')),
    ageOfPrinted(object, nowMs),
    labelsText(object.spec?.selector),
  ],
);

interface Endpoints extends Printed {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
}

function endpointsText({ subsets = [] }: Endpoints): string {
  const shown: string[] = [];
  let total = 0;
  for (const { addresses = [], ports } of subsets) {
    // A subset without ports is one of bare addresses.
    for (const port of ports ?? [null]) {
      for (const { ip } of addresses) {
        total++;
        if (shown.length === mostShown) continue;
        const host = ip.includes(':') && port !== null ? `[${ip}]` : ip;
        shown.push(port === null ? host : `${host}:${port.port}`);
      }
    }
  }
  return total === 0 ? '<none>' : withMore(shown, total, mostShown);
}

export const endpointsPrinter: Printer = printer<Endpoints>(columns('Endpoints', 'Age'), (object, nowMs) => [
  nameOf(object),
  endpointsText(object),
  ageOfPrinted(object, nowMs),
]);

interface EndpointSlice extends Printed {
  readonly addressType?: string;
  readonly ports?: readonly { readonly port?: number | null; readonly name?: string }[];
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[];
}

function firstOnes(all: readonly string[]): string {
  const text = withMore(all.slice(0, mostShown), all.length, mostShown);
  return text === '' ? '<unset>' : text;
}

export const endpointSlicePrinter: Printer = printer<EndpointSlice>(
  columns('AddressType', 'Ports', 'Endpoints', 'Age'),
  (object, nowMs) => [
    nameOf(object),
    object.addressType ?? '',
    firstOnes((object.ports ?? []).map(({ port, name }) => (port != null ? String(port) : (name ?? '*')))),
    firstOnes((object.endpoints ?? []).flatMap(({ addresses = [] }) => addresses)),
    ageOfPrinted(object, nowMs),
  ],
);

interface IngressSpec {
  readonly ingressClassName?: string;
  readonly rules?: readonly { readonly host?: string }[];
  readonly tls?: readonly object[];
}

type Ingress = Printed<IngressSpec, { readonly loadBalancer?: LoadBalancer }>;

/** Rules without a host are counted and not shown. */
function hostsText(rules: readonly { readonly host?: string }[]): string {
  const hosts = rules.map(({ host }) => host ?? '').filter((host) => host !== '');
  if (hosts.length === 0) return '*';
  const isMore = hosts.length > mostShown || (hosts.length === mostShown && rules.length > mostShown);
  return withMore(hosts.slice(0, mostShown), isMore ? rules.length : hosts.length, mostShown);
}

export const ingressPrinter: Printer = printer<Ingress>(
  columns('Class', 'Hosts', 'Address', 'Ports', 'Age'),
  (object, nowMs) => [
    nameOf(object),
    orNone(object.spec?.ingressClassName ?? object.metadata.annotations?.['kubernetes.io/ingress.class']),
    hostsText(object.spec?.rules ?? []),
    balancerAddresses(object.status?.loadBalancer).join(','),
    (object.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    ageOfPrinted(object, nowMs),
  ],
);

interface IngressClassSpec {
  readonly controller?: string;
  readonly parameters?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
}

function parametersText({ spec }: Printed<IngressClassSpec>): string {
  const given = spec?.parameters;
  if (given === undefined) return '<none>';
  const group = given.apiGroup === undefined ? '' : `.${given.apiGroup}`;
  return `${given.kind}${group}/${given.name}`;
}

/** The name, with a mark if the annotation makes it the one that is used when none is named. */
export function nameWithDefault(object: Printed, annotations: readonly string[]): string {
  const isDefault = annotations.some((name) => object.metadata.annotations?.[name] === 'true');
  return isDefault ? `${nameOf(object)} (default)` : nameOf(object);
}

export const ingressClassPrinter: Printer = printer<Printed<IngressClassSpec>>(
  columns('Controller', 'Parameters', 'Age'),
  (object, nowMs) => [
    nameWithDefault(object, ['ingressclass.kubernetes.io/is-default-class']),
    object.spec?.controller ?? '',
    parametersText(object),
    ageOfPrinted(object, nowMs),
  ],
);

export const networkPolicyPrinter: Printer = printer<Printed<{ readonly podSelector?: LabelSelectorShape }>>(
  columns('Pod-Selector', 'Age'),
  (object, nowMs) => [nameOf(object), selectorText(object.spec?.podSelector), ageOfPrinted(object, nowMs)],
);

interface ParentReference {
  readonly group?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

function parentText(parent: ParentReference | undefined): string {
  if (parent === undefined) return '<none>';
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  const type = (group === '' ? resource : `${resource}.${group}`).toLowerCase();
  return [type, namespace, name].filter((part) => part !== '').join('/');
}

export const ipAddressPrinter: Printer = printer<Printed<{ readonly parentRef?: ParentReference }>>(
  columns('ParentRef', 'Age'),
  (object, nowMs): Json[] => [
    nameOf(object),
    parentText(object.spec?.parentRef),
    ageOfPrinted(object, nowMs),
  ],
);

export const serviceCidrPrinter: Printer = printer<Printed<{ readonly cidrs?: readonly string[] }>>(
  columns('CIDRs', 'Age'),
  (object, nowMs) => [nameOf(object), (object.spec?.cidrs ?? []).join(','), ageOfPrinted(object, nowMs)],
);
