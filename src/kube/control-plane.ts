/**
 * Starts an API server: the one place where the room's parts are put together. Without a store it keeps everything in
 * memory, so that a test has a cluster of its own in a few milliseconds, and as many as it likes.
 */

import { nodeRuntime } from '../util/node-runtime.ts';
import type { Runtime } from '../util/runtime.ts';
import { AdmissionChain } from './admission/chain.ts';
import { admissionPlugins } from './admission/plugins.ts';
import { administrator } from './api/user.ts';
import { fieldManagement } from './apply/index.ts';
import type { Access } from './auth/access.ts';
import { clientCertificates } from './auth/client-certificates.ts';
import { issuerPages } from './auth/issuer-pages.ts';
import { ServiceAccountTokens, tokenKeys } from './auth/service-account-tokens.ts';
import { staticTokens } from './auth/static-tokens.ts';
import { type Authenticator, type Authorizer, allowAll } from './auth/types.ts';
import { bootstrap, publishServer } from './bootstrap.ts';
import { controllers } from './controllers/index.ts';
import { healthPages } from './discovery/health.ts';
import { DiscoveryPages } from './discovery/pages.ts';
import { RequestHandler } from './http/handler.ts';
import { type Listener, listen, type TlsMaterial } from './http/server.ts';
import { randomUid } from './meta/time.ts';
import { OpenApiPages } from './openapi/pages.ts';
import { patches } from './patch/index.ts';
import { protobufCodec } from './proto/index.ts';
import { builtInResources } from './registry/built-in.ts';
import { Registry } from './registry/registry.ts';
import type { ServerParts } from './rest/parts.ts';
import { subresourceHandlers } from './rest/subresources.ts';
import { Storages } from './storage/resource-storage.ts';
import { openMemoryStore } from './store/memory-store.ts';
import type { KubeStore } from './store.ts';
import { isAddress } from './validation/pod-fields.ts';

/** Bookmarks go out this often. */
const bookmarkMs = 60_000;

export interface ControlPlaneOptions {
  /** @default that of Node.js */
  readonly runtime?: Runtime;
  /** Where objects are kept; the caller closes it. @default one in memory, closed with the control plane */
  readonly store?: KubeStore;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 0, any free one */
  readonly port?: number;
  /** Null: plain HTTP. @default null */
  readonly tls?: TlsMaterial | null;
  /** The administrator's bearer token. @default a random one */
  readonly adminToken?: string;
  /**
   * Signs the tokens of service accounts: a private EC key on P-256, PEM. Servers over one store share it, or each refuses
   * the tokens of the others. @default one of its own that ends with the server
   */
  readonly serviceAccountKey?: string;
  /** Asked in order after the administrator's token; who is known to none is anonymous. @default none */
  readonly authenticators?: readonly Authenticator[];
  /** Addresses of services. @default '10.96.0.0/16' */
  readonly serviceRange?: string;
  /** First and last port of nodes that services get. @default 30000 to 32767 */
  readonly nodePorts?: readonly [number, number];
  /** Admission plugins that are turned off, `ServiceAccount`. @default none */
  readonly disabledPlugins?: readonly string[];
  /** One that is ready, or how to make it, as `rbacAuthorizer`. @default everybody may do everything */
  readonly authorizer?: Authorizer | ((parts: ServerParts) => Authorizer);
}

export interface ControlPlane {
  /** `http://127.0.0.1:12345` */
  readonly url: string;
  readonly port: number;
  /** A kubeconfig, YAML, for this server's administrator. */
  readonly kubeconfig: string;
  /** Ends every connection and watch; nothing is left behind. */
  close(): Promise<void>;
}

function kubeconfigOf(url: string, tls: TlsMaterial | null, token: string): string {
  const trust =
    tls === null ? '' : `\n      certificate-authority-data: ${Buffer.from(tls.cert).toString('base64')}`;
  return `apiVersion: v1
kind: Config
current-context: keelson
clusters:
  - name: keelson
    cluster:
      server: ${url}${trust}
contexts:
  - name: keelson
    context:
      cluster: keelson
      user: keelson
users:
  - name: keelson
    user:
      token: ${token}
`;
}

function serverParts(runtime: Runtime, store: KubeStore, options: ControlPlaneOptions): ServerParts {
  const registry = new Registry(builtInResources);
  const storages = new Storages(store);
  const admission = new AdmissionChain(
    admissionPlugins({
      runtime,
      registry,
      storages,
      ...servicesOf(options),
      authority: options.tls?.cert ?? '',
      disabled: new Set(options.disabledPlugins),
    }),
  );
  return {
    runtime,
    registry,
    storages,
    admission,
    patches,
    fields: fieldManagement,
    protobuf: protobufCodec,
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

/** Starts an API server and resolves once it answers. @throws the system's error when the port is taken */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { runtime = nodeRuntime() } = options;
  const tls = options.tls ?? null;
  const store = options.store ?? (await openMemoryStore(runtime));
  const token = options.adminToken ?? randomUid(runtime.random);
  const parts = serverParts(runtime, store, options);
  let listener: Listener | null = null;
  const discovery = new DiscoveryPages(
    parts.registry,
    () => `${options.host ?? '127.0.0.1'}:${listener?.port ?? 0}`,
  );
  const openApi = new OpenApiPages(parts.registry, () => runtime.clock.wallNow());
  const ping = { name: 'ping', run: () => Promise.resolve(null) };
  const etcd = {
    name: 'etcd',
    run: () =>
      store.revision().then(
        () => null,
        (error: unknown) => String(error),
      ),
  };
  const tokens = new ServiceAccountTokens(parts, tokenKeys(options.serviceAccountKey ?? null));
  const authorizer = options.authorizer ?? allowAll;
  const access: Access = {
    authenticators: [
      staticTokens(new Map([[token, administrator]])),
      clientCertificates,
      tokens,
      ...(options.authenticators ?? []),
    ],
    tokens,
    authorizer: typeof authorizer === 'function' ? authorizer(parts) : authorizer,
  };
  const handler = new RequestHandler({
    parts,
    subresources: subresourceHandlers(access),
    pages: [
      discovery.handle,
      openApi.handle,
      healthPages([ping, etcd]),
      issuerPages(tokens, () => listener?.url ?? ''),
    ],
    authenticators: access.authenticators,
    authorizer: access.authorizer,
  });
  await bootstrap(parts, {
    ...servicesOf(options),
    clientAuthorities: tls?.clientAuthorities ?? '',
  });
  const running = await Promise.all(controllers.map((begin) => begin(parts)));
  listener = await listen({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    tls,
    handle: handler.handle,
  });
  const { url, port } = listener;
  await publishServer(parts, advertisedAddress(options.host ?? ''), port);
  let timer = runtime.clock.setTimer(bookmarkMs, tellProgress);
  function tellProgress(): void {
    for (const cache of parts.storages.caches()) cache.tellProgress();
    timer = runtime.clock.setTimer(bookmarkMs, tellProgress);
  }
  return {
    url,
    port,
    kubeconfig: kubeconfigOf(url, tls, token),
    async close() {
      timer.cancel();
      await listener?.close();
      await Promise.all(running.map((controller) => controller.close()));
      parts.storages.close();
      if (options.store === undefined) await store.close();
    },
  };
}
