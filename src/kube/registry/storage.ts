/** Resources of the group storage.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const storageResources: readonly ResourceType[] = [
  ...groupRows('storage.k8s.io', 'v1', 'storage', [
    {
      plural: 'csidrivers',
      kind: 'CSIDriver',
      isNamespaced: false,
      answersDeleted: true,
      updatesUnconditionally: false,
    },
    {
      plural: 'csinodes',
      kind: 'CSINode',
      isNamespaced: false,
      answersDeleted: true,
      updatesUnconditionally: false,
    },
    { plural: 'csistoragecapacities', kind: 'CSIStorageCapacity', updatesUnconditionally: false },
    {
      plural: 'storageclasses',
      kind: 'StorageClass',
      shortNames: ['sc'],
      isNamespaced: false,
      answersDeleted: true,
    },
    {
      plural: 'volumeattachments',
      kind: 'VolumeAttachment',
      isNamespaced: false,
      subresources: ['status'],
      answersDeleted: true,
      updatesUnconditionally: false,
    },
    {
      plural: 'volumeattributesclasses',
      kind: 'VolumeAttributesClass',
      shortNames: ['vac'],
      isNamespaced: false,
      answersDeleted: true,
    },
  ]),
];
