/**
 * Everything that can go wrong, as the `Status` a client gets. One function per reason with the wire texts of a real API
 * server; code that refuses something throws what these return.
 */

import { type FieldError, fieldErrorText } from './field-errors.ts';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: readonly StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** A plural and its group: how messages name a resource. */
export interface NamedResource {
  readonly group: string;
  readonly plural: string;
}

/** A kind and its group: how messages about invalid objects name it. */
export interface NamedKind {
  readonly group: string;
  readonly kind: string;
}

/** Thrown by everything that refuses a request. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? '');
    this.name = 'StatusError';
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): StatusError {
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    code,
  };
  // Members in the order in which a client sees them.
  const ordered: Status = { ...status };
  delete ordered.code;
  if (reason !== '') ordered.reason = reason;
  if (details !== undefined) ordered.details = details;
  ordered.code = code;
  return new StatusError(ordered);
}

function resourceDetails(resource: NamedResource, name: string): StatusDetails {
  const details: StatusDetails = {};
  if (name !== '') details.name = name;
  if (resource.group !== '') details.group = resource.group;
  details.kind = resource.plural;
  return details;
}

/** `pods`, `deployments.apps`. */
function resourceText(resource: NamedResource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** `Pod`, `Deployment.apps`. */
function kindText(kind: NamedKind): string {
  return kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}

export function unauthorized(): StatusError {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

export function forbidden(
  resource: NamedResource,
  name: string,
  why: string,
  causes?: readonly StatusCause[],
): StatusError {
  const subject = name === '' ? resourceText(resource) : `${resourceText(resource)} ${JSON.stringify(name)}`;
  const details = resourceDetails(resource, name);
  if (causes !== undefined) details.causes = causes;
  return failure(403, 'Forbidden', `${subject} is forbidden: ${why}`, details);
}

/** A path that is no resource. */
export function forbiddenPath(why: string): StatusError {
  return failure(403, 'Forbidden', `forbidden: ${why}`, {});
}

export function notFound(resource: NamedResource, name: string): StatusError {
  return failure(
    404,
    'NotFound',
    `${resourceText(resource)} ${JSON.stringify(name)} not found`,
    resourceDetails(resource, name),
  );
}

/** A resource that the group version does not have. */
export function noSuchResource(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** A verb that a custom resource does not have. */
export function verbNotSupported(resource: NamedResource, verb: string): StatusError {
  const message = `${verb} is not supported on resources of kind ${JSON.stringify(resourceText(resource))}`;
  return failure(405, 'MethodNotAllowed', message, { group: resource.group, kind: resource.plural });
}

export function methodNotAllowed(): StatusError {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** None of what a page can be was asked for. */
export function noRepresentation(types: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`;
  return failure(406, 'NotAcceptable', message, {});
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

export function alreadyExists(resource: NamedResource, name: string, isTerminating: boolean): StatusError {
  const text = `${resourceText(resource)} ${JSON.stringify(name)} already exists`;
  return failure(
    409,
    'AlreadyExists',
    isTerminating ? `object is being deleted: ${text}` : text,
    resourceDetails(resource, name),
  );
}

/** No free name in eight tries. */
export function nameExhausted(resource: NamedResource, name: string): StatusError {
  const details = resourceDetails(resource, name);
  details.retryAfterSeconds = 1;
  return failure(
    409,
    'AlreadyExists',
    `${resourceText(resource)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`,
    details,
  );
}

export const modifiedText: string =
  'the object has been modified; please apply your changes to the latest version and try again';

/** @param why `modifiedText` for a stale resourceVersion */
export function conflict(resource: NamedResource, name: string, why: string): StatusError {
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceText(resource)} ${JSON.stringify(name)}: ${why}`,
    resourceDetails(resource, name),
  );
}

/** Conflicts of managers in a server-side apply: the message is made by `apply/`. */
export function applyConflict(message: string, causes: readonly StatusCause[]): StatusError {
  return failure(409, 'Conflict', message, { causes });
}

/** @param continueToken a fresh token, when a paged list has lost its snapshot */
export function expired(message: string, continueToken: string = ''): StatusError {
  const error = failure(410, 'Expired', message);
  if (continueToken !== '') error.status.metadata.continue = continueToken;
  return error;
}

export function tooLarge(limitBytes: number): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** @param errors at least one */
export function invalid(kind: NamedKind, name: string, errors: readonly FieldError[]): StatusError {
  // What is wrong in several places in the same words is said once, and listed for each.
  const texts = [...new Set(errors.map(fieldErrorText))];
  const what = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const details: StatusDetails = {};
  if (name !== '') details.name = name;
  if (kind.group !== '') details.group = kind.group;
  if (kind.kind !== '') details.kind = kind.kind;
  details.causes = errors.map(({ reason, message, field }) => ({ reason, message, field }));
  return failure(422, 'Invalid', `${kindText(kind)} ${JSON.stringify(name)} is invalid: ${what}`, details);
}

/** Refused options: `ListOptions`, `PatchOptions`, … */
export function invalidOptions(kind: string, errors: readonly FieldError[]): StatusError {
  return invalid({ group: 'meta.k8s.io', kind }, '', errors);
}

/** A JSON patch with an operation that failed. */
export function requestInvalid(): StatusError {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return failure(429, 'TooManyRequests', message, { retryAfterSeconds });
}

export function internalError(message: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

/** Code 500 and no reason: some refusals of a real server look like this. */
export function bareError(message: string): StatusError {
  return failure(500, '', message);
}

export function unavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message);
}

/** A resourceVersion that this server has not reached. */
export function revisionTooLarge(wanted: number, current: number): StatusError {
  return failure(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function requestTimeout(message: string): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, {});
}

/** What an accepted delete of an object answers where the object itself is not the answer. */
export function deleted(resource: NamedResource, name: string, uid: string): Status {
  const details = resourceDetails(resource, name);
  if (uid !== '') details.uid = uid;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** What an accepted binding or eviction answers. */
export function accepted(): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
