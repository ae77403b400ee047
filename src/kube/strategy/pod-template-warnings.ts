/** Warnings of kinds whose spec has a pod template: all of them for a new one, later only when the spec has changed. */

import type { ApiObject } from '../api/objects.ts';
import type { StrategyContext } from '../registry/types.ts';
import type { PodTemplate } from '../validation/pod-types.ts';
import { templateWarnings, workloadNameWarnings } from '../validation/pod-warnings.ts';

export function templateWarningsOf(
  object: ApiObject,
  old: ApiObject | null,
  { subresource }: StrategyContext,
): string[] {
  if (subresource === 'status') return [];
  const template = object.spec?.['template'] as PodTemplate | undefined;
  if (old === null) {
    return [
      ...workloadNameWarnings(object.metadata.name ?? ''),
      ...templateWarnings('spec.template', template),
    ];
  }
  const hasChanged = object.metadata.generation !== old.metadata.generation;
  return hasChanged ? templateWarnings('spec.template', template) : [];
}
