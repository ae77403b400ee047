/** What types and fields of webhooks, admission policies and custom resources are for. Form: `descriptions.ts`. */

export const extensionWords: string = `
# admissionregistration.v1.MutatingWebhookConfiguration: Webhooks that may change objects as they are written.
# admissionregistration.v1.ValidatingWebhookConfiguration: Webhooks that may refuse objects as they are written.
# admissionregistration.v1.MutatingWebhookConfiguration admissionregistration.v1.ValidatingWebhookConfiguration
webhooks: The webhooks, by name.
# admissionregistration.v1.MutatingWebhook: A webhook that may change objects, and when it is called.
reinvocationPolicy: Whether it is called again when others have changed the object after it; Never when not set.
# admissionregistration.v1.ValidatingWebhook: A webhook that may refuse objects, and when it is called.
# admissionregistration.v1.MutatingWebhook admissionregistration.v1.ValidatingWebhook
name: Name of the webhook, fully qualified, such as pods.example.org.
clientConfig: Where the webhook is, and how it is called.
rules: Requests that it is called for: those that any of the rules matches.
failurePolicy: Whether a request is refused or goes on when the webhook cannot be asked; Fail when not set.
matchPolicy: Whether rules match only the version of a request or also others of the same resource; Equivalent when not set.
namespaceSelector: Namespaces whose objects it is called for, by their labels; all when not set.
objectSelector: Objects that it is called for, by their labels before or after the write; all when not set.
sideEffects: Whether calls change anything else; dry runs are refused unless they do not.
timeoutSeconds: Seconds that it has for an answer, from 1 to 30; 10 when not set.
admissionReviewVersions: Versions of AdmissionReview that it understands, of which the first that the server knows is sent.
matchConditions: Expressions in CEL that all have to be true for it to be called; at most 64.
# admissionregistration.v1.MatchCondition: An expression that has to be true.
name: Name of the condition, for messages.
expression: Expression in CEL over object, oldObject, request and authorizer.
# admissionregistration.v1.WebhookClientConfig: Where a webhook is; exactly one of url and service is set.
# apiextensions.v1.WebhookClientConfig: Where a webhook is; exactly one of url and service is set.
# admissionregistration.v1.WebhookClientConfig apiextensions.v1.WebhookClientConfig
url: Address of the webhook, with https, without user, fragment and query.
service: Service that the webhook is behind.
caBundle: Certificates, as PEM, that the webhook's own is checked by; those of the system when not set.
# admissionregistration.v1.ServiceReference: Names a service that is called.
# apiextensions.v1.ServiceReference: Names a service that is called.
# apiregistration.v1.ServiceReference: Names a service that is called.
# admissionregistration.v1.ServiceReference apiextensions.v1.ServiceReference
path: Path to call.
# admissionregistration.v1.ServiceReference apiextensions.v1.ServiceReference apiregistration.v1.ServiceReference
namespace: Namespace of the service.
name: Name of the service.
port: Port of the service; 443 when not set.
# admissionregistration.v1.RuleWithOperations: Requests that a webhook is called for; each of the fields has to match.
# admissionregistration.v1.NamedRuleWithOperations: Requests that a policy is about; each of the fields has to match.
resourceNames: Names of the objects; any when not set.
# admissionregistration.v1.RuleWithOperations admissionregistration.v1.NamedRuleWithOperations
operations: What is done: CREATE, UPDATE, DELETE or CONNECT; * is any.
apiGroups: Groups of the resource; * is any.
apiVersions: Versions of the resource; * is any.
resources: Resources, with /subresource where one is meant; * is any resource, */* also any subresource.
scope: Whether objects in a namespace are meant, or those in none; both when not set.
# admissionregistration.v1.ValidatingAdmissionPolicy: Rules in CEL by which objects are refused as they are written.
# admissionregistration.v1.ValidatingAdmissionPolicySpec: Which requests a policy is about, and what it wants of them.
validations: Expressions that have to be true of each object; needed unless there are audit annotations.
auditAnnotations: What is noted in the audit log about each request.
# admissionregistration.v1.MutatingAdmissionPolicy: Rules in CEL by which objects are changed as they are written.
# admissionregistration.v1.MutatingAdmissionPolicySpec: Which requests a policy is about, and what it changes.
mutations: Changes, made one after another.
reinvocationPolicy: Whether the policy is applied again when others have changed the object after it.
# admissionregistration.v1.ValidatingAdmissionPolicySpec admissionregistration.v1.MutatingAdmissionPolicySpec
paramKind: Kind of the objects that give parameters to the policy; none when not set.
matchConstraints: Requests that the policy is about.
failurePolicy: Whether a request is refused or goes on when the policy cannot be evaluated; Fail when not set.
matchConditions: Expressions that all have to be true for the policy to be applied; at most 64.
variables: Expressions with names, which others can use as variables.name, later ones also earlier ones.
# admissionregistration.v1.Validation: An expression that has to be true of an object.
expression: Expression in CEL over object, oldObject, request, params, namespaceObject, variables and authorizer.
message: What the client is told when it is false, in one line.
reason: Reason of the refusal: Unauthorized, Forbidden, Invalid or RequestEntityTooLarge; Invalid when not set.
messageExpression: Expression in CEL that makes the message, preferred to message.
# admissionregistration.v1.AuditAnnotation: A note in the audit log.
key: Key of the note, put after the name of the policy.
valueExpression: Expression in CEL for its text; nothing is noted for null or an empty text.
# admissionregistration.v1.Variable: An expression with a name.
name: Name, as it is used in variables.name.
expression: Expression in CEL.
# admissionregistration.v1.Mutation: A change of an object; the type says which of the two is set.
patchType: How the change is told.
applyConfiguration: Change that is merged as server-side apply does.
jsonPatch: Change as the operations of a JSON patch.
# admissionregistration.v1.ApplyConfiguration: A change in the manner of server-side apply.
expression: Expression in CEL that gives an Object with the fields to set.
# admissionregistration.v1.JSONPatch: A change as a JSON patch.
expression: Expression in CEL that gives a list of JSONPatch operations.
# admissionregistration.v1.ParamKind: Kind of the objects that give parameters to a policy.
apiVersion: Group and version of the kind.
kind: The kind.
# admissionregistration.v1.MatchResources: Requests that a policy is about.
namespaceSelector: Namespaces whose objects are meant, by their labels; all when not set.
objectSelector: Objects that are meant, by their labels before or after the write; all when not set.
resourceRules: Requests that are meant: those that any of the rules matches.
excludeResourceRules: Requests that are left out, whatever resourceRules say.
matchPolicy: Whether rules match only the version of a request or also others of the same resource; Equivalent when not set.
# admissionregistration.v1.ValidatingAdmissionPolicyStatus: What was last seen of a policy.
observedGeneration: Generation of the spec that was looked at.
typeChecking: What was found in checking the types of its expressions.
conditions: Aspects of the state, one of each type.
# admissionregistration.v1.TypeChecking: What was found in checking types.
expressionWarnings: Faults of expressions.
# admissionregistration.v1.ExpressionWarning: A fault of an expression.
fieldRef: Path of the field with the expression, such as spec.validations[0].expression.
warning: What is wrong, for each type that was tried.
# admissionregistration.v1.ValidatingAdmissionPolicyBinding: Puts a policy in force for some requests, with parameters.
# admissionregistration.v1.MutatingAdmissionPolicyBinding: Puts a policy in force for some requests, with parameters.
# admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec: Which policy is in force, where, and what it does.
validationActions: What is done when the policy is not met: Deny, Warn or Audit; Deny and Warn exclude each other.
# admissionregistration.v1.MutatingAdmissionPolicyBindingSpec: Which policy is in force, and where.
# admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec admissionregistration.v1.MutatingAdmissionPolicyBindingSpec
policyName: Name of the policy.
paramRef: Objects that give it parameters.
matchResources: Requests it is in force for, of those that the policy is about; all of them when not set.
# admissionregistration.v1.ParamRef: Objects that give parameters to a policy; exactly one of name and selector is set.
name: Name of the object.
namespace: Namespace of the objects; that of the request's object when not set.
selector: Selects objects by their labels; the policy is applied with each of them.
parameterNotFoundAction: What is done when there is none: Allow or Deny.
# apiextensions.v1.CustomResourceDefinition: A type of object that is added to the API; its name is plural.group.
# apiextensions.v1.CustomResourceDefinitionSpec: What the objects are called, where they live, and what they look like.
group: Group of the type, served as /apis/group.
names: What the type is called.
scope: Whether the objects are in namespaces: Namespaced or Cluster.
versions: Versions of the type, of which exactly one is stored.
conversion: What is done when another version is asked for than is stored; None when not set.
preserveUnknownFields: Whether fields that no schema knows are kept; only false is allowed now.
# apiextensions.v1.CustomResourceDefinitionNames: What a type is called.
plural: Name of the resource in paths, in lower case, such as crontabs.
singular: Name for one of them, in lower case; the kind in lower case when not set.
shortNames: Short names for the command line.
kind: Kind of the objects, in CamelCase, such as CronTab.
listKind: Kind of lists of them; the kind and List when not set.
categories: Groups of resources that it belongs to, such as all.
# apiextensions.v1.CustomResourceDefinitionVersion: One version of a type.
name: Name of the version, such as v1beta1, served as /apis/group/name.
served: Whether the version can be asked for.
storage: Whether objects are stored in this version.
deprecated: Whether users of the version are warned; false when not set.
deprecationWarning: Text of the warning in place of the usual one; only when deprecated.
schema: What objects of the version look like.
subresources: Subresources that the objects have.
additionalPrinterColumns: Columns of tables, such as those of kubectl get; the age when not set.
selectableFields: Fields that objects can be selected by, at most 8.
# apiextensions.v1.CustomResourceValidation: The schema of a version.
openAPIV3Schema: The schema, by which objects are checked and cut to what is known.
# apiextensions.v1.CustomResourceSubresources: Subresources of a type.
status: Gives the objects /status, which alone writes their status, while other writes leave it alone.
scale: Gives the objects /scale, by which their number of pods is read and set.
# apiextensions.v1.CustomResourceSubresourceStatus: Marks that a type has /status; it has no fields.
# apiextensions.v1.CustomResourceSubresourceScale: Where the fields of /scale are in the objects.
specReplicasPath: Path of the wanted number, below .spec, such as .spec.replicas.
statusReplicasPath: Path of the number that there is, below .status, such as .status.replicas.
labelSelectorPath: Path of the selector as text, below .status or .spec; autoscalers need it.
# apiextensions.v1.CustomResourceColumnDefinition: A column of tables.
name: Heading of the column.
type: Type of its values: integer, number, string, boolean or date.
format: Form of its values, such as password or date.
description: What the column shows.
priority: 0 for columns that are always shown, more for those of wide tables.
jsonPath: Path of the value in the objects, such as .spec.size.
# apiextensions.v1.SelectableField: A field that objects can be selected by.
jsonPath: Path of the field, which has to be a string, integer or boolean.
# apiextensions.v1.CustomResourceConversion: How objects are converted from one version to another.
strategy: None changes the apiVersion alone, Webhook asks a webhook.
webhook: The webhook, for strategy Webhook.
# apiextensions.v1.WebhookConversion: A webhook that converts objects.
clientConfig: Where the webhook is, and how it is called.
conversionReviewVersions: Versions of ConversionReview that it understands, of which the first that the server knows is sent.
# apiextensions.v1.CustomResourceDefinitionStatus: What was last seen of a definition.
conditions: Aspects of the state, such as Established and NamesAccepted.
acceptedNames: Names that are in use, which may not be all that were asked for.
storedVersions: Versions in which objects may still be stored; none of them can be taken out of the spec.
observedGeneration: Generation of the spec that the status was made for.
# apiextensions.v1.CustomResourceDefinitionCondition: One aspect of the state of a definition.
type: Aspect: Established, NamesAccepted, NonStructuralSchema, Terminating and the like.
observedGeneration: Generation of the spec that the condition was set for.
# apiextensions.v1.JSONSchemaProps: A schema in the manner of JSON Schema: what values may look like.
id: Not allowed in definitions.
$schema: Not allowed in definitions.
$ref: Not allowed in definitions, whose schemas stand on their own.
description: What the value means; kubectl explain shows it.
type: Type of the value: object, array, string, integer, number or boolean.
format: Form of a text or number, such as date-time, int32 or ipv4; forms that are not known are not checked.
title: Short name of the value.
default: Value that is set when none is given.
maximum: Largest number.
exclusiveMaximum: Whether the number has to be below maximum.
minimum: Smallest number.
exclusiveMinimum: Whether the number has to be above minimum.
maxLength: Most characters of a text.
minLength: Fewest characters of a text.
pattern: Regular expression that a text has to match somewhere.
maxItems: Most items of a list.
minItems: Fewest items of a list.
uniqueItems: Whether items have to differ; only false is allowed.
multipleOf: Number that the value has to be a multiple of.
enum: Values that are allowed.
maxProperties: Most members of an object.
minProperties: Fewest members of an object.
required: Members that an object has to have.
items: Schema of the items of a list.
allOf: Schemas all of which have to hold.
oneOf: Schemas exactly one of which has to hold.
anyOf: Schemas one of which has to hold at least.
not: Schema that must not hold.
properties: Member to its schema.
additionalProperties: Schema of members that properties does not name; it excludes properties.
patternProperties: Not allowed in definitions.
dependencies: Not allowed in definitions.
additionalItems: Not allowed in definitions.
definitions: Not allowed in definitions.
externalDocs: Where more is said about the value.
example: An example of the value, for readers.
nullable: Whether null is allowed.
x-kubernetes-preserve-unknown-fields: Whether members that no schema knows are kept; true or not set.
x-kubernetes-embedded-resource: Whether the value is an object of the API, with apiVersion, kind and metadata.
x-kubernetes-int-or-string: Whether the value is a whole number or a text.
x-kubernetes-list-map-keys: Members by which items of a list of type map are told apart.
x-kubernetes-list-type: How a list is merged: atomic as a whole, set by its values, map by its keys; atomic when not set.
x-kubernetes-map-type: How an object is merged: granular member by member, atomic as a whole; granular when not set.
x-kubernetes-validations: Rules in CEL that the value has to fulfil.
# apiextensions.v1.ValidationRule: A rule in CEL that a value has to fulfil.
rule: Expression over self, and over oldSelf for rules about changes.
message: What the client is told when it is false; one line.
messageExpression: Expression in CEL that makes the message, preferred to message.
reason: Reason of the fault; FieldValueInvalid when not set.
fieldPath: Path of the member that is at fault, such as .spec.size; the value itself when not set.
optionalOldSelf: Whether the rule also holds for new values, with oldSelf as an optional value.
# apiextensions.v1.ExternalDocumentation: Where more is said.
description: What is said there.
url: Address of it.
# apiextensions.v1.JSON: Any value of JSON.
# apiextensions.v1.JSONSchemaPropsOrArray: A schema; lists of schemas are not allowed in definitions.
# apiextensions.v1.JSONSchemaPropsOrBool: A schema, or whether anything is allowed.
# apiextensions.v1.JSONSchemaPropsOrStringArray: A schema, or a list of names.
# apiregistration.v1.APIService: Who answers for a group and version of the API; its name is version.group.
# apiregistration.v1.APIServiceSpec: Who answers, and in which order groups and versions are told.
service: Service that answers; the server itself when not set.
group: Group that it answers for.
version: Version that it answers for.
insecureSkipTLSVerify: Whether the certificate of the service is not checked; excludes caBundle.
caBundle: Certificates, as PEM, that the service's own is checked by.
groupPriorityMinimum: Order of groups in discovery, the highest first; from 1 to 20000.
versionPriority: Order of versions within the group, the highest first; from 1 to 1000.
# apiregistration.v1.APIServiceStatus: What was last seen of an APIService.
conditions: Aspects of the state, such as Available.
# apiregistration.v1.APIServiceCondition: One aspect of the state of an APIService.
type: Aspect: Available.
`;
