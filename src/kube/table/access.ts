/** Rows of who may do what, of certificates, and of what takes part in admission. */

import { durationText } from './age.ts';
import {
  ageOfPrinted,
  type ConditionShape,
  columns,
  type LabelSelectorShape,
  nameOf,
  orNone,
  type Printed,
  printer,
  selectorText,
} from './columns.ts';
import type { Printer } from './types.ts';

interface RoleBinding extends Printed {
  readonly roleRef?: { readonly kind?: string; readonly name?: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

export const roleBindingPrinter: Printer = printer<RoleBinding>(
  columns('Role', 'Age', 'Users*', 'Groups*', 'ServiceAccounts*'),
  (object, nowMs) => {
    const { roleRef, subjects = [] } = object;
    const named = (kind: string): string =>
      subjects
        .filter((subject) => subject.kind === kind)
        .map(({ name, namespace = '' }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
        .join(', ');
    return [
      nameOf(object),
      `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`,
      ageOfPrinted(object, nowMs),
      named('User'),
      named('Group'),
      named('ServiceAccount'),
    ];
  },
);

interface RequestSpec {
  readonly signerName?: string;
  readonly username?: string;
  readonly expirationSeconds?: number;
}

interface RequestStatus {
  readonly conditions?: readonly ConditionShape[];
  readonly certificate?: string;
}

function conditionText({ conditions = [], certificate = '' }: RequestStatus): string {
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type);
  let text = 'Pending';
  if (has('Denied')) text = 'Denied';
  else if (has('Approved')) text = 'Approved';
  if (has('Failed')) text += ',Failed';
  return certificate === '' ? text : `${text},Issued`;
}

export const certificateRequestPrinter: Printer = printer<Printed<RequestSpec, RequestStatus>>(
  columns('Age', 'SignerName', 'Requestor', 'RequestedDuration', 'Condition'),
  (object, nowMs) => {
    const { spec = {}, status = {} } = object;
    const seconds = spec.expirationSeconds;
    return [
      nameOf(object),
      ageOfPrinted(object, nowMs),
      orNone(spec.signerName),
      spec.username ?? '',
      seconds === undefined ? '<none>' : durationText(seconds * 1000),
      conditionText(status),
    ];
  },
);

interface Webhooks extends Printed {
  readonly webhooks?: readonly object[];
}

export const webhooksPrinter: Printer = printer<Webhooks>(
  columns('Webhooks:integer', 'Age'),
  (object, nowMs) => [nameOf(object), object.webhooks?.length ?? 0, ageOfPrinted(object, nowMs)],
);

interface PolicySpec {
  readonly paramKind?: { readonly apiVersion?: string; readonly kind?: string };
  readonly validations?: readonly object[];
  readonly mutations?: readonly object[];
}

function policyPrinter(rules: 'validations' | 'mutations', title: string): Printer {
  return printer<Printed<PolicySpec>>(columns(`${title}:integer`, 'ParamKind', 'Age'), (object, nowMs) => {
    const { spec = {} } = object;
    const kind = spec.paramKind;
    return [
      nameOf(object),
      spec[rules]?.length ?? 0,
      kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`,
      ageOfPrinted(object, nowMs),
    ];
  });
}

export const validatingPolicyPrinter: Printer = policyPrinter('validations', 'Validations');
export const mutatingPolicyPrinter: Printer = policyPrinter('mutations', 'Mutations');

interface PolicyBindingSpec {
  readonly policyName?: string;
  readonly paramRef?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly selector?: LabelSelectorShape;
  };
}

function parameterText({ spec }: Printed<PolicyBindingSpec>): string {
  const { name = '', namespace = '', selector } = spec?.paramRef ?? {};
  if (name !== '') return namespace === '' ? name : `${namespace}/${name}`;
  return selector === undefined ? '<unset>' : selectorText(selector);
}

export const policyBindingPrinter: Printer = printer<Printed<PolicyBindingSpec>>(
  columns('PolicyName', 'ParamRef', 'Age'),
  (object, nowMs) => [
    nameOf(object),
    object.spec?.policyName ?? '',
    parameterText(object),
    ageOfPrinted(object, nowMs),
  ],
);

interface FlowSchemaSpec {
  readonly priorityLevelConfiguration?: { readonly name?: string };
  readonly matchingPrecedence?: number;
  readonly distinguisherMethod?: { readonly type?: string };
}

export const flowSchemaPrinter: Printer = printer<
  Printed<FlowSchemaSpec, { readonly conditions?: readonly ConditionShape[] }>
>(
  columns('PriorityLevel', 'MatchingPrecedence:integer', 'DistinguisherMethod', 'Age', 'MissingPL'),
  (object, nowMs) => [
    nameOf(object),
    orNone(object.spec?.priorityLevelConfiguration?.name),
    object.spec?.matchingPrecedence ?? 0,
    orNone(object.spec?.distinguisherMethod?.type),
    ageOfPrinted(object, nowMs),
    object.status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ],
);

interface LimitedSpec {
  readonly nominalConcurrencyShares?: number;
  readonly limitResponse?: {
    readonly queuing?: {
      readonly queues?: number;
      readonly handSize?: number;
      readonly queueLengthLimit?: number;
    };
  };
}

interface PriorityLevelSpec {
  readonly type?: string;
  readonly limited?: LimitedSpec;
  readonly exempt?: { readonly nominalConcurrencyShares?: number };
}

export const priorityLevelPrinter: Printer = printer<Printed<PriorityLevelSpec>>(
  columns('Type', 'NominalConcurrencyShares', 'Queues', 'HandSize', 'QueueLengthLimit', 'Age'),
  (object, nowMs) => {
    const { type = '', limited, exempt } = object.spec ?? {};
    const queuing = limited?.limitResponse?.queuing;
    return [
      nameOf(object),
      type,
      limited?.nominalConcurrencyShares ?? exempt?.nominalConcurrencyShares ?? '<none>',
      queuing?.queues ?? '<none>',
      queuing?.handSize ?? '<none>',
      queuing?.queueLengthLimit ?? '<none>',
      ageOfPrinted(object, nowMs),
    ];
  },
);

interface ServiceSpec {
  readonly service?: { readonly namespace?: string; readonly name?: string } | null;
}

type ApiService = Printed<ServiceSpec, { readonly conditions?: readonly ConditionShape[] }>;

function availableText({ status }: ApiService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`;
}

export const apiServicePrinter: Printer = printer<ApiService>(
  columns('Service', 'Available', 'Age'),
  (object, nowMs) => {
    const service = object.spec?.service;
    return [
      nameOf(object),
      service == null ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`,
      availableText(object),
      ageOfPrinted(object, nowMs),
    ];
  },
);
