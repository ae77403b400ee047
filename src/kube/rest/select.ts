/** Which objects a list or a watch is about: the namespace in its path and its selectors, as one predicate. */

import type { ApiObject } from '../api/objects.ts';
import { badRequest } from '../api/status.ts';
import { parseFieldSelector } from '../meta/field-selector.ts';
import { parseLabelSelector } from '../meta/label-selector.ts';
import type { ResourceType } from '../registry/types.ts';
import type { ListOptions } from './options.ts';

export interface Selection {
  /** Everything matches. */
  readonly isEverything: boolean;
  /** The one name that can match; empty: any. */
  readonly name: string;
  matches(object: ApiObject): boolean;
}

/** @param name from an old watch path; empty: none @throws StatusError 400 */
export function selectionOf(resource: ResourceType, options: ListOptions, name: string): Selection {
  const labels = parseLabelSelector(options.labelSelector);
  const fields = parseFieldSelector(options.fieldSelector, resource);
  if (name !== '' && !fields.isEmpty && fields.name !== name) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  const isEverything = labels.requirements.length === 0 && fields.isEmpty && name === '';
  return {
    isEverything,
    name: name === '' ? (fields.name ?? '') : name,
    matches: (object) =>
      isEverything ||
      ((name === '' || object.metadata.name === name) &&
        labels.matches(object.metadata.labels) &&
        fields.matches(object)),
  };
}
