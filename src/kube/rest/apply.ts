/**
 * Server-side apply: PATCH with what one manager wants of an object, as YAML or JSON. An object that is not
 * there is created, whatever its kind says of updates that create.
 */

import { copyJson } from '../api/json.ts';
import { type ApiObject, asJson, isJsonObject, type JsonObject } from '../api/objects.ts';
import { badRequest, conflict, modifiedText, StatusError } from '../api/status.ts';
import type { FieldManagement, ManagerInfo } from '../apply/types.ts';
import type { ApiAnswer } from '../http/types.ts';
import { nowText } from '../meta/time.ts';
import { JsonTextError } from '../schema/json-text.ts';
import { type ParsedYaml, parseYamlText, YamlTextError } from '../schema/yaml-text.ts';
import { toObject } from './body.ts';
import { createObject } from './create.ts';
import { answerObject, type Endpoint } from './endpoint.ts';
import { checkIdentity } from './identity.ts';
import { modify } from './modify.ts';
import { type WriteOptions, writeOptions } from './options.ts';

/** Creates that are lost to others' creates, and updates that are lost to deletes, one after the other. */
const raceTries = 8;

/** What an apply request wants. @throws StatusError 400 */
export function parseIntent(body: Uint8Array, options: WriteOptions, warnings: string[]): JsonObject {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const { value, problems } = parseYaml(text);
  if (value !== null && !isJsonObject(value)) {
    const kind = Array.isArray(value) ? 'array' : typeof value;
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
    );
  }
  // Members that stand there twice: the last one counts.
  const strict = problems.map((problem) => `error converting YAML to JSON: ${problem}`);
  if (strict.length > 0 && options.fieldValidation === 'Strict') {
    throw badRequest(`error strict decoding YAML: ${strict.join(', ')}`);
  }
  if (options.fieldValidation === 'Warn') warnings.push(...strict);
  return value ?? {};
}

function parseYaml(text: string): ParsedYaml {
  try {
    return parseYamlText(text);
  } catch (error) {
    if (error instanceof YamlTextError || error instanceof JsonTextError) {
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    }
    throw error;
  }
}

/** One apply request on its way: the same intent against whatever state there is. */
class Application {
  readonly #endpoint: Endpoint;
  readonly #fields: FieldManagement;
  readonly #options: WriteOptions;
  readonly #intent: JsonObject;
  isCreated = false;

  constructor(endpoint: Endpoint, fields: FieldManagement, options: WriteOptions, intent: JsonObject) {
    this.#endpoint = endpoint;
    this.#fields = fields;
    this.#options = options;
    this.#intent = intent;
  }

  /** @throws StatusError */
  async run(): Promise<ApiObject> {
    const { path, resource } = this.#endpoint;
    for (let tries = 1; ; tries++) {
      try {
        return await modify(this.#endpoint, {
          subresource: path.subresource,
          options: this.#options,
          next: (current) => this.#merge(current),
          ownsFields: true,
          isRelative: true,
          ...(path.subresource === '' ? { absent: () => this.#create() } : {}),
        });
      } catch (error) {
        const isLost = error instanceof StatusError && error.reason === 'AlreadyExists' && this.isCreated;
        if (!isLost) throw error;
        if (tries >= raceTries) throw conflict(resource, path.name, modifiedText);
        this.isCreated = false;
      }
    }
  }

  #merge(current: ApiObject | null): ApiObject {
    const { parts, context, path, resource } = this.#endpoint;
    const { fieldManager: manager, isForced } = this.#options;
    const now = nowText(parts.runtime.clock);
    const info: ManagerInfo = { manager, subresource: path.subresource, resource, now };
    const merged = this.#fields.apply(current, this.#intent, info, isForced);
    // Members that the schema does not know were refused, and nulls of what was removed are dropped here.
    const value = copyJson(asJson(merged));
    const object = toObject(parts, value, resource, 'Ignore', context.warnings);
    checkIdentity(this.#endpoint, object);
    return object;
  }

  async #create(): Promise<ApiObject> {
    const { path, resource } = this.#endpoint;
    const object = this.#merge(null);
    const { uid = '', resourceVersion = '' } = object.metadata;
    if (uid !== '') {
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
      throw conflict(resource, path.name, why);
    }
    if (resourceVersion !== '' && resourceVersion !== '0') throw conflict(resource, path.name, modifiedText);
    delete object.metadata.resourceVersion;
    this.isCreated = true;
    return createObject(this.#endpoint, object, this.#options, true);
  }
}

/** @throws StatusError */
export async function applyPatch(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context } = endpoint;
  const options = writeOptions(context, 'PatchOptions', true);
  const intent = parseIntent(await context.request.readBody(), options, context.warnings);
  const application = new Application(endpoint, parts.fields!, options, intent);
  const object = await application.run();
  return answerObject(endpoint, application.isCreated ? 201 : 200, object);
}
