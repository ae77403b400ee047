/**
 * The checks of the Pod Security Standards, baseline and restricted, each with the reason and the detail that a refusal shows.
 * Levels contain each other; a restricted check takes the place of the baseline check it sharpens.
 */

import type { JsonObject } from '../api/objects.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';

export type SecurityLevel = 'privileged' | 'baseline' | 'restricted';

/** A pod, or a template. */
export interface CheckedPod {
  readonly annotations: JsonObject;
  readonly spec: JsonObject;
  /** Init, ordinary and ephemeral containers. */
  readonly containers: readonly JsonObject[];
}

/** Null: nothing to say against it. */
type Check = (pod: CheckedPod) => readonly [reason: string, detail: string] | null;

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** `container "a"`, `containers "a", "b"`. */
function named(kind: string, names: readonly string[]): string {
  return `${kind}${names.length === 1 ? '' : 's'} ${quoted(names)}`;
}

function security(container: JsonObject): JsonObject {
  return objectOf(container, 'securityContext');
}

function namesWhere(
  pod: CheckedPod,
  isBad: (context: JsonObject, container: JsonObject) => boolean,
): string[] {
  return pod.containers
    .filter((container) => isBad(security(container), container))
    .map((container) => textOf(container, 'name'));
}

/** One sentence about all containers that are wrong, or null. */
function ofContainers(
  reason: string,
  says: string,
  isBad: (context: JsonObject, container: JsonObject) => boolean,
): Check {
  return (pod) => {
    const names = namesWhere(pod, isBad);
    return names.length === 0 ? null : [reason, `${named('container', names)} ${says}`];
  };
}

function podContext({ spec }: CheckedPod): JsonObject {
  return objectOf(spec, 'securityContext');
}

/** What pod and containers set wrongly, in one detail. */
function ofBoth(reason: string, isBad: (context: JsonObject) => boolean, says: string): Check {
  return (pod) => {
    const names = namesWhere(pod, isBad);
    const who: string[] = [];
    if (isBad(podContext(pod))) who.push('pod');
    if (names.length > 0) who.push(named('container', names));
    return who.length === 0 ? null : [reason, `${who.join(' and ')} ${says}`];
  };
}

const usualCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

function addedBeyond(context: JsonObject, allowed: ReadonlySet<string>): string[] {
  return textsOf(objectOf(context, 'capabilities'), 'add').filter((name) => !allowed.has(name));
}

const usualSysctls: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

const capabilitiesBaseline: Check = (pod) => {
  const names = namesWhere(pod, (context) => addedBeyond(context, usualCapabilities).length > 0);
  if (names.length === 0) return null;
  const all = pod.containers.flatMap((container) => addedBeyond(security(container), usualCapabilities));
  const added = [...new Set(all)].sort();
  const detail = `${named('container', names)} must not include ${quoted(added)} in securityContext.capabilities.add`;
  return ['non-default capabilities', detail];
};

const hostNamespaces: Check = ({ spec }) => {
  const on = ['hostNetwork', 'hostPID', 'hostIPC'].filter((member) => spec[member] === true);
  return on.length === 0 ? null : ['host namespaces', on.map((member) => `${member}=true`).join(', ')];
};

const hostPathVolumes: Check = ({ spec }) => {
  const names = objectsOf(spec, 'volumes')
    .filter((volume) => has(volume, 'hostPath'))
    .map((volume) => textOf(volume, 'name'));
  return names.length === 0 ? null : ['hostPath volumes', named('volume', names)];
};

const hostPorts: Check = (pod) => {
  const portsOf = (container: JsonObject): number[] =>
    objectsOf(container, 'ports')
      .map((port) => numberOf(port, 'hostPort') ?? 0)
      .filter((port) => port !== 0);
  const names = namesWhere(pod, (_context, container) => portsOf(container).length > 0);
  if (names.length === 0) return null;
  const ports = [...new Set(pod.containers.flatMap(portsOf))].sort((a, b) => a - b);
  const verb = names.length === 1 ? 'uses' : 'use';
  const what = ports.length === 1 ? 'hostPort' : 'hostPorts';
  return ['hostPort', `${named('container', names)} ${verb} ${what} ${ports.join(', ')}`];
};

