/** Security contexts of pods and containers. */

import { duplicate, type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { int32Max, shown, validateDescendingPath, validateRange } from './pod-fields.ts';
import type { PodSpec, Profile, SecurityContext } from './pod-types.ts';
import { validateWindowsOptions } from './windows-options.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const sysctlPart = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlPattern = `(${sysctlPart}[\\./])*${sysctlPart}`;
const sysctlRegex = new RegExp(`^${sysctlPattern}$`);
const sysctlMax = 253;

function validateSeccomp(field: string, profile: Profile | undefined): FieldError[] {
  if (profile === undefined) return [];
  const { type = '', localhostProfile } = profile;
  const errors: FieldError[] = [];
  const path = `${field}.localhostProfile`;
  if (type === '') errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'));
  else if (!profileTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, profileTypes));
  if (type === 'Localhost') {
    if (localhostProfile === undefined) {
      errors.push(required(path, 'must be set when seccomp type is Localhost'));
    } else errors.push(...validateDescendingPath(path, localhostProfile));
  } else if (localhostProfile !== undefined) {
    errors.push(invalidValue(path, shown(profile), 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

function validateAppArmor(field: string, profile: Profile | undefined): FieldError[] {
  if (profile === undefined) return [];
  const { type = '', localhostProfile } = profile;
  const path = `${field}.localhostProfile`;
  if (type === '') return [required(`${field}.type`, 'type is required when appArmorProfile is set')];
  if (!profileTypes.includes(type)) return [notSupported(`${field}.type`, type, profileTypes)];
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return [];
    return [invalidValue(path, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  }
  const trimmed = localhostProfile?.trim();
  if (trimmed !== localhostProfile) {
    return [invalidValue(path, localhostProfile, 'must not be padded with whitespace')];
  }
  return (trimmed ?? '') === '' ? [required(path, 'must be set when AppArmor type is Localhost')] : [];
}

function validateSysctls(field: string, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  (spec.securityContext?.sysctls ?? []).forEach(({ name = '' }, at) => {
    const path = `${field}[${at}].name`;
    if (name === '') errors.push(required(path));
    else if (name.length > sysctlMax || !sysctlRegex.test(name)) {
      const why = `must have at most ${sysctlMax} characters and match regex ^${sysctlPattern}$`;
      errors.push(invalidValue(path, name, why));
    } else if (seen.has(name)) errors.push(duplicate(path, name));
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork === true && dotted.startsWith('net.')) {
      errors.push(invalidValue(path, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC === true && /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/.test(dotted)) {
      errors.push(invalidValue(path, name, "may not be specified when 'hostIPC' is true"));
    }
    seen.add(name);
  });
  return errors;
}

function validateId(field: string, id: number | undefined): FieldError[] {
  return validateRange(field, id, 0, int32Max);
}

function validateOption(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function validatePodSecurity(field: string, spec: PodSpec): FieldError[] {
  const context = spec.securityContext ?? {};
  const errors = [
    ...validateId(`${field}.fsGroup`, context.fsGroup),
    ...validateId(`${field}.runAsUser`, context.runAsUser),
    ...validateId(`${field}.runAsGroup`, context.runAsGroup),
  ];
  (context.supplementalGroups ?? []).forEach((id, at) => {
    errors.push(...validateId(`${field}.supplementalGroups[${at}]`, id));
  });
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const why = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalidValue(`${field}.shareProcessNamespace`, true, why));
  }
  return [
    ...errors,
    ...validateSysctls(`${field}.sysctls`, spec),
    ...validateOption(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
      'Always',
      'OnRootMismatch',
    ]),
    ...validateSeccomp(`${field}.seccompProfile`, context.seccompProfile),
    ...validateWindowsOptions(`${field}.windowsOptions`, context.windowsOptions),
    ...validateAppArmor(`${field}.appArmorProfile`, context.appArmorProfile),
    ...validateOption(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
      'Merge',
      'Strict',
    ]),
    ...validateOption(`${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, [
      'MountOption',
      'Recursive',
    ]),
  ];
}

/** @param sharesHostUsers the pod has no user namespace of its own */
export function validateContainerSecurity(
  field: string,
  context: SecurityContext | undefined,
  sharesHostUsers: boolean,
): FieldError[] {
  if (context === undefined) return [];
  const errors = [
    ...validateId(`${field}.runAsUser`, context.runAsUser),
    ...validateId(`${field}.runAsGroup`, context.runAsGroup),
    ...validateOption(`${field}.procMount`, context.procMount, ['Default', 'Unmasked']),
  ];
  if (context.procMount === 'Unmasked' && sharesHostUsers) {
    const why = '`hostUsers` must be false to use `Unmasked`';
    errors.push(invalidValue(`${field}.procMount`, context.procMount, why));
  }
  errors.push(...validateSeccomp(`${field}.seccompProfile`, context.seccompProfile));
  if (context.allowPrivilegeEscalation === false) {
    const without = 'cannot set `allowPrivilegeEscalation` to false and';
    if (context.privileged === true) {
      errors.push(invalidValue(field, shown(context), `${without} \`privileged\` to true`));
    }
    if ((context.capabilities?.add ?? []).includes('CAP_SYS_ADMIN')) {
      errors.push(invalidValue(field, shown(context), `${without} \`capabilities.Add\` CAP_SYS_ADMIN`));
    }
  }
  return [
    ...errors,
    ...validateWindowsOptions(`${field}.windowsOptions`, context.windowsOptions),
    ...validateAppArmor(`${field}.appArmorProfile`, context.appArmorProfile),
  ];
}
