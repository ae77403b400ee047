/**
 * Subresources behind which a kubelet or a pod stands: log, exec, attach, portforward, proxy. No kubelet
 * belongs to this server, so what is asked is checked as far as the API knows, and then answered as by a server whose
 * kubelets are all out of reach: a client tells "not scheduled", "no such node" and "node does not answer" apart.
 */

import { type FieldError, forbiddenValue, invalidValue } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { badRequest, bareError, invalid, notFound, type StatusError, unavailable } from '../api/status.ts';
import { booleanParameter, integerParameter } from '../http/route.ts';
import type { ApiAnswer } from '../http/types.ts';
import type { Handler, VerbHandlers } from './dispatch.ts';
import { askAdmission, type Endpoint } from './endpoint.ts';

const kubeletPort = 10_250;

interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly containerPort?: number }[];
}

interface PodSpec {
  readonly nodeName?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
}

interface NodeStatus {
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } };
}

interface Port {
  readonly name?: string;
  readonly port?: number;
}

/** @param blamed the plural that is told not to be there */
async function coreObject(
  { parts }: Endpoint,
  plural: string,
  namespace: string,
  name: string,
  blamed: string = plural,
): Promise<ApiObject> {
  const resource = parts.registry.find('', 'v1', plural);
  if (resource === null) throw new Error(`${plural} are not served`);
  const object = await parts.storages.of(resource).get(namespace, name);
  if (object === null) throw notFound({ group: '', plural: blamed }, name);
  return object;
}

function namesOf(containers: readonly Container[] = []): string[] {
  return containers.map(({ name }) => name);
}

