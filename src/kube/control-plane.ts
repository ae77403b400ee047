/**
 * Starts an API server: the one place where the room's parts are put together. Without a store it keeps everything in
 * memory, so that a test has a cluster of its own in a few milliseconds, and as many as it likes.
 */

import { TimerWheel } from '../rpc/http2/timer-wheel.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Runtime } from '../util/runtime.ts';
import { AdmissionChain } from './admission/chain.ts';
import { dynamicAdmission } from './admission/dynamic.ts';
import { AdmissionFigures } from './admission/figures.ts';
import { admissionPlugins } from './admission/plugins.ts';
import type { AdmissionPlugin } from './admission/types.ts';
import { administrator } from './api/user.ts';
import { fieldManagement } from './apply/index.ts';
import type { Access } from './auth/access.ts';
import { clientCertificates, userCertificates } from './auth/client-certificates.ts';
import { escalationChecks } from './auth/escalation.ts';
import { frontProxy, frontProxyData, issuedBy } from './auth/front-proxy.ts';
import { issuerPages } from './auth/issuer-pages.ts';
import { kubeconfigText } from './auth/kubeconfig.ts';
import { authorizerOf } from './auth/modes.ts';
import { RbacAuthorizer } from './auth/rbac.ts';
import { ServiceAccountTokens, tokenKeys } from './auth/service-account-tokens.ts';
import { staticTokens } from './auth/static-tokens.ts';
import type { Authenticator, Authorizer } from './auth/types.ts';
import { unsecured } from './auth/unsecured.ts';
import { bootstrap, publishServer } from './bootstrap.ts';
import type { ControlPlaneOptions } from './control-plane-options.ts';
import { controllers } from './controllers/index.ts';
import { Health } from './discovery/health.ts';
import { metricsPage } from './discovery/metrics.ts';
import { DiscoveryPages } from './discovery/pages.ts';
import { Audit } from './http/audit.ts';
import { type HandlerOptions, RequestHandler } from './http/handler.ts';
import { InFlight } from './http/limits.ts';
import { RequestFigures } from './http/request-figures.ts';
import { type Listener, listen, type TlsMaterial } from './http/server.ts';
import { WatchTurns } from './http/watch-writer.ts';
import { nodeWebhookCaller } from './http/webhook-caller.ts';
import { randomUid } from './meta/time.ts';
import { OpenApiPages } from './openapi/pages.ts';
import { patches } from './patch/index.ts';
import { protobufCodec } from './proto/index.ts';
import { builtInResources } from './registry/built-in.ts';
import { Registry } from './registry/registry.ts';
import { servedResources } from './registry/runtime-config.ts';
import type { ServerParts } from './rest/parts.ts';
import { subresourceHandlers } from './rest/subresources.ts';
import { Storages } from './storage/resource-storage.ts';
import { Upkeep } from './storage/upkeep.ts';
import { openMemoryStore } from './store/memory-store.ts';
import { MeteredStore } from './store/metered-store.ts';
import type { KubeStore } from './store.ts';
import { isAddress } from './validation/pod-fields.ts';
import type { WebhookCaller } from './webhooks/types.ts';

/** The store forgets what is older than this, twice over. */
const defaultCompactionMs = 300_000;
/** A request takes no longer, unless another time is given. */
const defaultTimeoutMs = 60_000;
/** How long the end waits for requests at work, and how often it looks. */
const drainMs = 3000;
const drainLookMs = 5;

export type { AuthorizationMode } from './auth/modes.ts';
export type { ControlPlaneOptions } from './control-plane-options.ts';
export { memberStore } from './store/member-store.ts';
export type { KubeStore } from './store.ts';

