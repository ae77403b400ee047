/** Rows of volumes, claims, storage classes and what drivers say of themselves. */

import {
  ageOfPrinted,
  columnOf,
  columns,
  nameOf,
  orNone,
  orUnset,
  type Printed,
  printer,
} from './columns.ts';
import { nameWithDefault } from './network.ts';
import type { Printer } from './types.ts';

const shortModes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

function modesText(modes: readonly string[] = []): string {
  return shortModes
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

/** An annotation named the class before the field did, and still goes first. */
function classText({ metadata }: Printed, storageClassName: string | null | undefined): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? storageClassName ?? '';
}

function phaseText({ metadata }: Printed, phase: string | undefined): string {
  return metadata.deletionTimestamp != null ? 'Terminating' : (phase ?? '');
}

interface VolumeSpec {
  readonly capacity?: { readonly storage?: string };
  readonly accessModes?: readonly string[];
  readonly persistentVolumeReclaimPolicy?: string;
  readonly claimRef?: { readonly namespace?: string; readonly name?: string };
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  readonly volumeMode?: string;
}

type Volume = Printed<VolumeSpec, { readonly phase?: string; readonly reason?: string }>;

export const persistentVolumePrinter: Printer = printer<Volume>(
  columns(
    'Capacity',
    'Access Modes',
    'Reclaim Policy',
    'Status',
    'Claim',
    'StorageClass',
    'VolumeAttributesClass',
    'Reason',
    'Age',
    'VolumeMode*',
  ),
  (object, nowMs) => {
    const { spec = {}, status = {} } = object;
    const claim = spec.claimRef;
    return [
      nameOf(object),
      spec.capacity?.storage ?? '0',
      modesText(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? '',
      phaseText(object, status.phase),
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
      classText(object, spec.storageClassName),
      orUnset(spec.volumeAttributesClassName),
      status.reason ?? '',
      ageOfPrinted(object, nowMs),
      orUnset(spec.volumeMode),
    ];
  },
);

interface ClaimSpec {
  readonly volumeName?: string;
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  readonly volumeMode?: string;
}

interface ClaimStatus {
  readonly phase?: string;
  readonly accessModes?: readonly string[];
  readonly capacity?: { readonly storage?: string };
}

export const persistentVolumeClaimPrinter: Printer = printer<Printed<ClaimSpec, ClaimStatus>>(
  columns(
    'Status',
    'Volume',
    'Capacity',
    'Access Modes',
    'StorageClass',
    'VolumeAttributesClass',
    'Age',
    'VolumeMode*',
  ),
  (object, nowMs) => {
    const { spec = {}, status = {} } = object;
    const volume = spec.volumeName ?? '';
    const isBound = volume !== '';
    return [
      nameOf(object),
      phaseText(object, status.phase),
      volume,
      isBound ? (status.capacity?.storage ?? '0') : '',
      isBound ? modesText(status.accessModes) : '',
      classText(object, spec.storageClassName),
      orUnset(spec.volumeAttributesClassName),
      ageOfPrinted(object, nowMs),
      orUnset(spec.volumeMode),
    ];
  },
);

interface StorageClass extends Printed {
  readonly provisioner?: string;
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
  readonly allowVolumeExpansion?: boolean;
}

export const storageClassPrinter: Printer = printer<StorageClass>(
  columns('Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion', 'Age'),
  (object, nowMs) => [
    nameWithDefault(object, [
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    ]),
    object.provisioner ?? '',
    object.reclaimPolicy ?? 'Delete',
    object.volumeBindingMode ?? 'Immediate',
    object.allowVolumeExpansion ?? false,
    ageOfPrinted(object, nowMs),
  ],
);

interface AttachmentSpec {
  readonly attacher?: string;
  readonly nodeName?: string;
  readonly source?: { readonly persistentVolumeName?: string };
}

export const volumeAttachmentPrinter: Printer = printer<
  Printed<AttachmentSpec, { readonly attached?: boolean }>
>(
  [
    columnOf('Name'),
    { ...columnOf('Attacher'), format: 'name' },
    ...['PV', 'Node', 'Attached:boolean', 'Age'].map(columnOf),
  ],
  (object, nowMs) => [
    nameOf(object),
    object.spec?.attacher ?? '',
    object.spec?.source?.persistentVolumeName ?? '',
    object.spec?.nodeName ?? '',
    object.status?.attached ?? false,
    ageOfPrinted(object, nowMs),
  ],
);

interface DriverSpec {
  readonly attachRequired?: boolean;
  readonly podInfoOnMount?: boolean;
  readonly storageCapacity?: boolean;
  readonly tokenRequests?: readonly { readonly audience?: string }[];
  readonly requiresRepublish?: boolean;
  readonly volumeLifecycleModes?: readonly string[];
}

export const csiDriverPrinter: Printer = printer<Printed<DriverSpec>>(
  columns(
    'AttachRequired:boolean',
    'PodInfoOnMount:boolean',
    'StorageCapacity:boolean',
    'TokenRequests',
    'RequiresRepublish:boolean',
    'Modes',
    'Age',
  ),
  (object, nowMs) => {
    const { spec = {} } = object;
    const audiences = spec.tokenRequests?.map(({ audience = '' }) => audience).join(',');
    return [
      nameOf(object),
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      audiences ?? '<unset>',
      spec.requiresRepublish ?? false,
      orNone(spec.volumeLifecycleModes?.join(',')),
      ageOfPrinted(object, nowMs),
    ];
  },
);

export const csiNodePrinter: Printer = printer<Printed<{ readonly drivers?: readonly object[] }>>(
  columns('Drivers:integer', 'Age'),
  (object, nowMs) => [nameOf(object), object.spec?.drivers?.length ?? 0, ageOfPrinted(object, nowMs)],
);

interface Capacity extends Printed {
  readonly storageClassName?: string;
  readonly capacity?: string;
}

export const csiStorageCapacityPrinter: Printer = printer<Capacity>(
  columns('StorageClassName', 'Capacity'),
  (object) => [nameOf(object), object.storageClassName ?? '', object.capacity ?? '<unset>'],
);

interface AttributesClass extends Printed {
  readonly driverName?: string;
}

export const volumeAttributesClassPrinter: Printer = printer<AttributesClass>(
  columns('DriverName', 'Age'),
  (object, nowMs) => [nameOf(object), object.driverName ?? '', ageOfPrinted(object, nowMs)],
);
