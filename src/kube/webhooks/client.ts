/**
 * Asks a webhook: where it is, a POST, and what its answer is, or why there is none in the words of client-go's REST client
 * (k8s.io/client-go/rest, Result.Into).
 */

import type { Lookup } from '../admission/lookup.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { JsonTextError, parseJsonText } from '../schema/json-text.ts';
import { has, textOf } from '../validation/members.ts';
import { destinationOf } from './service-address.ts';
import type { WebhookAddress, WebhookCaller, WebhookReply } from './types.ts';

function pathOf(text: string): string {
  const segments = text.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

function urlOf({ url, service }: WebhookAddress, timeoutMs: number): string {
  const query = `?timeout=${Math.ceil(timeoutMs / 1000)}s`;
  if (service !== null) {
    return `https://${service.name}.${service.namespace}.svc:${service.port}${pathOf(service.path)}${query}`;
  }
  const parts = /^([a-z]+:\/\/[^/?#]*)([^?#]*)/i.exec(url);
  return parts === null ? url : `${parts[1]}${pathOf(parts[2]!)}${query}`;
}

/** Messages of codes that say nothing of the answer itself. */
const codeTexts: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

function refusalText({ code, contentType, body }: WebhookReply): string {
  const isText = contentType === '' || contentType.startsWith('text/');
  const said = isText ? body.trim() : 'unknown';
  if (code === 403 || code === 415) return said;
  if (code === 406) {
    return said === '' || said === 'unknown'
      ? 'the server was unable to respond with a content type that the client supports'
      : said;
  }
  const known = codeTexts[code];
  if (known !== undefined) return known;
  if (code >= 500)
    return `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${code} but did not return more information`;
}

/** The message of a Status that was sent as an answer; null: it is none. */
function statusMessage(body: string): string | null {
  try {
    const { value } = parseJsonText(body);
    if (!isJsonObject(value) || value['kind'] !== 'Status' || value['status'] !== 'Failure') return null;
    return textOf(value, 'message');
  } catch {
    return null;
  }
}

/** @throws Error why it is no review */
function reviewOf(reply: WebhookReply, kind: string): JsonObject {
  const { code, contentType, body } = reply;
  if (code < 200 || code > 206) throw new Error(statusMessage(body) ?? refusalText(reply));
  if (body.length === 0) {
    throw new Error(`0-length response with status code: ${code} and content type: ${contentType}`);
  }
  let value: Json;
  try {
    ({ value } = parseJsonText(body));
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new Error(`couldn't get version/kind; json parse error: ${error.message}`);
  }
  if (!isJsonObject(value)) {
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    throw new Error(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  if (has(value, 'kind') && value['kind'] !== kind) {
    const version = JSON.stringify(value['apiVersion'] ?? '');
    throw new Error(
      `no kind ${JSON.stringify(value['kind'])} is registered for version ${version} in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:99"`,
    );
  }
  return value;
}

export class WebhookClient {
  readonly #caller: WebhookCaller;
  readonly #lookup: Lookup;

  constructor(caller: WebhookCaller, lookup: Lookup) {
    this.#caller = caller;
    this.#lookup = lookup;
  }

  /**
   * The review that is the answer.
   * @param kind of the reviews
   * @param timeoutMs also told to the webhook, in whole seconds
   * @throws Error that says why there is none
   */
  async ask(address: WebhookAddress, kind: string, review: object, timeoutMs: number): Promise<JsonObject> {
    const url = urlOf(address, timeoutMs);
    const body = JSON.stringify(review);
    const { service, authority } = address;
    let reply: WebhookReply;
    try {
      const dial = service === null ? null : await destinationOf(this.#lookup, service);
      reply = await this.#caller.post({ url, dial, authority, body, timeoutMs });
    } catch (error) {
      throw new Error(`Post ${JSON.stringify(url)}: ${(error as Error).message}`);
    }
    return reviewOf(reply, kind);
  }
}
