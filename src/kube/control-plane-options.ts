/** What `startControlPlane` can be told. */

import type { Runtime } from '../util/runtime.ts';
import type { FrontProxyOptions } from './auth/front-proxy.ts';
import type { AuthorizationMode } from './auth/modes.ts';
import type { Authenticator, Authorizer } from './auth/types.ts';
import type { AuditPolicy, AuditSink } from './http/audit.ts';
import type { TlsMaterial } from './http/server.ts';
import type { ServerParts } from './rest/parts.ts';
import type { KubeStore } from './store.ts';
import type { WebhookCaller } from './webhooks/types.ts';

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
  /** Address that clients in the cluster reach it at. @default `host`, or the loopback when that is no address */
  readonly advertiseAddress?: string;
  /** A plain port on the loopback besides; who comes there without credentials is an administrator. @default null, none */
  readonly insecurePort?: number | null;
  /** The certificate of the server's authority, PEM, for every namespace. @default the server's own */
  readonly authority?: string;
  /**
   * A proxy in front that says in headers who the client is; needs `tls`. Certificates of users must then be signed by one of
   * `tls.clientAuthorities` itself. @default none
   */
  readonly frontProxy?: FrontProxyOptions;
  /** The administrator's bearer token. @default a random one */
  readonly adminToken?: string;
  /**
   * Signs the tokens of service accounts: a private EC key on P-256, PEM. Servers over one store share it, or each refuses
   * the tokens of the others. @default one of its own that ends with the server
   */
  readonly serviceAccountKey?: string;
  /** Public or private keys or certificates, PEM, whose tokens of service accounts are believed as well. @default none */
  readonly serviceAccountKeys?: readonly string[];
  /** Who issues tokens of service accounts, a URL. @default 'https://kubernetes.default.svc.cluster.local' */
  readonly serviceAccountIssuer?: string;
  /** Names of this server in tokens. @default the issuer's */
  readonly apiAudiences?: readonly string[];
  /**
   * Requests without credentials are those of `system:anonymous`, of which the authorizer decides; else they are refused
   * with 401. @default true
   */
  readonly anonymous?: boolean;
  /** Asked in order after the administrator's token; who is known to none is anonymous. @default none */
  readonly authenticators?: readonly Authenticator[];
  /** Addresses of services. @default '10.96.0.0/16' */
  readonly serviceRange?: string;
  /** First and last port of nodes that services get. @default 30000 to 32767 */
  readonly nodePorts?: readonly [number, number];
  /** Admission plugins that are turned off, `ServiceAccount`. @default none */
  readonly disabledPlugins?: readonly string[];
  /** Admission plugins that are turned on, of those that begin turned off: `NodeRestriction`. @default none */
  readonly enabledPlugins?: readonly string[];
  /** False: a pod or template with a privileged container is refused. @default true */
  readonly allowsPrivileged?: boolean;
  /** One that is ready, or how to make it, as `rbacAuthorizer`. @default that of `authorizationModes` */
  readonly authorizer?: Authorizer | ((parts: ServerParts) => Authorizer);
  /** Asked in order until one allows. @default AlwaysAllow */
  readonly authorizationModes?: readonly AuthorizationMode[];
  /** Groups and versions that are not served, `{ 'apps/v1': false }`; `api/all`, `api/beta`, `api/alpha`. @default none */
  readonly runtimeConfig?: Readonly<Record<string, boolean>>;
  /** Requests at work that only read; more are refused with 429; 0 is any number. @default 400 */
  readonly maxRequestsInFlight?: number;
  /** Requests at work that write; more are refused with 429; 0 is any number. @default 200 */
  readonly maxMutatingRequestsInFlight?: number;
  /** A request that takes longer is answered with 504; watches may. @default 60000 */
  readonly requestTimeoutMs?: number;
  /** How long `close` goes on serving, and says that it is not ready, before it ends. @default 0 */
  readonly shutdownDelayMs?: number;
  /** Takes a line per request, by the rules of `auditPolicy`. @default nobody is told */
  readonly audit?: AuditSink;
  /** @default one line for each request */
  readonly auditPolicy?: AuditPolicy;
  /** Calls webhooks; who gives one closes it. @default over the network */
  readonly webhookCaller?: WebhookCaller;
  /** History of the store that is older than this is compacted; 0: somebody else sees to it. @default 300000 */
  readonly compactionIntervalMs?: number;
}
