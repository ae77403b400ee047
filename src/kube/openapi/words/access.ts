/** What types and fields of rights, reviews, tokens and certificates are for. Form: `descriptions.ts`. */

export const accessWords: string = `
# rbac.v1.Role: Rights within a namespace.
rules: The rights; an object may be used as any one of the rules allows.
# rbac.v1.ClusterRole: Rights in every namespace and beyond, or in those where a RoleBinding gives them.
rules: The rights; an object may be used as any one of the rules allows.
aggregationRule: Roles whose rules are put together here; a controller then keeps the rules.
# rbac.v1.AggregationRule: Which roles are put together.
clusterRoleSelectors: Selectors of ClusterRoles, any of which suffices.
# rbac.v1.PolicyRule: A right: any of the verbs on any of the resources, or on any of the paths.
verbs: What may be done, such as get, list, watch, create, update, patch or delete; * is everything.
apiGroups: Groups of the resources; the core group is the empty text, and * is any.
resources: Resources, with /subresource where one is meant; * is any.
resourceNames: Names of the objects that are meant; any when not set.
nonResourceURLs: Paths that are no resources, with * as their last part; for ClusterRoles only.
# rbac.v1.RoleBinding: Gives a role to users within one namespace.
# rbac.v1.ClusterRoleBinding: Gives a role to users everywhere.
# rbac.v1.RoleBinding rbac.v1.ClusterRoleBinding
subjects: Users, groups and service accounts that get the role.
roleRef: The role; it cannot be changed.
# rbac.v1.RoleRef: Names a role.
apiGroup: Group of the role's kind: rbac.authorization.k8s.io.
kind: Kind of the role: Role or ClusterRole.
name: Name of the role.
# rbac.v1.Subject: Who gets a role.
kind: What is meant: User, Group or ServiceAccount.
apiGroup: Group of the kind; empty for ServiceAccount and rbac.authorization.k8s.io for others when not set.
name: Name of the user, group or service account.
namespace: Namespace of the service account; not allowed for others.
# authentication.v1.TokenReview: Asks whose token this is; nothing is stored.
# authentication.v1.TokenReviewSpec: The token that is asked about.
token: The token itself.
audiences: For whom the token has to be, any of these; for the API server when not set.
# authentication.v1.TokenReviewStatus: Whose token it is.
authenticated: Whether the token is good.
user: Whose token it is.
audiences: Those of the audiences asked for that the token is for.
error: Why the token could not be checked.
# authentication.v1.UserInfo: Who a user is.
username: Name of the user, unique among those who are active.
uid: Id of the user, which tells users of one name at different times apart.
groups: Groups that the user is in.
extra: What else the authenticator said.
# authentication.v1.SelfSubjectReview: Asks who the caller is; nothing is stored.
# authentication.v1.SelfSubjectReviewStatus: Who the caller is.
userInfo: The caller, as the server sees them.
# authentication.v1.TokenRequest: Asks for a token of a service account.
# authentication.v1.TokenRequestSpec: What the token is to be like.
audiences: For whom the token is to be; the API server when not set.
expirationSeconds: Seconds that it is to be good for, which may come out otherwise; 3600 when not set.
boundObjectRef: Object whose deletion ends the token.
# authentication.v1.TokenRequestStatus: The token.
token: The token itself.
expirationTimestamp: When it ends.
# authentication.v1.BoundObjectReference: Names the object that a token is bound to.
kind: Kind of the object: Pod, Secret or Node.
apiVersion: Group and version of the object's kind.
name: Name of the object.
uid: UID of the object.
# authorization.v1.SubjectAccessReview: Asks whether somebody may do something; nothing is stored.
# authorization.v1.LocalSubjectAccessReview: Asks whether somebody may do something in one namespace; nothing is stored.
# authorization.v1.SelfSubjectAccessReview: Asks whether the caller may do something; nothing is stored.
# authorization.v1.SubjectAccessReviewSpec: Who wants to do what; exactly one of the attributes is set.
user: Name of the user; with groups, what the user is as well.
groups: Groups of the user.
extra: What else an authenticator said of the user.
uid: Id of the user.
# authorization.v1.SelfSubjectAccessReviewSpec: What the caller wants to do; exactly one of the attributes is set.
# authorization.v1.SubjectAccessReviewSpec authorization.v1.SelfSubjectAccessReviewSpec
resourceAttributes: What is wanted, when it is a resource.
nonResourceAttributes: What is wanted, when it is another path.
# authorization.v1.SubjectAccessReviewStatus: Whether it may be done.
allowed: Whether it may be done.
denied: Whether it must not be done, whoever else would allow it.
reason: Why, for people.
evaluationError: What went wrong in finding out; the answer may still be sound.
# authorization.v1.ResourceAttributes: A request for a resource.
namespace: Namespace of the request; empty for none, or for all of them.
verb: Verb of the request, such as get; * is all.
group: Group of the resource; * is all.
version: Version of the resource; * is all.
resource: Resource; * is all.
subresource: Subresource; empty for none.
name: Name of the object; empty for all.
fieldSelector: Which objects a list or a watch is limited to, by fields.
labelSelector: Which objects a list or a watch is limited to, by labels.
# authorization.v1.FieldSelectorAttributes: A selector of fields; only one of the forms is set.
# authorization.v1.LabelSelectorAttributes: A selector of labels; only one of the forms is set.
# authorization.v1.FieldSelectorAttributes authorization.v1.LabelSelectorAttributes
rawSelector: The selector as text, as it stands in queries.
requirements: The selector in its parts, each of which has to hold.
# authorization.v1.NonResourceAttributes: A request for a path that is no resource.
path: Path of the request.
verb: Verb of the request, such as get.
# authorization.v1.SelfSubjectRulesReview: Asks what the caller may do in a namespace; nothing is stored.
# authorization.v1.SelfSubjectRulesReviewSpec: Which namespace is asked about.
namespace: Namespace that is asked about.
# authorization.v1.SubjectRulesReviewStatus: What a user may do.
resourceRules: Rights on resources, in no particular order.
nonResourceRules: Rights on other paths, in no particular order.
incomplete: Whether there may be rights that are not listed.
evaluationError: Why the list may be incomplete.
# authorization.v1.ResourceRule: A right on resources.
verbs: What may be done; * is everything.
apiGroups: Groups of the resources; * is any.
resources: Resources; * is any.
resourceNames: Names of the objects; any when not set.
# authorization.v1.NonResourceRule: A right on paths that are no resources.
verbs: What may be done; * is everything.
nonResourceURLs: The paths, with * as their last part.
# certificates.v1.CertificateSigningRequest: Asks for a certificate to be signed.
# certificates.v1.CertificateSigningRequestSpec: What is to be signed, for whom, and by whom; it cannot be changed.
request: The request in PKCS 10, as PEM in base64.
signerName: Who is to sign, such as kubernetes.io/kube-apiserver-client.
expirationSeconds: Seconds that the certificate is to be good for, at least 600; the signer decides when not set.
usages: What the key is to be used for, such as client auth and digital signature.
username: Name of the user who asked; set by the system.
uid: Id of the user who asked; set by the system.
groups: Groups of the user who asked; set by the system.
extra: What else was known of the user who asked; set by the system.
# certificates.v1.CertificateSigningRequestStatus: What became of the request.
conditions: Whether it was Approved or Denied, or has Failed.
certificate: The certificates that were issued, as PEM in base64.
# certificates.v1.CertificateSigningRequestCondition: A decision about a request.
type: Decision: Approved, Denied or Failed.
lastUpdateTime: When the condition was last written.
`;
