/** Resources of the group batch. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const batchResources: readonly ResourceType[] = [
  ...groupRows('batch', 'v1', 'batch', [
    {
      plural: 'cronjobs',
      kind: 'CronJob',
      shortNames: ['cj'],
      categories: ['all'],
      subresources: ['status'],
      nameRule: 'subdomain52',
      generation: 'spec',
    },
    {
      plural: 'jobs',
      kind: 'Job',
      categories: ['all'],
      subresources: ['status'],
      nameRule: 'subdomain63',
      generation: 'spec',
      orphansByDefault: true,
      fieldSelectors: ['status.successful:number'],
    },
  ]),
];
