/** Options of containers on Windows: names of credential specs and of users, `DOMAIN\user`. Texts are those of a real API server. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { subdomainProblems } from '../meta/names.ts';
import { has, textOf } from './members.ts';
import { problemsAt } from './pod-fields.ts';
import type { PodSpec } from './pod-types.ts';

const specKib = 64;
const domainLetters = 256;
const userLetters = 104;
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const domainName = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/;

function domainProblems(domain: string): string[] {
  const problems: string[] = [];
  if (domain.length >= domainLetters) {
    problems.push(`runAsUserName's Domain length must be under ${domainLetters} characters`);
  }
  if (!netBiosName.test(domain) && !domainName.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  return problems;
}

function userProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const problems = parts.length === 2 ? domainProblems(parts[0]!) : [];
  const user = parts[parts.length - 1]!;
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (user.length > userLetters) {
    problems.push(`runAsUserName's User length must not be longer than ${userLetters} characters`);
  }
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return problems;
}

function specProblems(spec: string): string[] {
  if (spec === '') return ['gmsaCredentialSpec cannot be an empty string'];
  const isLong = Buffer.byteLength(spec) > specKib << 10;
  return isLong ? [`gmsaCredentialSpec size must be under ${specKib} KiB`] : [];
}

/** @param options undefined: there are none */
export function validateWindowsOptions(field: string, options: JsonObject | undefined): FieldError[] {
  if (options === undefined) return [];
  const errors: FieldError[] = [];
  for (const [member, problemsOf] of [
    ['gmsaCredentialSpecName', subdomainProblems],
    ['gmsaCredentialSpec', specProblems],
    ['runAsUserName', userProblems],
  ] as const) {
    if (!has(options, member)) continue;
    const value = textOf(options, member);
    errors.push(...problemsAt(`${field}.${member}`, value, problemsOf(value)));
  }
  return errors;
}

function hostProcessOf(context: { readonly windowsOptions?: JsonObject } | undefined): boolean | null {
  const said = context?.windowsOptions?.['hostProcess'];
  return typeof said === 'boolean' ? said : null;
}

/** Of a pod all containers are processes of the host, or none; such a pod is in the network of the host. */
export function validateHostProcess(field: string, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const ofPod = hostProcessOf(spec.securityContext);
  let containers = 0;
  let processes = 0;
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach(({ securityContext }, at) => {
      const own = hostProcessOf(securityContext);
      if (ofPod !== null && own !== null && ofPod !== own) {
        const place = `${field}.${list}[${at}].securityContext.windowsOptions.hostProcess`;
        const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
        errors.push(invalidValue(place, own, why));
      }
      containers++;
      if (own ?? ofPod ?? false) processes++;
    });
  }
  if (processes === 0) return errors;
  if (processes !== containers) {
    const why =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalidValue(field, '', why));
  }
  if (spec.hostNetwork !== true) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalidValue(`${field}.hostNetwork`, false, why));
  }
  return errors;
}
