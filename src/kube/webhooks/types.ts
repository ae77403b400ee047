/** What the rest of the room sees of webhooks: where one is, and the seam behind which the network is. */

/** `clientConfig` of a webhook: one of `url` and `service`. */
export interface WebhookAddress {
  /** Empty: it is a service. */
  readonly url: string;
  /** Null: it is a URL. */
  readonly service: WebhookService | null;
  /** Certificates in PEM that the server's must be signed by; empty: the authorities of the system. */
  readonly authority: string;
}

export interface WebhookService {
  readonly namespace: string;
  readonly name: string;
  /** Begins with a slash, or is empty. */
  readonly path: string;
  readonly port: number;
}

/** What converts the versions of a custom resource. */
export interface ConversionWebhook {
  readonly address: WebhookAddress;
  /** Versions of ConversionReview that it takes. */
  readonly reviewVersions: readonly string[];
}

/** One POST. */
export interface WebhookRequest {
  readonly url: string;
  /** Where to connect instead of to the host of the URL; null: to that. */
  readonly dial: { readonly host: string; readonly port: number } | null;
  /** PEM; empty: the authorities of the system. */
  readonly authority: string;
  /** JSON. */
  readonly body: string;
  readonly timeoutMs: number;
}

export interface WebhookReply {
  readonly code: number;
  /** Empty: there was none. */
  readonly contentType: string;
  readonly body: string;
}

/** Speaks to webhooks. Connections are kept and used again. */
export interface WebhookCaller {
  /** Rejects with an Error that says why nobody answered, in the words of Go's client: `dial tcp 127.0.0.1:1: connect: connection refused`. */
  post(request: WebhookRequest): Promise<WebhookReply>;
  /** Ends every connection. */
  close(): void;
}
