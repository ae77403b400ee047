/** PUT of an object or of a subresource that is the object itself. */

import { invalidValue } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject } from '../api/objects.ts';
import { badRequest, invalid } from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import { parseBody, toObject } from './body.ts';
import { createObject, settleNamespace } from './create.ts';
import { answerObject, type Endpoint } from './endpoint.ts';
import { keepReset } from './identity.ts';
import { checkVersionText, modify } from './modify.ts';
import { writeOptions } from './options.ts';

export async function update(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const options = writeOptions(context, 'UpdateOptions');
  const body = await context.request.readBody();
  const value = parseBody(parts, body, context.request.header('content-type'), resource);
  const object = toObject(parts, value, resource, options.fieldValidation, context.warnings);
  settleNamespace(endpoint, object.metadata);
  checkName(path.name, object);
  checkVersionText(object.metadata.resourceVersion ?? '');
  keepReset(value, object);
  if (resource.createsOnUpdate && path.subresource === '') {
    const namespace = resource.isNamespaced ? path.namespace : '';
    if ((await parts.storages.of(resource).get(namespace, path.name)) === null) {
      return answerObject(endpoint, 201, await createObject(endpoint, object, options));
    }
  }
  // Each try gets a copy: a try that lost changed its own.
  const next = (current: ApiObject): ApiObject => {
    checkLocked(endpoint, object, current);
    return copyJson(object);
  };
  return answerObject(
    endpoint,
    200,
    await modify(endpoint, { subresource: path.subresource, options, next, isCopying: true }),
  );
}

/** Kinds that are not updated by chance: a writer has to name the state it saw. @throws StatusError 422 */
function checkLocked({ path, resource }: Endpoint, { metadata }: ApiObject, current: ApiObject): void {
  const { resourceVersion = '', uid = '' } = metadata;
  if (resourceVersion !== '' || resource.updatesUnconditionally) return;
  if (uid !== '' && uid !== current.metadata.uid) return;
  const kind = { group: resource.group, kind: resource.plural };
  const why = 'must be specified for an update';
  throw invalid(kind, path.name, [invalidValue('metadata.resourceVersion', 0, why)]);
}

function checkName(name: string, object: ApiObject): void {
  const given = object.metadata.name ?? '';
  if (given === '') {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
}
