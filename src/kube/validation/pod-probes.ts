/** Probes and hooks of containers: what is asked, and how often. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { headerNameProblems, problemsAt, validateNotNegative, validatePort } from './pod-fields.ts';
import type { Container, Handler, Probe } from './pod-types.ts';

const kinds = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function validateKind(
  field: string,
  kind: (typeof kinds)[number],
  handler: Handler,
  graceSeconds: number | undefined,
): FieldError[] {
  if (kind === 'exec') {
    return (handler.exec?.command ?? []).length === 0 ? [required(`${field}.command`)] : [];
  }
  if (kind === 'httpGet') {
    const { path = '', port, scheme = '', httpHeaders = [] } = handler.httpGet!;
    const errors = path === '' ? [required(`${field}.path`)] : [];
    errors.push(...validatePort(`${field}.port`, port));
    if (scheme !== 'HTTP' && scheme !== 'HTTPS') {
      errors.push(notSupported(`${field}.scheme`, scheme, ['HTTP', 'HTTPS']));
    }
    for (const { name = '' } of httpHeaders) {
      errors.push(...problemsAt(`${field}.httpHeaders`, name, headerNameProblems(name)));
    }
    return errors;
  }
  if (kind === 'sleep') {
    const { seconds = 0 } = handler.sleep!;
    if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
    const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
    return [invalidValue(field, seconds, why)];
  }
  return validatePort(`${field}.port`, handler[kind]?.port);
}

function validateHandler(field: string, handler: Handler, graceSeconds: number | undefined): FieldError[] {
  const errors: FieldError[] = [];
  let hasOne = false;
  for (const kind of kinds) {
    if (handler[kind] === undefined) continue;
    const path = `${field}.${kind}`;
    if (hasOne) errors.push(forbiddenValue(path, 'may not specify more than 1 handler type'));
    else errors.push(...validateKind(path, kind, handler, graceSeconds));
    hasOne = true;
  }
  if (!hasOne) errors.push(required(field, 'must specify a handler type'));
  return errors;
}

const probeNumbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(field: string, probe: Probe, graceSeconds: number | undefined): FieldError[] {
  const errors = validateHandler(field, probe, graceSeconds);
  for (const name of probeNumbers) errors.push(...validateNotNegative(`${field}.${name}`, probe[name]));
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, own, 'must be greater than 0'));
  }
  return errors;
}

/** A container that is probed once it runs: a regular one, or an init container that goes on. */
export function validateProbes(
  field: string,
  container: Container,
  graceSeconds: number | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  const { lifecycle } = container;
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[hook];
    if (handler !== undefined) {
      errors.push(...validateHandler(`${field}.lifecycle.${hook}`, handler, graceSeconds));
    }
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe === undefined) continue;
    const path = `${field}.${name}`;
    errors.push(...validateProbe(path, probe, graceSeconds));
    if (name === 'readinessProbe') {
      const own = probe.terminationGracePeriodSeconds;
      if (own !== undefined) {
        const why = 'must not be set for readinessProbes';
        errors.push(invalidValue(`${path}.terminationGracePeriodSeconds`, own, why));
      }
    } else if (probe.successThreshold !== 1) {
      errors.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
    }
  }
  return errors;
}
