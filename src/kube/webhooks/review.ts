/**
 * `AdmissionReview` of admission.k8s.io/v1 and v1beta1: the question to a webhook, and what may stand in its answer (Kubernetes'
 * documentation of dynamic admission control; k8s.io/apiserver, webhook/request).
 */

import type { Match } from '../admission/rules.ts';
import { type Subject, shownUserInfo } from '../admission/subject.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { type Status, StatusError } from '../api/status.ts';
import { shownNames } from '../policies/request-variables.ts';
import { has, mapOf, maybeObject, objectsOf, textOf, textsOf } from '../validation/members.ts';

const group = 'admission.k8s.io';

export interface Verdict {
  readonly isAllowed: boolean;
  /** In base64; empty: the object stays as it is. */
  readonly patch: string;
  readonly patchType: string;
  /** How a refusal is explained; null: it is not. */
  readonly status: JsonObject | null;
  readonly warnings: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** The version of reviews that is spoken with a webhook. @throws Error when it takes none that is known */
export function reviewVersion(accepted: readonly string[]): string {
  const version = accepted.find((one) => one === 'v1' || one === 'v1beta1');
  if (version !== undefined) return version;
  throw new Error('webhook does not accept known AdmissionReview versions (v1, v1beta1)');
}

/** @param object and `old` in the version of the match */
export function reviewFor(
  subject: Subject,
  match: Match,
  versioned: { readonly object: JsonObject | null; readonly old: JsonObject | null },
  { uid, version }: { readonly uid: string; readonly version: string },
): JsonObject {
  const { attributes, options } = subject;
  return {
    kind: 'AdmissionReview',
    apiVersion: `${group}/${version}`,
    request: {
      uid,
      ...shownNames(subject, match),
      userInfo: shownUserInfo(attributes.user),
      object: versioned.object,
      oldObject: versioned.old,
      dryRun: attributes.isDryRun,
      options,
    },
  };
}

function checkPatch(text: string, type: string | null, isMutating: boolean): void {
  if (!isMutating) {
    if (text !== '') throw new Error('validating webhook may not return response.patch');
    if (type !== null) throw new Error('validating webhook may not return response.patchType');
    return;
  }
  if (text !== '' && type === null) {
    throw new Error('webhook returned response.patch but not response.patchType');
  }
  if (text === '' && type !== null) {
    throw new Error('webhook returned response.patchType but not response.patch');
  }
  if (type === '') throw new Error('webhook returned invalid response.patchType of ""');
}

function shownVersionKind(review: JsonObject): string {
  const apiVersion = textOf(review, 'apiVersion');
  const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  return `${shown}, Kind=${textOf(review, 'kind')}`;
}

/** @throws Error that says why the answer cannot be taken */
export function verdictOf(
  review: JsonObject,
  asked: { readonly uid: string; readonly version: string; readonly isMutating: boolean },
): Verdict {
  const response = maybeObject(review, 'response');
  if (response === null) throw new Error('webhook response was absent');
  if (asked.version === 'v1') {
    const uid = textOf(response, 'uid');
    if (uid !== asked.uid) {
      throw new Error(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`);
    }
    const wanted = `${group}/v1, Kind=AdmissionReview`;
    const given = shownVersionKind(review);
    if (given !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${given}`);
  }
  const patch = textOf(response, 'patch');
  const patchType = has(response, 'patchType') ? textOf(response, 'patchType') : null;
  if (asked.version === 'v1') checkPatch(patch, patchType, asked.isMutating);
  return {
    isAllowed: response['allowed'] === true,
    patch: asked.isMutating ? patch : '',
    // Of the older version only this type was ever spoken.
    patchType: asked.version === 'v1' ? (patchType ?? '') : 'JSONPatch',
    status: maybeObject(response, 'status'),
    warnings: textsOf(response, 'warnings'),
    annotations: mapOf(response, 'auditAnnotations'),
  };
}

/** With the members of its causes in their order. */
function shownDetails(details: JsonObject): NonNullable<Status['details']> {
  const causes = objectsOf(details, 'causes').map(({ reason, message, field }) => ({
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof field === 'string' ? { field } : {}),
  }));
  return { ...(details as object), ...(causes.length === 0 ? {} : { causes }) };
}

/** A refusal as the client gets it: what the webhook says, and whose word it is. */
export function refusalOf(name: string, given: JsonObject | null): StatusError {
  const {
    code = 0,
    status = '',
    message = '',
    reason = '',
    details,
    metadata,
  } = (given ?? {}) as {
    code?: number;
    status?: string;
    message?: string;
    reason?: string;
    details?: Json;
    metadata?: Json;
  };
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = message === '' ? reason : message;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: isJsonObject(metadata) ? metadata : {},
    status: (status === '' || status === 'Success' ? 'Failure' : status) as Status['status'],
    message: why === '' ? `${denied} without explanation` : `${denied}: ${why}`,
    ...(reason === '' ? {} : { reason }),
    ...(isJsonObject(details) ? { details: shownDetails(details) } : {}),
    code: Math.max(code, 400),
  });
}
