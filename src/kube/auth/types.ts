/**
 * Who sends a request and whether they may. `authenticate` asks the authenticators in order: the first that knows the
 * credentials answers; a bearer token that is known to none is refused with 401. The authorizer decides on attributes, not on objects.
 */

import type { UserInfo } from '../api/user.ts';
import type { ApiRequest } from '../http/types.ts';

export interface Authenticator {
  /** Null: not for this authenticator, or unknown to it. `groups` of the answer include `system:authenticated`. */
  authenticate(request: ApiRequest): UserInfo | null | Promise<UserInfo | null>;
}

export interface AccessAttributes {
  readonly user: UserInfo;
  /** An RBAC verb, or the HTTP method in lower case for paths. */
  readonly verb: string;
  /** False: `path` is what is asked for. */
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  /** The plural. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

export interface Decision {
  readonly isAllowed: boolean;
  /** Why, for SubjectAccessReview; may be empty. */
  readonly reason: string;
}

/** What one may do, as SelfSubjectRulesReview shows it: rules of RBAC. */
export interface UserRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** Not empty: what could not be found out; the rules are not all there are. */
  readonly problem: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Absent: every name. */
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface Authorizer {
  authorize(attributes: AccessAttributes): Decision | Promise<Decision>;
  /** Everything that a user may do in a namespace and in the whole cluster. */
  rulesOf(user: UserInfo, namespace: string): UserRules | Promise<UserRules>;
}

const everything: UserRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  problem: '',
};

/** Everybody may do everything. */
export const allowAll: Authorizer = {
  authorize: () => ({ isAllowed: true, reason: '' }),
  rulesOf: () => everything,
};