const appArmor: Check = (pod) => {
  const isUnconfined = (context: JsonObject): boolean =>
    textOf(objectOf(context, 'appArmorProfile'), 'type') === 'Unconfined';
  const found = ofBoth(
    'forbidden AppArmor profile',
    isUnconfined,
    'must not set AppArmor profile type to "Unconfined"',
  )(pod);
  if (found !== null) return found;
  const prefix = 'container.apparmor.security.beta.kubernetes.io/';
  const bad = Object.entries(pod.annotations).filter(
    ([key, value]) => key.startsWith(prefix) && value === 'unconfined',
  );
  if (bad.length === 0) return null;
  const texts = bad.map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [`forbidden AppArmor profile${bad.length === 1 ? '' : 's'}`, texts.join(', ')];
};

const linuxTypes: ReadonlySet<string> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);

const linuxOptions: Check = (pod) => {
  const options = (context: JsonObject): JsonObject => objectOf(context, 'seLinuxOptions');
  const isBad = (context: JsonObject): boolean =>
    !linuxTypes.has(textOf(options(context), 'type')) ||
    textOf(options(context), 'user') !== '' ||
    textOf(options(context), 'role') !== '';
  const names = namesWhere(pod, isBad);
  const who: string[] = [];
  if (isBad(podContext(pod))) who.push('pod');
  if (names.length > 0) who.push(named('container', names));
  if (who.length === 0) return null;
  const contexts = [podContext(pod), ...pod.containers.map(security)].filter(isBad).map(options);
  const types = [...new Set(contexts.map((of) => textOf(of, 'type')))].filter(
    (type) => !linuxTypes.has(type),
  );
  const what: string[] = [];
  if (types.length > 0) what.push(`type${types.length === 1 ? '' : 's'} ${quoted(types.sort())}`);
  if (contexts.some((of) => textOf(of, 'user') !== '')) what.push('user may not be set');
  if (contexts.some((of) => textOf(of, 'role') !== '')) what.push('role may not be set');
  return [
    'seLinuxOptions',
    `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
  ];
};

const sysctls: Check = (pod) => {
  const names = objectsOf(podContext(pod), 'sysctls')
    .map((sysctl) => textOf(sysctl, 'name'))
    .filter((name) => !usualSysctls.has(name));
  return names.length === 0 ? null : ['forbidden sysctls', names.join(', ')];
};

function seccompType(context: JsonObject): string {
  return textOf(objectOf(context, 'seccompProfile'), 'type');
}

/** In the order in which a refusal lists them. */
const baseline: Readonly<Record<string, Check>> = {
  appArmorProfile: appArmor,
  capabilities: capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  privileged: ofContainers(
    'privileged',
    'must not set securityContext.privileged=true',
    (context) => context['privileged'] === true,
  ),
  procMount: ofContainers(
    'procMount',
    'must not set securityContext.procMount to "Unmasked"',
    (context) => !['', 'Default'].includes(textOf(context, 'procMount')),
  ),
  seLinuxOptions: linuxOptions,
  seccompProfile: ofBoth(
    'seccompProfile',
    (context) => seccompType(context) === 'Unconfined',
    'must not set securityContext.seccompProfile.type to "Unconfined"',
  ),
  sysctls,
  windowsHostProcess: ofBoth(
    'hostProcess',
    (context) => objectOf(context, 'windowsOptions')['hostProcess'] === true,
    'must not set securityContext.windowsOptions.hostProcess=true',
  ),
};

const capabilitiesRestricted: Check = (pod) => {
  const drops = (context: JsonObject): boolean =>
    textsOf(objectOf(context, 'capabilities'), 'drop').includes('ALL');
  const bind: ReadonlySet<string> = new Set(['NET_BIND_SERVICE']);
  const keeping = namesWhere(pod, (context) => !drops(context));
  const adding = namesWhere(pod, (context) => addedBeyond(context, bind).length > 0);
  const details: string[] = [];
  if (keeping.length > 0) {
    details.push(`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  }
  if (adding.length > 0) {
    const added = [...new Set(pod.containers.flatMap((container) => addedBeyond(security(container), bind)))];
    details.push(
      `${named('container', adding)} must not include ${quoted(added.sort())} in securityContext.capabilities.add`,
    );
  }
  return details.length === 0 ? null : ['unrestricted capabilities', details.join('; ')];
};