export interface ControlPlane extends AsyncDisposable {
  /** `http://127.0.0.1:12345` */
  readonly url: string;
  readonly port: number;
  /** Of the plain port; null: there is none. */
  readonly insecureUrl: string | null;
  /** A kubeconfig, YAML, for this server's administrator. */
  readonly kubeconfig: string;
  /** Ends every connection and watch; nothing is left behind. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/** What admission needs besides the objects. */
interface Asked {
  /** Plugins that are asked before all others. */
  readonly checks: readonly AdmissionPlugin[];
  readonly caller: WebhookCaller;
  readonly authorizer: () => Authorizer;
}

function serverParts(
  runtime: Runtime,
  store: KubeStore,
  options: ControlPlaneOptions,
  { checks, caller, authorizer }: Asked,
): ServerParts {
  const registry = new Registry(servedResources(builtInResources, options.runtimeConfig ?? {}));
  const storages = new Storages(store, (webhook, objects, version) =>
    converter.ask(webhook, objects, version),
  );
  const disabled = new Set(options.disabledPlugins);
  const figures = new AdmissionFigures(runtime.clock);
  const sources = { runtime, registry, storages, caller, authorizer, disabled, figures };
  const { admission, converter } = dynamicAdmission(sources);
  const plugins = admissionPlugins({
    runtime,
    registry,
    storages,
    ...servicesOf(options),
    authority: options.authority ?? options.tls?.cert ?? '',
    disabled,
    enabled: new Set(options.enabledPlugins),
  });
  return {
    runtime,
    registry,
    storages,
    admission: new AdmissionChain([...checks, ...plugins], admission, figures),
    patches,
    fields: fieldManagement,
    protobuf: protobufCodec,
    allowsPrivileged: options.allowsPrivileged ?? true,
  };
}

/** What is said about the ranges of services. */
function servicesOf({ serviceRange, nodePorts }: ControlPlaneOptions): {
  serviceRange?: string;
  nodePorts?: readonly [number, number];
} {
  return {
    ...(serviceRange === undefined ? {} : { serviceRange }),
    ...(nodePorts === undefined ? {} : { nodePorts }),
  };
}

/** Of a server that listens everywhere, or by a name, the address of this machine is said. */
function advertisedAddress(host: string): string {
  return isAddress(host) && host !== '0.0.0.0' && host !== '::' ? host : '127.0.0.1';
}

/** Proxies and users come with certificates; of one that says in headers whom it speaks for, those count. */
function certificateAuthenticators({ frontProxy: proxy, tls }: ControlPlaneOptions): Authenticator[] {
  if (proxy === undefined) return [clientCertificates];
  return [frontProxy(proxy), userCertificates(issuedBy(tls?.clientAuthorities ?? ''))];
}

/** The socket asks for certificates of users and of proxies. */
function socketTls({ frontProxy: proxy, tls = null }: ControlPlaneOptions): TlsMaterial | null {
  if (tls === null || proxy === undefined) return tls;
  return { ...tls, clientAuthorities: `${tls.clientAuthorities}\n${proxy.authorities}` };
}

/** Who may come, and what they may do. */
function accessOf(parts: ServerParts, options: ControlPlaneOptions, adminToken: string): Access {
  const { serviceAccountKey = null, serviceAccountKeys, serviceAccountIssuer, apiAudiences } = options;
  const keys = tokenKeys(serviceAccountKey, serviceAccountKeys);
  const tokens = new ServiceAccountTokens(parts, keys, serviceAccountIssuer, apiAudiences);
  const {
    authorizer = (made: ServerParts) => authorizerOf(options.authorizationModes ?? ['AlwaysAllow'], made),
  } = options;
  return {
    authenticators: [
      staticTokens(new Map([[adminToken, administrator]])),
      ...certificateAuthenticators(options),
      tokens,
      ...(options.authenticators ?? []),
    ],
    tokens,
    authorizer: typeof authorizer === 'function' ? authorizer(parts) : authorizer,
  };
}

/** What both listeners have in common, and what is told of it. */
function handling(parts: ServerParts, options: ControlPlaneOptions): Handling {
  const { maxRequestsInFlight = 400, maxMutatingRequestsInFlight = 200 } = options;
  return {
    inFlight: new InFlight({ reading: maxRequestsInFlight, writing: maxMutatingRequestsInFlight }),
    figures: new RequestFigures(),
    turns: new WatchTurns(parts.runtime.scheduler),
    audit: options.audit === undefined ? null : new Audit(options.audit, options.auditPolicy ?? null),
    timeoutMs: options.requestTimeoutMs ?? defaultTimeoutMs,
  };
}

type Handling = Pick<HandlerOptions, 'inFlight' | 'figures' | 'turns' | 'audit' | 'timeoutMs'>;

/** Goes on serving for a while, lets go of the watches, and waits for what is at work. */
async function drain(
  options: ControlPlaneOptions,
  { clock }: Runtime,
  listeners: readonly Listener[],
  { inFlight, turns }: Handling,
): Promise<void> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve));
  if ((options.shutdownDelayMs ?? 0) > 0) await pause(options.shutdownDelayMs!);
  for (const listener of listeners) listener.drain();
  turns.endAll();
  const until = clock.now() + drainMs;
  while (inFlight.counts.readOnly + inFlight.counts.mutating > 0 && clock.now() < until) {
    await pause(drainLookMs);
  }
}

