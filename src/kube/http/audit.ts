/**
 * What a server tells of each request besides answering it: audit events of the shape `audit.k8s.io/v1`, one when the answer is
 * complete, at the level that a policy gives. Requests that no rule is about are not told of; without a policy there is
 * one event for each, without bodies.
 */

import type { UserInfo } from '../api/user.ts';
import { microTimeText } from '../meta/time.ts';
import type { ResourcePath } from './route.ts';
import type { ApiRequest } from './types.ts';

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly resources?: readonly {
    readonly group?: string;
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly string[];
}

export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly string[];
}

export interface AuditSink {
  /** Takes one event as JSON, without a line's end. */
  write(line: string): void;
}

/** One request, as audit and metrics see it. */
export interface Told {
  readonly auditId: string;
  readonly request: ApiRequest;
  /** Null: nobody got that far. */
  readonly user: UserInfo | null;
  /** Who sent it, when that is not who it is for. */
  readonly sender: UserInfo | null;
  readonly verb: string;
  readonly path: ResourcePath | null;
  readonly receivedMs: number;
  readonly doneMs: number;
  readonly code: number;
  readonly sourceIp: string;
  /** What admission had to say; null: nothing. */
  readonly annotations: ReadonlyMap<string, string> | null;
}

const levels: readonly string[] = ['None', 'Metadata', 'Request', 'RequestResponse'];

/** @param document of a policy file, parsed @throws Error that says what is wrong */
export function auditPolicyOf(document: unknown): AuditPolicy {
  const { kind, rules } = (document ?? {}) as { kind?: string; rules?: AuditRule[] };
  if (kind !== 'Policy') throw new Error('an audit policy has the kind Policy');
  if (!Array.isArray(rules) || rules.length === 0) throw new Error('an audit policy has at least one rule');
  for (const [at, { level }] of rules.entries()) {
    if (!levels.includes(level)) throw new Error(`rules[${at}].level must be one of ${levels.join(', ')}`);
  }
  return document as AuditPolicy;
}

function isAmong(wanted: readonly string[] | undefined, given: string): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(given);
}

function matchesPath(patterns: readonly string[], path: string): boolean {
  return patterns.some(
    (pattern) => pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))),
  );
}

function matchesResource(rule: AuditRule, path: ResourcePath): boolean {
  if (!isAmong(rule.namespaces, path.namespace)) return false;
  const { resources = [] } = rule;
  if (resources.length === 0) return (rule.nonResourceURLs ?? []).length === 0;
  const whole = path.subresource === '' ? path.plural : `${path.plural}/${path.subresource}`;
  return resources.some(({ group = '', resources: names, resourceNames }) => {
    if (group !== path.group || !isAmong(resourceNames, path.name)) return false;
    if (names === undefined || names.length === 0) return true;
    return names.some(
      (name) =>
        name === '*' ||
        name === whole ||
        name === `*/${path.subresource}` ||
        (path.subresource !== '' && name === `${path.plural}/*`),
    );
  });
}

function matches(rule: AuditRule, { user, verb, path, request }: Told): boolean {
  if (!isAmong(rule.users, user?.username ?? '') || !isAmong(rule.verbs, verb)) return false;
  const { userGroups = [] } = rule;
  if (userGroups.length > 0 && !userGroups.some((group) => user?.groups.includes(group) === true))
    return false;
  if (path !== null) return matchesResource(rule, path);
  const { nonResourceURLs = [], resources = [], namespaces = [] } = rule;
  if (nonResourceURLs.length > 0) return matchesPath(nonResourceURLs, request.path);
  return resources.length === 0 && namespaces.length === 0;
}

function userOf({ username, uid, groups, extra }: UserInfo): object {
  const hasExtra = Object.keys(extra).length > 0;
  return { username, ...(uid === '' ? {} : { uid }), groups, ...(hasExtra ? { extra } : {}) };
}

function objectOf(path: ResourcePath): object {
  const { group, version, namespace, plural, name, subresource } = path;
  return {
    resource: plural,
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { apiGroup: group }),
    apiVersion: version,
    ...(subresource === '' ? {} : { subresource }),
  };
}

export class Audit {
  readonly #sink: AuditSink;
  readonly #policy: AuditPolicy;
  /** Events that were written. */
  count = 0;

  constructor(sink: AuditSink, policy: AuditPolicy | null) {
    this.#sink = sink;
    this.#policy = policy ?? { rules: [{ level: 'Metadata' }] };
  }

  /** Writes the event of a request that was answered. */
  tell(told: Told): void {
    const rule = this.#policy.rules.find((candidate) => matches(candidate, told));
    if (rule === undefined || rule.level === 'None') return;
    const omitted = [...(this.#policy.omitStages ?? []), ...(rule.omitStages ?? [])];
    if (omitted.includes('ResponseComplete')) return;
    this.count++;
    this.#sink.write(JSON.stringify(eventOf(told, rule.level)));
  }
}

function eventOf(told: Told, level: AuditLevel): object {
  const { request, user, sender, path, code } = told;
  const query = request.query.toString();
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    // Bodies are not kept: what is told is who did what, and how it ended.
    level: level === 'None' ? level : 'Metadata',
    auditID: told.auditId,
    stage: 'ResponseComplete',
    requestURI: query === '' ? request.path : `${request.path}?${query}`,
    verb: told.verb,
    user: user === null ? {} : userOf(sender ?? user),
    ...(sender === null || user === null ? {} : { impersonatedUser: userOf(user) }),
    ...(told.sourceIp === '' ? {} : { sourceIPs: [told.sourceIp] }),
    ...(request.header('user-agent') === '' ? {} : { userAgent: request.header('user-agent') }),
    ...(path === null ? {} : { objectRef: objectOf(path) }),
    responseStatus: { metadata: {}, code },
    requestReceivedTimestamp: microTimeText(told.receivedMs),
    stageTimestamp: microTimeText(told.doneMs),
    ...(told.annotations === null ? {} : { annotations: Object.fromEntries(told.annotations) }),
  };
}
