/**
 * Authorization modes as kube-apiserver names them. Of several, the first that allows decides; when none does, the reasons of
 * all are told.
 */

import type { UserInfo } from '../api/user.ts';
import type { ServerParts } from '../rest/parts.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { rbacAuthorizer } from './rbac.ts';
import {
  type AccessAttributes,
  type Authorizer,
  allowAll,
  type Decision,
  type NonResourceRule,
  type ResourceRule,
  type UserRules,
} from './types.ts';

export const authorizationModes = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC'] as const;

export type AuthorizationMode = (typeof authorizationModes)[number];

const alwaysDeny: Authorizer = {
  authorize: () => ({ isAllowed: false, reason: 'Everything is forbidden.' }),
  rulesOf: () => ({ resourceRules: [], nonResourceRules: [], problem: '' }),
};

class Union implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  async authorize(attributes: AccessAttributes): Promise<Decision> {
    const reasons: string[] = [];
    for (const authorizer of this.#authorizers) {
      const decision = await authorizer.authorize(attributes);
      if (decision.isAllowed) return decision;
      if (decision.reason !== '') reasons.push(decision.reason);
    }
    return { isAllowed: false, reason: reasons.join(', ') };
  }

  async rulesOf(user: UserInfo, namespace: string): Promise<UserRules> {
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    const problems: string[] = [];
    for (const authorizer of this.#authorizers) {
      const rules = await authorizer.rulesOf(user, namespace);
      resourceRules.push(...rules.resourceRules);
      nonResourceRules.push(...rules.nonResourceRules);
      if (rules.problem !== '') problems.push(rules.problem);
    }
    return { resourceRules, nonResourceRules, problem: problems.join(', ') };
  }
}

/** @param modes at least one, in the order in which they are asked */
export function authorizerOf(modes: readonly AuthorizationMode[], parts: ServerParts): Authorizer {
  const made: Readonly<Record<AuthorizationMode, () => Authorizer>> = {
    AlwaysAllow: () => allowAll,
    AlwaysDeny: () => alwaysDeny,
    Node: () => nodeAuthorizer(parts),
    RBAC: () => rbacAuthorizer(parts),
  };
  const authorizers = modes.map((mode) => made[mode]());
  return authorizers.length === 1 ? authorizers[0]! : new Union(authorizers);
}