/** What was opened, each with its end: the last comes first. */
class Opened {
  readonly #ends: (() => unknown)[] = [];
  #closing: Promise<void> | null = null;

  push(end: () => unknown): void {
    this.#ends.push(end);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}

/**
 * Starts an API server and resolves once it answers.
 * @throws the system's error when the port is taken; nothing is left open then
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const opened = new Opened();
  try {
    return await open(options, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function open(options: ControlPlaneOptions, opened: Opened): Promise<ControlPlane> {
  const { runtime = nodeRuntime(), host = '127.0.0.1', tls = null, insecurePort = null } = options;
  const { clock } = runtime;
  const below = options.store ?? (await openMemoryStore(runtime));
  if (options.store === undefined) opened.push(() => below.close());
  const store = new MeteredStore(below, clock);
  const token = options.adminToken ?? randomUid(runtime.random);
  const checks = escalationChecks(() => ({ authorizer: access.authorizer, rbac }));
  const caller = options.webhookCaller ?? nodeWebhookCaller(clock);
  if (options.webhookCaller === undefined) opened.push(() => caller.close());
  const authorizer = (): Authorizer => access.authorizer;
  const parts = serverParts(runtime, store, options, { checks: [checks], caller, authorizer });
  opened.push(() => parts.storages.close());
  const rbac = new RbacAuthorizer(parts);
  const access = accessOf(parts, options, token);
  const address: { url: string; port: number } = { url: '', port: 0 };
  const discovery = new DiscoveryPages(parts.registry, () => `${host}:${address.port}`);
  const openApi = new OpenApiPages(parts.registry, () => clock.wallNow());
  const health = new Health(store);
  const work = handling(parts, options);
  const { registry, storages } = parts;
  const metrics = metricsPage({
    clock,
    registry,
    storages,
    store,
    requests: work.figures,
    admission: parts.admission.figures,
    ...work,
  });
  const common: Omit<HandlerOptions, 'authenticators'> = {
    ...work,
    parts,
    subresources: subresourceHandlers(access),
    pages: [
      discovery.handle,
      openApi.handle,
      health.handle,
      metrics,
      health.figures.page(clock),
      issuerPages(access.tokens, () => address.url),
    ],
    authorizer: access.authorizer,
    allowsAnonymous: options.anonymous ?? true,
    deadlines: new TimerWheel(clock),
  };
  const { authenticators } = access;
  await bootstrap(parts, {
    ...servicesOf(options),
    clientAuthorities: tls?.clientAuthorities ?? '',
    ...(options.frontProxy === undefined ? {} : { frontProxy: frontProxyData(options.frontProxy) }),
  });
  const begun = await Promise.allSettled(controllers.map((begin) => begin(parts)));
  const running = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  opened.push(() => Promise.all(running.map((controller) => controller.close())));
  const failed = begun.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  opened.push(() => common.deadlines.close());
  const handler = new RequestHandler({ ...common, authenticators });
  const port = options.port ?? 0;
  const listeners: Listener[] = [];
  opened.push(() => Promise.all(listeners.map((listener) => listener.close())));
  listeners.push(await listen({ host, port, tls: socketTls(options), clock, handle: handler.handle }));
  address.url = listeners[0]!.url;
  address.port = listeners[0]!.port;
  if (insecurePort !== null) {
    const open = new RequestHandler({ ...common, authenticators: [...authenticators, unsecured] });
    listeners.push(
      await listen({ host: '127.0.0.1', port: insecurePort, tls: null, clock, handle: open.handle }),
    );
  }
  await publishServer(parts, advertisedAddress(options.advertiseAddress ?? host), address.port);
  const upkeep = new Upkeep(runtime, store, storages, options.compactionIntervalMs ?? defaultCompactionMs);
  opened.push(() => {
    upkeep.close();
    health.end();
    return drain(options, runtime, listeners, work);
  });
  const close = (): Promise<void> => opened.close();
  return {
    url: address.url,
    port: address.port,
    insecureUrl: listeners[1]?.url ?? null,
    kubeconfig: kubeconfigText(address.url, tls?.cert ?? null, token),
    close,
    [Symbol.asyncDispose]: close,
  };
}
