/**
 * The variable `authorizer` of expressions (Kubernetes' CEL library of authorization): asks what the user of the request, or a
 * service account, may do.
 *
 *     authorizer.group('apps').resource('deployments').namespace('a').check('create').allowed()
 */

import type { Environment } from '@marcbachmann/cel-js';
import type { UserInfo } from '../api/user.ts';
import type { AccessAttributes, Authorizer, Decision } from '../auth/types.ts';

/** Who is asked, about whom. */
export class AuthorizerValue {
  readonly authorizer: Authorizer;
  readonly user: UserInfo;
  /** A question about what is requested; null: of a service account there is none. */
  readonly requestResource: ResourceCheck | null;

  /** @param requested null: nothing is */
  constructor(authorizer: Authorizer, user: UserInfo, requested: AskedResource | null) {
    this.authorizer = authorizer;
    this.user = user;
    this.requestResource = requested === null ? null : new ResourceCheck(this, requested);
  }
}

class PathCheck {
  readonly of: AuthorizerValue;
  readonly path: string;

  constructor(of: AuthorizerValue, path: string) {
    this.of = of;
    this.path = path;
  }
}

class GroupCheck {
  readonly of: AuthorizerValue;
  readonly group: string;

  constructor(of: AuthorizerValue, group: string) {
    this.of = of;
    this.group = group;
  }
}

export type AskedResource = Pick<
  AccessAttributes,
  'group' | 'resource' | 'subresource' | 'namespace' | 'name'
>;

/** A question about a resource that is still being put together. */
class ResourceCheck {
  readonly of: AuthorizerValue;
  readonly asked: AskedResource;

  constructor(of: AuthorizerValue, asked: AskedResource) {
    this.of = of;
    this.asked = asked;
  }

  with(more: Partial<AskedResource>): ResourceCheck {
    return new ResourceCheck(this.of, { ...this.asked, ...more });
  }
}

class AccessDecision {
  readonly decision: Decision;
  readonly error: string;

  constructor(decision: Decision, error: string) {
    this.decision = decision;
    this.error = error;
  }
}

async function decide(
  { authorizer, user }: AuthorizerValue,
  asked: Partial<AccessAttributes>,
): Promise<AccessDecision> {
  const attributes: AccessAttributes = {
    user,
    verb: '',
    isResource: true,
    group: '',
    version: '*',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    path: '',
    ...asked,
  };
  try {
    return new AccessDecision(await authorizer.authorize(attributes), '');
  } catch (error) {
    return new AccessDecision({ isAllowed: false, reason: '' }, (error as Error).message);
  }
}

function accountOf(namespace: string, name: string): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid: '',
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: {},
  };
}

export function registerAuthorizer(language: Environment): void {
  const prefix = 'kubernetes.authorization';
  const [all, path, group, resource, decision] = [
    `${prefix}.Authorizer`,
    `${prefix}.PathCheck`,
    `${prefix}.GroupCheck`,
    `${prefix}.ResourceCheck`,
    `${prefix}.Decision`,
  ] as const;
  language
    .registerType(path, PathCheck)
    .registerType(group, GroupCheck)
    .registerType(resource, ResourceCheck)
    .registerType(all, { ctor: AuthorizerValue, fields: { requestResource: resource } })
    .registerType(decision, AccessDecision)
    .registerFunction(
      `${all}.path(string): ${path}`,
      (of: AuthorizerValue, text: string) => new PathCheck(of, text),
    )
    .registerFunction(
      `${all}.group(string): ${group}`,
      (of: AuthorizerValue, name: string) => new GroupCheck(of, name),
    )
    .registerFunction(
      `${all}.serviceAccount(string, string): ${all}`,
      ({ authorizer }: AuthorizerValue, namespace: string, name: string) =>
        new AuthorizerValue(authorizer, accountOf(namespace, name), null),
    )
    .registerFunction(
      `${group}.resource(string): ${resource}`,
      ({ of, group: name }: GroupCheck, plural: string) =>
        new ResourceCheck(of, { group: name, resource: plural, subresource: '', namespace: '', name: '' }),
    );
  for (const member of ['subresource', 'namespace', 'name'] as const) {
    language.registerFunction(
      `${resource}.${member}(string): ${resource}`,
      (check: ResourceCheck, value: string) => check.with({ [member]: value }),
    );
  }
  for (const selector of ['labelSelector', 'fieldSelector']) {
    language.registerFunction(
      `${resource}.${selector}(string): ${resource}`,
      (check: ResourceCheck) => check,
    );
  }
  language
    .registerFunction(
      `${resource}.check(string): ${decision}`,
      async ({ of, asked }: ResourceCheck, verb: string) => decide(of, { ...asked, verb }),
    )
    .registerFunction(
      `${path}.check(string): ${decision}`,
      async ({ of, path: text }: PathCheck, verb: string) =>
        decide(of, { verb, path: text, isResource: false }),
    )
    .registerFunction(`${decision}.allowed(): bool`, (made: AccessDecision) => made.decision.isAllowed)
    .registerFunction(`${decision}.reason(): string`, (made: AccessDecision) => made.decision.reason)
    .registerFunction(`${decision}.errored(): bool`, (made: AccessDecision) => made.error !== '')
    .registerFunction(`${decision}.error(): string`, (made: AccessDecision) => made.error);
}