const allowedVolumes: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const restrictedVolumes: Check = ({ spec }) => {
  const names: string[] = [];
  const types = new Set<string>();
  for (const volume of objectsOf(spec, 'volumes')) {
    const type = Object.keys(volume).find((member) => maybeObject(volume, member) !== null);
    if (type === undefined || allowedVolumes.has(type)) continue;
    names.push(textOf(volume, 'name'));
    types.add(type);
  }
  if (names.length === 0) return null;
  const verb = names.length === 1 ? 'uses' : 'use';
  const what = types.size === 1 ? 'restricted volume type' : 'restricted volume types';
  return [
    'restricted volume types',
    `${named('volume', names)} ${verb} ${what} ${quoted([...types].sort())}`,
  ];
};

const runAsNonRoot: Check = (pod) => {
  const whole = podContext(pod)['runAsNonRoot'];
  const root = namesWhere(pod, (context) => context['runAsNonRoot'] === false);
  const silent = namesWhere(pod, (context) => !has(context, 'runAsNonRoot'));
  const reason = 'runAsNonRoot != true';
  if (whole === false || root.length > 0) {
    const who = [...(whole === false ? ['pod'] : []), ...(root.length > 0 ? [named('container', root)] : [])];
    return [reason, `${who.join(' and ')} must not set securityContext.runAsNonRoot=false`];
  }
  if (whole === true || silent.length === 0) return null;
  return [reason, `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true`];
};

const seccompRestricted: Check = (pod) => {
  const isRight = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost';
  const whole = seccompType(podContext(pod));
  const wrong = namesWhere(pod, (context) => seccompType(context) !== '' && !isRight(seccompType(context)));
  const silent = namesWhere(pod, (context) => seccompType(context) === '');
  const isPodWrong = whole !== '' && !isRight(whole);
  if (isPodWrong || wrong.length > 0) {
    const who = [...(isPodWrong ? ['pod'] : []), ...(wrong.length > 0 ? [named('container', wrong)] : [])];
    const detail = `${who.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`;
    return ['seccompProfile', detail];
  }
  if (isRight(whole) || silent.length === 0) return null;
  return [
    'seccompProfile',
    `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  ];
};

const restricted: Readonly<Record<string, Check>> = {
  allowPrivilegeEscalation: ofContainers(
    'allowPrivilegeEscalation != false',
    'must set securityContext.allowPrivilegeEscalation=false',
    (context) => context['allowPrivilegeEscalation'] !== false,
  ),
  capabilities: capabilitiesRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser: ofBoth('runAsUser=0', (context) => context['runAsUser'] === 0, 'must not set runAsUser=0'),
  seccompProfile: seccompRestricted,
};

/** Baseline checks that a restricted one says better. */
const sharpened: ReadonlySet<string> = new Set(['capabilities', 'hostPathVolumes', 'seccompProfile']);

/** What speaks against a pod at that level, as a refusal lists it; empty: nothing. */
export function securityProblems(level: SecurityLevel, pod: CheckedPod): readonly string[] {
  if (level === 'privileged') return [];
  const isRestricted = level === 'restricted';
  const checks = Object.entries(baseline)
    .filter(([name]) => !isRestricted || !sharpened.has(name))
    .map(([, check]) => check);
  if (isRestricted) checks.push(...Object.values(restricted));
  return checks.flatMap((check) => {
    const found = check(pod);
    return found === null ? [] : [`${found[0]} (${found[1]})`];
  });
}