/** The container that is meant. @throws StatusError 400 */
function containerOf(pod: ApiObject, wanted: string): string {
  const spec = (pod.spec ?? {}) as PodSpec;
  const names = namesOf(spec.containers);
  const others = [...namesOf(spec.initContainers), ...namesOf(spec.ephemeralContainers)];
  const { name = '' } = pod.metadata;
  if (wanted !== '') {
    if (names.includes(wanted) || others.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  if (names.length === 1) return names[0]!;
  if (names.length === 0) throw badRequest(`a container name must be specified for pod ${name}`);
  let text = `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`;
  const init = namesOf(spec.initContainers);
  const ephemeral = namesOf(spec.ephemeralContainers);
  if (init.length > 0) text += ` or one of the init containers: [${init.join(' ')}]`;
  if (ephemeral.length > 0) text += ` or one of the ephemeral containers: [${ephemeral.join(' ')}]`;
  throw badRequest(text);
}

/** Kubelets are reached by these kinds of address, the first that a node has. */
const addressTypes = ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'];

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a node's kubelet should be. @throws StatusError 404 for an unknown node, 500 for one without an address */
async function kubeletOf(endpoint: Endpoint, nodeName: string): Promise<string> {
  const node = await coreObject(endpoint, 'nodes', '', nodeName);
  const { addresses = [], daemonEndpoints } = (node.status ?? {}) as NodeStatus;
  const port = daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  for (const wanted of addressTypes) {
    const found = addresses.find(({ type }) => type === wanted);
    if (found !== undefined) return hostPort(found.address, port === 0 ? kubeletPort : port);
  }
  const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ');
  throw bareError(`no preferred addresses found; known addresses: [${known}]`);
}

function refused(at: string): string {
  return `dial tcp ${at}: connect: connection refused`;
}

function outOfReach(at: string): StatusError {
  return unavailable(`error trying to reach service: ${refused(at)}`);
}

function nodeNameOf(pod: ApiObject): string {
  return ((pod.spec ?? {}) as PodSpec).nodeName ?? '';
}

/** @throws StatusError 400, 422 */
function checkLogOptions({ context, path }: Endpoint): void {
  const { query } = context.request;
  const errors: FieldError[] = [];
  const tail = integerParameter(query, 'tailLines');
  if (tail !== null && tail < 0) {
    errors.push(invalidValue('tailLines', tail, 'must be greater than or equal to 0'));
  }
  const limit = integerParameter(query, 'limitBytes');
  if (limit !== null && limit < 1) errors.push(invalidValue('limitBytes', limit, 'must be greater than 0'));
  const since = integerParameter(query, 'sinceSeconds');
  if (since !== null && (query.get('sinceTime') ?? '') !== '') {
    errors.push(forbiddenValue('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (since !== null && since < 1) {
    errors.push(invalidValue('sinceSeconds', since, 'must be greater than 0'));
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, path.name, errors);
}

/** A pod that runs nowhere has no log yet: 204. */
async function readLog(endpoint: Endpoint): Promise<ApiAnswer> {
  const { context, path } = endpoint;
  checkLogOptions(endpoint);
  const { query } = context.request;
  const pod = await coreObject(endpoint, 'pods', path.namespace, path.name);
  const container = containerOf(pod, query.get('container') ?? '');
  const nodeName = nodeNameOf(pod);
  if (nodeName === '') return { type: 'bytes', code: 204, headers: {}, body: '' };
  const at = await kubeletOf(endpoint, nodeName);
  const asked = ['follow', 'previous', 'timestamps'].filter((name) => booleanParameter(query, name));
  const options = asked.length === 0 ? '' : `?${asked.map((name) => `${name}=true`).join('&')}`;
  const url = `https://${at}/containerLogs/${path.namespace}/${path.name}/${container}${options}`;
  throw bareError(`Get ${JSON.stringify(url)}: ${refused(at)}`);
}

/** exec, attach and portforward: connections that are upgraded. @param choosesContainer port-forward is for the whole pod */
function upgraded(choosesContainer: boolean): Handler {
  return async (endpoint) => {
    const { context, path } = endpoint;
    const { request } = context;
    const pod = await coreObject(endpoint, 'pods', path.namespace, path.name);
    if (choosesContainer) containerOf(pod, request.query.get('container') ?? '');
    const nodeName = nodeNameOf(pod);
    if (nodeName === '') throw badRequest(`pod ${path.name} does not have a host assigned`);
    const at = await kubeletOf(endpoint, nodeName);
    if (request.header('upgrade') === '') throw badRequest('Upgrade request required');
    throw bareError(`error dialing backend: ${refused(at)}`);
  };
}

/** `[scheme:]name[:port]` */
function proxyTarget(text: string): { readonly name: string; readonly port: string } {
  const parts = text.split(':');
  if (parts.length === 3) return { name: parts[1]!, port: parts[2]! };
  if (parts.length <= 2) return { name: parts[0]!, port: parts[1] ?? '' };
  throw badRequest(`invalid service request ${JSON.stringify(text)}`);
}

async function podProxy(endpoint: Endpoint): Promise<ApiAnswer> {
  const { path } = endpoint;
  const { name, port } = proxyTarget(path.name);
  const pod = await coreObject(endpoint, 'pods', path.namespace, name);
  const { podIP = '' } = (pod.status ?? {}) as { podIP?: string };
  if (podIP === '') throw badRequest('address not allowed');
  const { containers = [] } = (pod.spec ?? {}) as PodSpec;
  const first = containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort ?? 80;
  throw outOfReach(hostPort(podIP, port === '' ? first : Number(port)));
}

interface Subset {
  readonly addresses?: readonly { readonly ip: string }[];
  readonly ports?: readonly Port[];
}

async function serviceProxy(endpoint: Endpoint): Promise<ApiAnswer> {
  const { path } = endpoint;
  const { name, port } = proxyTarget(path.name);
  let portName = port;
  if (/^\d+$/.test(port)) {
    const service = await coreObject(endpoint, 'services', path.namespace, name);
    const { ports = [] } = (service.spec ?? {}) as { ports?: readonly Port[] };
    const found = ports.find((candidate) => candidate.port === Number(port));
    if (found === undefined) {
      throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
    }
    portName = found.name ?? '';
  }
  // Of a service without endpoints it is the service that is said not to be there.
  const endpoints = await coreObject(endpoint, 'endpoints', path.namespace, name, 'services');
  const { subsets = [] } = endpoints as unknown as { subsets?: readonly Subset[] };
  for (const { addresses = [], ports = [] } of subsets) {
    const found = ports.find((candidate) => (candidate.name ?? '') === portName);
    if (addresses.length > 0 && found !== undefined)
      throw outOfReach(hostPort(addresses[0]!.ip, found.port ?? 0));
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(path.name)}`);
}

async function nodeProxy(endpoint: Endpoint): Promise<ApiAnswer> {
  throw outOfReach(await kubeletOf(endpoint, proxyTarget(endpoint.path.name).name));
}

/** What a connection is asked with, as webhooks and policies see it. */
function optionsOf({ context, path }: Endpoint): JsonObject {
  const { query } = context.request;
  const options: JsonObject = {};
  if (path.subresource === 'proxy') {
    if (path.rest.length > 0) options['path'] = `/${path.rest.join('/')}`;
    return options;
  }
  if (path.subresource === 'portforward') {
    const ports = query.getAll('ports').flatMap((text) => text.split(',').map(Number));
    if (ports.length > 0) options['ports'] = ports;
    return options;
  }
  for (const name of ['stdin', 'stdout', 'stderr', 'tty']) {
    if (booleanParameter(query, name)) options[name] = true;
  }
  const container = query.get('container') ?? '';
  if (container !== '') options['container'] = container;
  const command = query.getAll('command');
  if (command.length > 0) options['command'] = command;
  return options;
}

/** A connection, once webhooks and policies have let it pass. */
function admitted(handler: Handler): Handler {
  return async (endpoint) => {
    const { resource, path } = endpoint;
    const kind = resource.subresources.find(({ name }) => name === path.subresource)?.kind ?? '';
    const options = { kind, apiVersion: 'v1', ...optionsOf(endpoint) } as unknown as ApiObject;
    await askAdmission(endpoint, 'connect', options, false);
    return handler(endpoint);
  };
}

function everyMethod(connect: Handler): VerbHandlers {
  const handler = admitted(connect);
  return { create: handler, get: handler, update: handler, patch: handler, delete: handler };
}

function bothMethods(connect: Handler): VerbHandlers {
  const handler = admitted(connect);
  return { create: handler, get: handler };
}

/** Rows of `SubresourceHandlers`. */
export const connectHandlers: readonly [string, VerbHandlers][] = [
  ['/pods/log', { get: readLog }],
  ['/pods/exec', bothMethods(upgraded(true))],
  ['/pods/attach', bothMethods(upgraded(true))],
  ['/pods/portforward', bothMethods(upgraded(false))],
  ['/pods/proxy', everyMethod(podProxy)],
  ['/services/proxy', everyMethod(serviceProxy)],
  ['/nodes/proxy', everyMethod(nodeProxy)],
];
