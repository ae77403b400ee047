/** CronJobs. */

import type { Strategy } from '../registry/types.ts';
import { validateCronJob } from '../validation/batch.ts';
import type { CronJobSpec } from '../validation/batch-types.ts';
import { templateWarnings, workloadNameWarnings } from '../validation/pod-warnings.ts';

const zoneWarning =
  'CRON_TZ or TZ used in spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

export const cronJobStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = {};
  },
  validateCreate: (object) => validateCronJob(object, null),
  validateUpdate(object, old, { subresource }) {
    return subresource === 'status' ? [] : validateCronJob(object, old);
  },
  warnings(object, old, { subresource }) {
    if (subresource === 'status') return [];
    const { jobTemplate, schedule = '' } = (object.spec ?? {}) as CronJobSpec;
    const warnings = old === null ? workloadNameWarnings(object.metadata.name ?? '') : [];
    if (old === null || old.metadata.generation !== object.metadata.generation) {
      warnings.push(...templateWarnings('spec.jobTemplate.spec.template', jobTemplate?.spec?.template));
    }
    if (schedule.includes('TZ')) warnings.push(zoneWarning);
    return warnings;
  },
};
