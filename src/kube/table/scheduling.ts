/** Rows of what decides where and how pods run: budgets, classes, leases, claims on devices. */

import { ageOfPrinted, columns, nameOf, orUnset, type Printed, printer } from './columns.ts';
import type { Printer } from './types.ts';

interface DisruptionSpec {
  readonly minAvailable?: string | number;
  readonly maxUnavailable?: string | number;
}

export const disruptionBudgetPrinter: Printer = printer<
  Printed<DisruptionSpec, { readonly disruptionsAllowed?: number }>
>(columns('Min Available', 'Max Unavailable', 'Allowed Disruptions:integer', 'Age'), (object, nowMs) => [
  nameOf(object),
  String(object.spec?.minAvailable ?? 'N/A'),
  String(object.spec?.maxUnavailable ?? 'N/A'),
  object.status?.disruptionsAllowed ?? 0,
  ageOfPrinted(object, nowMs),
]);

interface PriorityClass extends Printed {
  readonly value?: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
}

export const priorityClassPrinter: Printer = printer<PriorityClass>(
  columns('Value:integer', 'Global-Default:boolean', 'Age', 'PreemptionPolicy'),
  (object, nowMs) => [
    nameOf(object),
    object.value ?? 0,
    object.globalDefault ?? false,
    ageOfPrinted(object, nowMs),
    object.preemptionPolicy ?? 'PreemptLowerPriority',
  ],
);

export const leasePrinter: Printer = printer<Printed<{ readonly holderIdentity?: string }>>(
  columns('Holder', 'Age'),
  (object, nowMs) => [nameOf(object), object.spec?.holderIdentity ?? '', ageOfPrinted(object, nowMs)],
);

interface RuntimeClass extends Printed {
  readonly handler?: string;
}

export const runtimeClassPrinter: Printer = printer<RuntimeClass>(
  columns('Handler', 'Age'),
  (object, nowMs) => [nameOf(object), orUnset(object.handler), ageOfPrinted(object, nowMs)],
);

interface ClaimStatus {
  readonly allocation?: object;
  readonly reservedFor?: readonly object[];
}

function claimState({ metadata, status = {} }: Printed<object, ClaimStatus>): string {
  const states: string[] = [];
  if (metadata.deletionTimestamp != null) states.push('deleted');
  if (status.allocation === undefined) {
    if (states.length === 0) states.push('pending');
    return states.join(',');
  }
  states.push('allocated');
  if ((status.reservedFor ?? []).length > 0) states.push('reserved');
  return states.join(',');
}

export const resourceClaimPrinter: Printer = printer<Printed<object, ClaimStatus>>(
  columns('State', 'Age'),
  (object, nowMs) => [nameOf(object), claimState(object), ageOfPrinted(object, nowMs)],
);

interface SliceSpec {
  readonly nodeName?: string;
  readonly driver?: string;
  readonly pool?: { readonly name?: string };
}

export const resourceSlicePrinter: Printer = printer<Printed<SliceSpec>>(
  columns('Node', 'Driver', 'Pool', 'Age'),
  (object, nowMs) => [
    nameOf(object),
    orUnset(object.spec?.nodeName),
    object.spec?.driver ?? '',
    object.spec?.pool?.name ?? '',
    ageOfPrinted(object, nowMs),
  ],
);
