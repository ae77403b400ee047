/**
 * Objects in other versions: built-in kinds by the conversions of the registry, custom resources by their name alone or by the
 * webhook of their definition (`ConversionReview`, apiextensions.k8s.io/v1).
 *
 * A webhook may change everything but the metadata, of which it changes labels and annotations.
 */

import type { Random } from '../../util/runtime.ts';
import { copyJson } from '../api/json.ts';
import {
  type ApiObject,
  asJson,
  groupVersionText,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../api/objects.ts';
import { bareError } from '../api/status.ts';
import { randomUid } from '../meta/time.ts';
import { conversionOf } from '../registry/conversion.ts';
import type { ResourceType } from '../registry/types.ts';
import { maybeObject, textOf } from '../validation/members.ts';
import type { WebhookClient } from './client.ts';
import type { ConversionWebhook } from './types.ts';

const timeoutMs = 30_000;
/** So many objects are sent in one review. */
const objectsMax = 200;

/** `group/version, Kind=kind` */
function kindText(object: JsonObject): string {
  return `${textOf(object, 'apiVersion')}, Kind=${textOf(object, 'kind')}`;
}

/** What a webhook gave for one object, with the metadata that it may not change. @throws Error why it cannot be taken */
function accepted(original: JsonObject, given: Json | undefined, apiVersion: string): JsonObject {
  const who = `conversion webhook for ${kindText(original)}`;
  if (!isJsonObject(given)) throw new Error(`${who} returned invalid object`);
  const [version, kind] = [textOf(given, 'apiVersion'), textOf(given, 'kind')];
  if (version !== apiVersion) {
    throw new Error(
      `${who} returned invalid object at index 0: invalid groupVersion (expected ${apiVersion}, received ${version})`,
    );
  }
  if (kind !== textOf(original, 'kind')) {
    throw new Error(
      `${who} returned invalid object at index 0: invalid kind (expected ${textOf(original, 'kind')}, received ${kind})`,
    );
  }
  const metadata = maybeObject(given, 'metadata');
  const known = maybeObject(original, 'metadata') ?? {};
  for (const [member, word] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [was, is] = [textOf(known, member), textOf(metadata ?? {}, member)];
    if (was !== is)
      throw new Error(`${who} returned invalid object: must have the same ${word}: ${was} != ${is}`);
  }
  if (metadata === null) {
    throw new Error(`${who} returned invalid metadata: missing metadata in converted object`);
  }
  const restored: JsonObject = { ...known };
  for (const member of ['labels', 'annotations']) {
    delete restored[member];
    if (isJsonObject(metadata[member])) restored[member] = metadata[member];
  }
  return { ...given, metadata: restored };
}

export class ObjectConverter {
  readonly #client: WebhookClient;
  readonly #random: Random;

  constructor(client: WebhookClient, random: Random) {
    this.#client = client;
    this.#random = random;
  }

  /** One object in the version of `to`; the argument stays as it is. @throws StatusError 500 */
  async convert(object: JsonObject, from: ResourceType, to: ResourceType): Promise<JsonObject> {
    if (from === to) return object;
    const apiVersion = groupVersionText(to.group, to.version);
    if (to.custom === null) {
      const given = copyJson(object) as unknown as ApiObject;
      const stored = conversionOf(from)?.toStorage(given) ?? given;
      return { ...asJson(conversionOf(to)?.fromStorage(stored) ?? stored), kind: to.kind, apiVersion };
    }
    const { conversion } = to.custom;
    if (conversion === undefined) return { ...object, apiVersion };
    const [converted] = await this.ask(conversion, [object], apiVersion);
    return converted!;
  }

  /** Objects by a webhook, those that are in that version already as they are. @throws StatusError 500 */
  async ask(
    webhook: ConversionWebhook,
    objects: readonly JsonObject[],
    apiVersion: string,
  ): Promise<JsonObject[]> {
    const result = [...objects];
    const places = objects.flatMap((object, at) => (object['apiVersion'] === apiVersion ? [] : [at]));
    for (let begin = 0; begin < places.length; begin += objectsMax) {
      const some = places.slice(begin, begin + objectsMax);
      const asked = some.map((at) => objects[at]!);
      try {
        const converted = await this.#review(webhook, asked, apiVersion);
        some.forEach((at, index) => {
          result[at] = accepted(objects[at]!, converted[index], apiVersion);
        });
      } catch (error) {
        throw bareError((error as Error).message);
      }
    }
    return result;
  }

  async #review(
    { address, reviewVersions }: ConversionWebhook,
    objects: readonly JsonObject[],
    desiredAPIVersion: string,
  ): Promise<readonly Json[]> {
    const version = reviewVersions.find((one) => one === 'v1' || one === 'v1beta1');
    if (version === undefined) throw new Error('no supported conversion review versions');
    const uid = randomUid(this.#random);
    const kind = 'ConversionReview';
    const apiVersion = `apiextensions.k8s.io/${version}`;
    const request = { uid, desiredAPIVersion, objects };
    // A real server sends an empty answer with its question.
    const response = { uid: '', convertedObjects: null, result: { metadata: {} } };
    const review = { kind, apiVersion, request, response };
    const who = `conversion webhook for ${kindText(objects[0]!)}`;
    let converted: readonly Json[];
    try {
      const answer = await this.#client.ask(address, kind, review, timeoutMs);
      converted = convertedObjects(answer, uid, version);
    } catch (error) {
      throw new Error(`${who} failed: ${(error as Error).message}`);
    }
    if (converted.length === objects.length) return converted;
    throw new Error(`${who} returned ${converted.length} objects, expected ${objects.length}`);
  }
}

/** @throws Error why there are none */
function convertedObjects(answer: JsonObject, uid: string, version: string): readonly Json[] {
  if (version === 'v1') {
    const wanted = 'apiextensions.k8s.io/v1, Kind=ConversionReview';
    const apiVersion = textOf(answer, 'apiVersion');
    const given = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${textOf(answer, 'kind')}`;
    if (given !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${given}`);
  }
  const response = maybeObject(answer, 'response');
  if (response === null) throw new Error('no response provided');
  const given = textOf(response, 'uid');
  if (version === 'v1' && given !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given)}`);
  }
  const result = maybeObject(response, 'result') ?? {};
  const status = textOf(result, 'status');
  if (status !== 'Success') {
    const message = textOf(result, 'message');
    throw new Error(message === '' ? `response.result.status was '${status}', not 'Success'` : message);
  }
  const objects = response['convertedObjects'];
  return Array.isArray(objects) ? objects : [];
}
