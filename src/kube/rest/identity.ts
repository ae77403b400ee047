/** Who an object in a body is must be who the path says. */

import { type ApiObject, isJsonObject, type JsonObject } from '../api/objects.ts';
import { badRequest } from '../api/status.ts';
import type { Endpoint } from './endpoint.ts';

/** A patch may not move an object. @throws StatusError 400 */
export function checkIdentity({ path, resource }: Endpoint, { metadata }: ApiObject): void {
  const { name = '', namespace = '' } = metadata;
  if (name === '') {
    throw badRequest(
      `the name of the object (${path.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== path.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name})`);
  }
  if (!resource.isNamespaced) return;
  if (namespace !== '' && namespace !== path.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = path.namespace;
}

/** An empty list of managers says that they are to be forgotten; decoding leaves out what is empty. @param given before that */
export function keepReset(given: JsonObject, object: ApiObject): void {
  const { metadata } = given;
  if (!isJsonObject(metadata)) return;
  const { managedFields } = metadata;
  if (Array.isArray(managedFields) && managedFields.length === 0) object.metadata.managedFields = [];
}
