/**
 * What is known of every Kubernetes type. Written by `proto/kubernetes/generate.ts`; not edited by hand.
 *
 * `# <definition> kind=<group/version/Kind> map=<map type> form=<how a scalar looks>`, then one line per field in the order
 * of declaration: protobuf number (0: in JSON only), JSON name, type (`[]` list, `{}` map from string), then what holds:
 * `inline` (its members stand in the parent), `pointer` (zero is not absent), `shown` (also when it is zero), `required`,
 * `list=`, `keys=`, `map=`, `merge=`, `patch=`, `enum=a|b` (of what a list or map holds; `~` stands for a space).
 */

// biome-ignore format: a table
export const kubernetesFacts: string = `
# admissionregistration.v1.ApplyConfiguration
1 expression string
# admissionregistration.v1.AuditAnnotation
1 key string required
2 valueExpression string required
# admissionregistration.v1.ExpressionWarning
2 fieldRef string required
3 warning string required
# admissionregistration.v1.JSONPatch
1 expression string
# admissionregistration.v1.MatchCondition
1 name string required
2 expression string required
# admissionregistration.v1.MatchResources map=atomic
1 namespaceSelector meta.v1.LabelSelector
2 objectSelector meta.v1.LabelSelector
3 resourceRules []admissionregistration.v1.NamedRuleWithOperations list=atomic
4 excludeResourceRules []admissionregistration.v1.NamedRuleWithOperations list=atomic
7 matchPolicy string pointer enum=Equivalent|Exact
# admissionregistration.v1.MutatingAdmissionPolicy kind=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec admissionregistration.v1.MutatingAdmissionPolicySpec
# admissionregistration.v1.MutatingAdmissionPolicyBinding kind=admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec admissionregistration.v1.MutatingAdmissionPolicyBindingSpec
# admissionregistration.v1.MutatingAdmissionPolicyBindingList kind=admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBindingList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []admissionregistration.v1.MutatingAdmissionPolicyBinding required
# admissionregistration.v1.MutatingAdmissionPolicyBindingSpec
1 policyName string
2 paramRef admissionregistration.v1.ParamRef
3 matchResources admissionregistration.v1.MatchResources
# admissionregistration.v1.MutatingAdmissionPolicyList kind=admissionregistration.k8s.io/v1/MutatingAdmissionPolicyList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []admissionregistration.v1.MutatingAdmissionPolicy required
# admissionregistration.v1.MutatingAdmissionPolicySpec
1 paramKind admissionregistration.v1.ParamKind
2 matchConstraints admissionregistration.v1.MatchResources
3 variables []admissionregistration.v1.Variable list=atomic
4 mutations []admissionregistration.v1.Mutation list=atomic
5 failurePolicy string pointer enum=Fail|Ignore
6 matchConditions []admissionregistration.v1.MatchCondition list=map keys=name merge=name patch=merge
7 reinvocationPolicy string enum=IfNeeded|Never
# admissionregistration.v1.MutatingWebhook
1 name string required
2 clientConfig admissionregistration.v1.WebhookClientConfig required
3 rules []admissionregistration.v1.RuleWithOperations list=atomic
4 failurePolicy string pointer enum=Fail|Ignore
9 matchPolicy string pointer enum=Equivalent|Exact
5 namespaceSelector meta.v1.LabelSelector
11 objectSelector meta.v1.LabelSelector
6 sideEffects string pointer required enum=None|NoneOnDryRun|Some|Unknown
7 timeoutSeconds int32 pointer
8 admissionReviewVersions []string required list=atomic
10 reinvocationPolicy string pointer enum=IfNeeded|Never
12 matchConditions []admissionregistration.v1.MatchCondition list=map keys=name merge=name patch=merge
# admissionregistration.v1.MutatingWebhookConfiguration kind=admissionregistration.k8s.io/v1/MutatingWebhookConfiguration
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 webhooks []admissionregistration.v1.MutatingWebhook list=map keys=name merge=name patch=merge
# admissionregistration.v1.MutatingWebhookConfigurationList kind=admissionregistration.k8s.io/v1/MutatingWebhookConfigurationList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []admissionregistration.v1.MutatingWebhookConfiguration required
# admissionregistration.v1.Mutation
2 patchType string required enum=ApplyConfiguration|JSONPatch
3 applyConfiguration admissionregistration.v1.ApplyConfiguration
4 jsonPatch admissionregistration.v1.JSONPatch
# admissionregistration.v1.NamedRuleWithOperations map=atomic
1 resourceNames []string list=atomic
2 ruleWithOperations admissionregistration.v1.RuleWithOperations inline
# admissionregistration.v1.ParamKind map=atomic
1 apiVersion string
2 kind string
# admissionregistration.v1.ParamRef map=atomic
1 name string
2 namespace string
3 selector meta.v1.LabelSelector
4 parameterNotFoundAction string pointer
# admissionregistration.v1.Rule
1 apiGroups []string list=atomic
2 apiVersions []string list=atomic
3 resources []string list=atomic
4 scope string pointer enum=*|Cluster|Namespaced
# admissionregistration.v1.RuleWithOperations
1 operations []string list=atomic enum=*|CONNECT|CREATE|DELETE|UPDATE
2 rule admissionregistration.v1.Rule inline
# admissionregistration.v1.ServiceReference
1 namespace string required
2 name string required
3 path string pointer
4 port int32 pointer
# admissionregistration.v1.TypeChecking
1 expressionWarnings []admissionregistration.v1.ExpressionWarning list=atomic
# admissionregistration.v1.ValidatingAdmissionPolicy kind=admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec admissionregistration.v1.ValidatingAdmissionPolicySpec
3 status admissionregistration.v1.ValidatingAdmissionPolicyStatus
# admissionregistration.v1.ValidatingAdmissionPolicyBinding kind=admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec required
# admissionregistration.v1.ValidatingAdmissionPolicyBindingList kind=admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBindingList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []admissionregistration.v1.ValidatingAdmissionPolicyBinding required
# admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec
1 policyName string required
2 paramRef admissionregistration.v1.ParamRef
3 matchResources admissionregistration.v1.MatchResources
4 validationActions []string required list=set enum=Audit|Deny|Warn
# admissionregistration.v1.ValidatingAdmissionPolicyList kind=admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []admissionregistration.v1.ValidatingAdmissionPolicy required
# admissionregistration.v1.ValidatingAdmissionPolicySpec
1 paramKind admissionregistration.v1.ParamKind
2 matchConstraints admissionregistration.v1.MatchResources
3 validations []admissionregistration.v1.Validation list=atomic
4 failurePolicy string pointer enum=Fail|Ignore
5 auditAnnotations []admissionregistration.v1.AuditAnnotation list=atomic
6 matchConditions []admissionregistration.v1.MatchCondition list=map keys=name merge=name patch=merge
7 variables []admissionregistration.v1.Variable list=map keys=name merge=name patch=merge
# admissionregistration.v1.ValidatingAdmissionPolicyStatus
1 observedGeneration int64
2 typeChecking admissionregistration.v1.TypeChecking
3 conditions []meta.v1.Condition list=map keys=type
# admissionregistration.v1.ValidatingWebhook
1 name string required
2 clientConfig admissionregistration.v1.WebhookClientConfig required
3 rules []admissionregistration.v1.RuleWithOperations list=atomic
4 failurePolicy string pointer enum=Fail|Ignore
9 matchPolicy string pointer enum=Equivalent|Exact
5 namespaceSelector meta.v1.LabelSelector
10 objectSelector meta.v1.LabelSelector
6 sideEffects string pointer required enum=None|NoneOnDryRun|Some|Unknown
7 timeoutSeconds int32 pointer
8 admissionReviewVersions []string required list=atomic
11 matchConditions []admissionregistration.v1.MatchCondition list=map keys=name merge=name patch=merge
# admissionregistration.v1.ValidatingWebhookConfiguration kind=admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 webhooks []admissionregistration.v1.ValidatingWebhook list=map keys=name merge=name patch=merge
# admissionregistration.v1.ValidatingWebhookConfigurationList kind=admissionregistration.k8s.io/v1/ValidatingWebhookConfigurationList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []admissionregistration.v1.ValidatingWebhookConfiguration required
# admissionregistration.v1.Validation
1 expression string required
2 message string
3 reason string pointer
4 messageExpression string
# admissionregistration.v1.Variable map=atomic
1 name string required
2 expression string required
# admissionregistration.v1.WebhookClientConfig
3 url string pointer
1 service admissionregistration.v1.ServiceReference
2 caBundle bytes
# api.resource.Quantity form=string
1 string string
# api.resource.QuantityValue
1 string string
# apiextensions.v1.ConversionRequest
1 uid string shown
2 desiredAPIVersion string shown
3 objects []runtime.RawExtension shown
# apiextensions.v1.ConversionResponse
1 uid string shown
2 convertedObjects []runtime.RawExtension shown
3 result meta.v1.Status
# apiextensions.v1.ConversionReview
1 request apiextensions.v1.ConversionRequest
2 response apiextensions.v1.ConversionResponse
# apiextensions.v1.CustomResourceColumnDefinition
1 name string required
2 type string required
3 format string
4 description string
5 priority int32
6 jsonPath string required
# apiextensions.v1.CustomResourceConversion
1 strategy string required
2 webhook apiextensions.v1.WebhookConversion
# apiextensions.v1.CustomResourceDefinition kind=apiextensions.k8s.io/v1/CustomResourceDefinition
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec apiextensions.v1.CustomResourceDefinitionSpec required
3 status apiextensions.v1.CustomResourceDefinitionStatus
# apiextensions.v1.CustomResourceDefinitionCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
6 observedGeneration int64
# apiextensions.v1.CustomResourceDefinitionList kind=apiextensions.k8s.io/v1/CustomResourceDefinitionList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apiextensions.v1.CustomResourceDefinition required
# apiextensions.v1.CustomResourceDefinitionNames
1 plural string required
2 singular string
3 shortNames []string list=atomic
4 kind string required
5 listKind string
6 categories []string list=atomic
# apiextensions.v1.CustomResourceDefinitionSpec
1 group string required
3 names apiextensions.v1.CustomResourceDefinitionNames required
4 scope string required
7 versions []apiextensions.v1.CustomResourceDefinitionVersion required list=atomic
9 conversion apiextensions.v1.CustomResourceConversion
10 preserveUnknownFields bool
# apiextensions.v1.CustomResourceDefinitionStatus
1 conditions []apiextensions.v1.CustomResourceDefinitionCondition shown list=map keys=type
2 acceptedNames apiextensions.v1.CustomResourceDefinitionNames
3 storedVersions []string shown list=atomic
4 observedGeneration int64
# apiextensions.v1.CustomResourceDefinitionVersion
1 name string required
2 served bool required
3 storage bool required
7 deprecated bool
8 deprecationWarning string pointer
4 schema apiextensions.v1.CustomResourceValidation
5 subresources apiextensions.v1.CustomResourceSubresources
6 additionalPrinterColumns []apiextensions.v1.CustomResourceColumnDefinition list=atomic
9 selectableFields []apiextensions.v1.SelectableField list=atomic
# apiextensions.v1.CustomResourceSubresourceScale
1 specReplicasPath string required
2 statusReplicasPath string required
3 labelSelectorPath string pointer
# apiextensions.v1.CustomResourceSubresourceStatus form=object
# apiextensions.v1.CustomResourceSubresources
1 status apiextensions.v1.CustomResourceSubresourceStatus
2 scale apiextensions.v1.CustomResourceSubresourceScale
# apiextensions.v1.CustomResourceValidation
1 openAPIV3Schema apiextensions.v1.JSONSchemaProps
# apiextensions.v1.ExternalDocumentation
1 description string
2 url string
# apiextensions.v1.JSON form=any
1 raw bytes
# apiextensions.v1.JSONSchemaProps
1 id string
2 $schema string
3 $ref string pointer
4 description string
5 type string
6 format string
7 title string
8 default apiextensions.v1.JSON
9 maximum double pointer
10 exclusiveMaximum bool
11 minimum double pointer
12 exclusiveMinimum bool
13 maxLength int64 pointer
14 minLength int64 pointer
15 pattern string
16 maxItems int64 pointer
17 minItems int64 pointer
18 uniqueItems bool
19 multipleOf double pointer
20 enum []apiextensions.v1.JSON list=atomic
21 maxProperties int64 pointer
22 minProperties int64 pointer
23 required []string list=atomic
24 items apiextensions.v1.JSONSchemaPropsOrArray
25 allOf []apiextensions.v1.JSONSchemaProps list=atomic
26 oneOf []apiextensions.v1.JSONSchemaProps list=atomic
27 anyOf []apiextensions.v1.JSONSchemaProps list=atomic
28 not apiextensions.v1.JSONSchemaProps
29 properties {}apiextensions.v1.JSONSchemaProps
30 additionalProperties apiextensions.v1.JSONSchemaPropsOrBool
31 patternProperties {}apiextensions.v1.JSONSchemaProps
32 dependencies {}apiextensions.v1.JSONSchemaPropsOrStringArray
33 additionalItems apiextensions.v1.JSONSchemaPropsOrBool
34 definitions {}apiextensions.v1.JSONSchemaProps
35 externalDocs apiextensions.v1.ExternalDocumentation
36 example apiextensions.v1.JSON
37 nullable bool
38 x-kubernetes-preserve-unknown-fields bool pointer
39 x-kubernetes-embedded-resource bool
40 x-kubernetes-int-or-string bool
41 x-kubernetes-list-map-keys []string list=atomic
42 x-kubernetes-list-type string pointer
43 x-kubernetes-map-type string pointer
44 x-kubernetes-validations []apiextensions.v1.ValidationRule list=map keys=rule merge=rule patch=merge
# apiextensions.v1.JSONSchemaPropsOrArray form=any
1 schema apiextensions.v1.JSONSchemaProps
2 jSONSchemas []apiextensions.v1.JSONSchemaProps
# apiextensions.v1.JSONSchemaPropsOrBool form=any
1 allows bool
2 schema apiextensions.v1.JSONSchemaProps
# apiextensions.v1.JSONSchemaPropsOrStringArray form=any
1 schema apiextensions.v1.JSONSchemaProps
2 property []string
# apiextensions.v1.SelectableField
1 jsonPath string required
# apiextensions.v1.ServiceReference
1 namespace string required
2 name string required
3 path string pointer
4 port int32 pointer
# apiextensions.v1.ValidationRule
1 rule string required
2 message string
3 messageExpression string
4 reason string pointer enum=FieldValueDuplicate|FieldValueForbidden|FieldValueInvalid|FieldValueRequired
5 fieldPath string
6 optionalOldSelf bool pointer
# apiextensions.v1.WebhookClientConfig
3 url string pointer
1 service apiextensions.v1.ServiceReference
2 caBundle bytes
# apiextensions.v1.WebhookConversion
2 clientConfig apiextensions.v1.WebhookClientConfig
3 conversionReviewVersions []string required list=atomic
# apiregistration.v1.APIService kind=apiregistration.k8s.io/v1/APIService
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec apiregistration.v1.APIServiceSpec
3 status apiregistration.v1.APIServiceStatus
# apiregistration.v1.APIServiceCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# apiregistration.v1.APIServiceList kind=apiregistration.k8s.io/v1/APIServiceList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apiregistration.v1.APIService required
# apiregistration.v1.APIServiceSpec
1 service apiregistration.v1.ServiceReference
2 group string
3 version string
4 insecureSkipTLSVerify bool
5 caBundle bytes list=atomic
7 groupPriorityMinimum int32 required
8 versionPriority int32 required
# apiregistration.v1.APIServiceStatus
1 conditions []apiregistration.v1.APIServiceCondition list=map keys=type merge=type patch=merge
# apiregistration.v1.ServiceReference
1 namespace string
2 name string
3 port int32 pointer
# apps.v1.ControllerRevision kind=apps/v1/ControllerRevision
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 data runtime.RawExtension
3 revision int64 required
# apps.v1.ControllerRevisionList kind=apps/v1/ControllerRevisionList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apps.v1.ControllerRevision required
# apps.v1.DaemonSet kind=apps/v1/DaemonSet
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec apps.v1.DaemonSetSpec
3 status apps.v1.DaemonSetStatus
# apps.v1.DaemonSetCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# apps.v1.DaemonSetList kind=apps/v1/DaemonSetList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apps.v1.DaemonSet required
# apps.v1.DaemonSetSpec
1 selector meta.v1.LabelSelector required
2 template core.v1.PodTemplateSpec required
3 updateStrategy apps.v1.DaemonSetUpdateStrategy
4 minReadySeconds int32
6 revisionHistoryLimit int32 pointer
# apps.v1.DaemonSetStatus
1 currentNumberScheduled int32 required
2 numberMisscheduled int32 required
3 desiredNumberScheduled int32 required
4 numberReady int32 required
5 observedGeneration int64
6 updatedNumberScheduled int32
7 numberAvailable int32
8 numberUnavailable int32
9 collisionCount int32 pointer
10 conditions []apps.v1.DaemonSetCondition list=map keys=type merge=type patch=merge
# apps.v1.DaemonSetUpdateStrategy
1 type string enum=OnDelete|RollingUpdate
2 rollingUpdate apps.v1.RollingUpdateDaemonSet
# apps.v1.Deployment kind=apps/v1/Deployment
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec apps.v1.DeploymentSpec
3 status apps.v1.DeploymentStatus
# apps.v1.DeploymentCondition
1 type string required
2 status string required
6 lastUpdateTime meta.v1.Time
7 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# apps.v1.DeploymentList kind=apps/v1/DeploymentList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apps.v1.Deployment required
# apps.v1.DeploymentSpec
1 replicas int32 pointer
2 selector meta.v1.LabelSelector required
3 template core.v1.PodTemplateSpec required
4 strategy apps.v1.DeploymentStrategy patch=retainKeys
5 minReadySeconds int32
6 revisionHistoryLimit int32 pointer
7 paused bool
9 progressDeadlineSeconds int32 pointer
# apps.v1.DeploymentStatus
1 observedGeneration int64
2 replicas int32
3 updatedReplicas int32
7 readyReplicas int32
4 availableReplicas int32
5 unavailableReplicas int32
9 terminatingReplicas int32 pointer
6 conditions []apps.v1.DeploymentCondition list=map keys=type merge=type patch=merge
8 collisionCount int32 pointer
# apps.v1.DeploymentStrategy
1 type string enum=Recreate|RollingUpdate
2 rollingUpdate apps.v1.RollingUpdateDeployment
# apps.v1.ReplicaSet kind=apps/v1/ReplicaSet
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec apps.v1.ReplicaSetSpec
3 status apps.v1.ReplicaSetStatus
# apps.v1.ReplicaSetCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# apps.v1.ReplicaSetList kind=apps/v1/ReplicaSetList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apps.v1.ReplicaSet required
# apps.v1.ReplicaSetSpec
1 replicas int32 pointer
4 minReadySeconds int32
2 selector meta.v1.LabelSelector required
3 template core.v1.PodTemplateSpec
# apps.v1.ReplicaSetStatus
1 replicas int32 required
2 fullyLabeledReplicas int32
4 readyReplicas int32
5 availableReplicas int32
7 terminatingReplicas int32 pointer
3 observedGeneration int64
6 conditions []apps.v1.ReplicaSetCondition list=map keys=type merge=type patch=merge
# apps.v1.RollingUpdateDaemonSet
1 maxUnavailable util.intstr.IntOrString pointer
2 maxSurge util.intstr.IntOrString pointer
# apps.v1.RollingUpdateDeployment
1 maxUnavailable util.intstr.IntOrString pointer
2 maxSurge util.intstr.IntOrString pointer
# apps.v1.RollingUpdateStatefulSetStrategy
1 partition int32 pointer
2 maxUnavailable util.intstr.IntOrString pointer
# apps.v1.StatefulSet kind=apps/v1/StatefulSet
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec apps.v1.StatefulSetSpec
3 status apps.v1.StatefulSetStatus
# apps.v1.StatefulSetCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# apps.v1.StatefulSetList kind=apps/v1/StatefulSetList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []apps.v1.StatefulSet required
# apps.v1.StatefulSetOrdinals
1 start int32 shown
# apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy
1 whenDeleted string
2 whenScaled string
# apps.v1.StatefulSetSpec
1 replicas int32 pointer
2 selector meta.v1.LabelSelector required
3 template core.v1.PodTemplateSpec required
4 volumeClaimTemplates []core.v1.PersistentVolumeClaim list=atomic
5 serviceName string shown
6 podManagementPolicy string enum=OrderedReady|Parallel
7 updateStrategy apps.v1.StatefulSetUpdateStrategy
8 revisionHistoryLimit int32 pointer
9 minReadySeconds int32
10 persistentVolumeClaimRetentionPolicy apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy
11 ordinals apps.v1.StatefulSetOrdinals
# apps.v1.StatefulSetStatus
1 observedGeneration int64
2 replicas int32 required
3 readyReplicas int32
4 currentReplicas int32
5 updatedReplicas int32
6 currentRevision string
7 updateRevision string
9 collisionCount int32 pointer
10 conditions []apps.v1.StatefulSetCondition list=map keys=type merge=type patch=merge
11 availableReplicas int32 shown
# apps.v1.StatefulSetUpdateStrategy
1 type string enum=OnDelete|RollingUpdate
2 rollingUpdate apps.v1.RollingUpdateStatefulSetStrategy
# authentication.v1.BoundObjectReference
1 kind string
2 apiVersion string
3 name string
4 uid string
# authentication.v1.ExtraValue
1 items []string
# authentication.v1.SelfSubjectReview kind=authentication.k8s.io/v1/SelfSubjectReview
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 status authentication.v1.SelfSubjectReviewStatus
# authentication.v1.SelfSubjectReviewStatus
1 userInfo authentication.v1.UserInfo
# authentication.v1.TokenRequest kind=authentication.k8s.io/v1/TokenRequest
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec authentication.v1.TokenRequestSpec
3 status authentication.v1.TokenRequestStatus
# authentication.v1.TokenRequestSpec
1 audiences []string shown list=atomic
4 expirationSeconds int64 pointer
3 boundObjectRef authentication.v1.BoundObjectReference
# authentication.v1.TokenRequestStatus
1 token string shown
2 expirationTimestamp meta.v1.Time
# authentication.v1.TokenReview kind=authentication.k8s.io/v1/TokenReview
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec authentication.v1.TokenReviewSpec required
3 status authentication.v1.TokenReviewStatus
# authentication.v1.TokenReviewSpec
1 token string required
2 audiences []string list=atomic
# authentication.v1.TokenReviewStatus
1 authenticated bool
2 user authentication.v1.UserInfo
4 audiences []string list=atomic
3 error string
# authentication.v1.UserInfo
1 username string
2 uid string
3 groups []string list=atomic
4 extra {}authentication.v1.ExtraValue
# authorization.v1.ExtraValue
1 items []string
# authorization.v1.FieldSelectorAttributes
1 rawSelector string
2 requirements []meta.v1.FieldSelectorRequirement list=atomic
# authorization.v1.LabelSelectorAttributes
1 rawSelector string
2 requirements []meta.v1.LabelSelectorRequirement list=atomic
# authorization.v1.LocalSubjectAccessReview kind=authorization.k8s.io/v1/LocalSubjectAccessReview
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec authorization.v1.SubjectAccessReviewSpec required
3 status authorization.v1.SubjectAccessReviewStatus
# authorization.v1.NonResourceAttributes
1 path string
2 verb string
# authorization.v1.NonResourceRule
1 verbs []string required list=atomic
2 nonResourceURLs []string list=atomic
# authorization.v1.ResourceAttributes
1 namespace string
2 verb string
3 group string
4 version string
5 resource string
6 subresource string
7 name string
8 fieldSelector authorization.v1.FieldSelectorAttributes
9 labelSelector authorization.v1.LabelSelectorAttributes
# authorization.v1.ResourceRule
1 verbs []string required list=atomic
2 apiGroups []string list=atomic
3 resources []string list=atomic
4 resourceNames []string list=atomic
# authorization.v1.SelfSubjectAccessReview kind=authorization.k8s.io/v1/SelfSubjectAccessReview
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec authorization.v1.SelfSubjectAccessReviewSpec required
3 status authorization.v1.SubjectAccessReviewStatus
# authorization.v1.SelfSubjectAccessReviewSpec
1 resourceAttributes authorization.v1.ResourceAttributes
2 nonResourceAttributes authorization.v1.NonResourceAttributes
# authorization.v1.SelfSubjectRulesReview kind=authorization.k8s.io/v1/SelfSubjectRulesReview
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec authorization.v1.SelfSubjectRulesReviewSpec required
3 status authorization.v1.SubjectRulesReviewStatus
# authorization.v1.SelfSubjectRulesReviewSpec
1 namespace string
# authorization.v1.SubjectAccessReview kind=authorization.k8s.io/v1/SubjectAccessReview
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec authorization.v1.SubjectAccessReviewSpec required
3 status authorization.v1.SubjectAccessReviewStatus
# authorization.v1.SubjectAccessReviewSpec
1 resourceAttributes authorization.v1.ResourceAttributes
2 nonResourceAttributes authorization.v1.NonResourceAttributes
3 user string
4 groups []string list=atomic
5 extra {}authorization.v1.ExtraValue
6 uid string
# authorization.v1.SubjectAccessReviewStatus
1 allowed bool required
4 denied bool
2 reason string
3 evaluationError string
# authorization.v1.SubjectRulesReviewStatus
1 resourceRules []authorization.v1.ResourceRule required list=atomic
2 nonResourceRules []authorization.v1.NonResourceRule required list=atomic
3 incomplete bool required
4 evaluationError string
# autoscaling.v1.ContainerResourceMetricSource
1 name string
2 targetAverageUtilization int32 pointer
3 targetAverageValue api.resource.Quantity
5 container string
# autoscaling.v1.ContainerResourceMetricStatus
1 name string
2 currentAverageUtilization int32 pointer
3 currentAverageValue api.resource.Quantity
4 container string
# autoscaling.v1.CrossVersionObjectReference map=atomic
1 kind string required
2 name string required
3 apiVersion string
# autoscaling.v1.ExternalMetricSource
1 metricName string
2 metricSelector meta.v1.LabelSelector
3 targetValue api.resource.Quantity
4 targetAverageValue api.resource.Quantity
# autoscaling.v1.ExternalMetricStatus
1 metricName string
2 metricSelector meta.v1.LabelSelector
3 currentValue api.resource.Quantity
4 currentAverageValue api.resource.Quantity
# autoscaling.v1.HorizontalPodAutoscaler kind=autoscaling/v1/HorizontalPodAutoscaler
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec autoscaling.v1.HorizontalPodAutoscalerSpec required
3 status autoscaling.v1.HorizontalPodAutoscalerStatus
# autoscaling.v1.HorizontalPodAutoscalerCondition
1 type string
2 status string
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# autoscaling.v1.HorizontalPodAutoscalerList kind=autoscaling/v1/HorizontalPodAutoscalerList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []autoscaling.v1.HorizontalPodAutoscaler required
# autoscaling.v1.HorizontalPodAutoscalerSpec
1 scaleTargetRef autoscaling.v1.CrossVersionObjectReference required
2 minReplicas int32 pointer
3 maxReplicas int32 required
4 targetCPUUtilizationPercentage int32 pointer
# autoscaling.v1.HorizontalPodAutoscalerStatus
1 observedGeneration int64 pointer
2 lastScaleTime meta.v1.Time
3 currentReplicas int32 required
4 desiredReplicas int32 required
5 currentCPUUtilizationPercentage int32 pointer
# autoscaling.v1.MetricSpec
1 type string
2 object autoscaling.v1.ObjectMetricSource
3 pods autoscaling.v1.PodsMetricSource
4 resource autoscaling.v1.ResourceMetricSource
7 containerResource autoscaling.v1.ContainerResourceMetricSource
5 external autoscaling.v1.ExternalMetricSource
# autoscaling.v1.MetricStatus
1 type string
2 object autoscaling.v1.ObjectMetricStatus
3 pods autoscaling.v1.PodsMetricStatus
4 resource autoscaling.v1.ResourceMetricStatus
7 containerResource autoscaling.v1.ContainerResourceMetricStatus
5 external autoscaling.v1.ExternalMetricStatus
# autoscaling.v1.ObjectMetricSource
1 target autoscaling.v1.CrossVersionObjectReference
2 metricName string
3 targetValue api.resource.Quantity
4 selector meta.v1.LabelSelector
5 averageValue api.resource.Quantity
# autoscaling.v1.ObjectMetricStatus
1 target autoscaling.v1.CrossVersionObjectReference
2 metricName string
3 currentValue api.resource.Quantity
4 selector meta.v1.LabelSelector
5 averageValue api.resource.Quantity
# autoscaling.v1.PodsMetricSource
1 metricName string
2 targetAverageValue api.resource.Quantity
3 selector meta.v1.LabelSelector
# autoscaling.v1.PodsMetricStatus
1 metricName string
2 currentAverageValue api.resource.Quantity
3 selector meta.v1.LabelSelector
# autoscaling.v1.ResourceMetricSource
1 name string
2 targetAverageUtilization int32 pointer
3 targetAverageValue api.resource.Quantity
# autoscaling.v1.ResourceMetricStatus
1 name string
2 currentAverageUtilization int32 pointer
3 currentAverageValue api.resource.Quantity
# autoscaling.v1.Scale kind=autoscaling/v1/Scale
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec autoscaling.v1.ScaleSpec
3 status autoscaling.v1.ScaleStatus
# autoscaling.v1.ScaleSpec
1 replicas int32
# autoscaling.v1.ScaleStatus
1 replicas int32 required
2 selector string
# autoscaling.v2.ContainerResourceMetricSource
1 name string required
2 target autoscaling.v2.MetricTarget required
3 container string required
# autoscaling.v2.ContainerResourceMetricStatus
1 name string required
2 current autoscaling.v2.MetricValueStatus required
3 container string required
# autoscaling.v2.CrossVersionObjectReference
1 kind string required
2 name string required
3 apiVersion string
# autoscaling.v2.ExternalMetricSource
1 metric autoscaling.v2.MetricIdentifier required
2 target autoscaling.v2.MetricTarget required
# autoscaling.v2.ExternalMetricStatus
1 metric autoscaling.v2.MetricIdentifier required
2 current autoscaling.v2.MetricValueStatus required
# autoscaling.v2.HPAScalingPolicy
1 type string required
2 value int32 required
3 periodSeconds int32 required
# autoscaling.v2.HPAScalingRules
3 stabilizationWindowSeconds int32 pointer
1 selectPolicy string pointer
2 policies []autoscaling.v2.HPAScalingPolicy pointer list=atomic
4 tolerance api.resource.Quantity
# autoscaling.v2.HorizontalPodAutoscaler kind=autoscaling/v2/HorizontalPodAutoscaler
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec autoscaling.v2.HorizontalPodAutoscalerSpec required
3 status autoscaling.v2.HorizontalPodAutoscalerStatus
# autoscaling.v2.HorizontalPodAutoscalerBehavior
1 scaleUp autoscaling.v2.HPAScalingRules
2 scaleDown autoscaling.v2.HPAScalingRules
# autoscaling.v2.HorizontalPodAutoscalerCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# autoscaling.v2.HorizontalPodAutoscalerList kind=autoscaling/v2/HorizontalPodAutoscalerList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []autoscaling.v2.HorizontalPodAutoscaler required
# autoscaling.v2.HorizontalPodAutoscalerSpec
1 scaleTargetRef autoscaling.v2.CrossVersionObjectReference required
2 minReplicas int32 pointer
3 maxReplicas int32 required
4 metrics []autoscaling.v2.MetricSpec list=atomic
5 behavior autoscaling.v2.HorizontalPodAutoscalerBehavior
# autoscaling.v2.HorizontalPodAutoscalerStatus
1 observedGeneration int64 pointer
2 lastScaleTime meta.v1.Time
3 currentReplicas int32
4 desiredReplicas int32 required
5 currentMetrics []autoscaling.v2.MetricStatus shown list=atomic
6 conditions []autoscaling.v2.HorizontalPodAutoscalerCondition list=map keys=type merge=type patch=merge
# autoscaling.v2.MetricIdentifier
1 name string required
2 selector meta.v1.LabelSelector
# autoscaling.v2.MetricSpec
1 type string required
2 object autoscaling.v2.ObjectMetricSource
3 pods autoscaling.v2.PodsMetricSource
4 resource autoscaling.v2.ResourceMetricSource
7 containerResource autoscaling.v2.ContainerResourceMetricSource
5 external autoscaling.v2.ExternalMetricSource
# autoscaling.v2.MetricStatus
1 type string required
2 object autoscaling.v2.ObjectMetricStatus
3 pods autoscaling.v2.PodsMetricStatus
4 resource autoscaling.v2.ResourceMetricStatus
7 containerResource autoscaling.v2.ContainerResourceMetricStatus
5 external autoscaling.v2.ExternalMetricStatus
# autoscaling.v2.MetricTarget
1 type string required
2 value api.resource.Quantity
3 averageValue api.resource.Quantity
4 averageUtilization int32 pointer
# autoscaling.v2.MetricValueStatus
1 value api.resource.Quantity
2 averageValue api.resource.Quantity
3 averageUtilization int32 pointer
# autoscaling.v2.ObjectMetricSource
1 describedObject autoscaling.v2.CrossVersionObjectReference required
2 target autoscaling.v2.MetricTarget required
3 metric autoscaling.v2.MetricIdentifier required
# autoscaling.v2.ObjectMetricStatus
1 metric autoscaling.v2.MetricIdentifier required
2 current autoscaling.v2.MetricValueStatus required
3 describedObject autoscaling.v2.CrossVersionObjectReference required
# autoscaling.v2.PodsMetricSource
1 metric autoscaling.v2.MetricIdentifier required
2 target autoscaling.v2.MetricTarget required
# autoscaling.v2.PodsMetricStatus
1 metric autoscaling.v2.MetricIdentifier required
2 current autoscaling.v2.MetricValueStatus required
# autoscaling.v2.ResourceMetricSource
1 name string required
2 target autoscaling.v2.MetricTarget required
# autoscaling.v2.ResourceMetricStatus
1 name string required
2 current autoscaling.v2.MetricValueStatus required
# batch.v1.CronJob kind=batch/v1/CronJob
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec batch.v1.CronJobSpec required
3 status batch.v1.CronJobStatus
# batch.v1.CronJobList kind=batch/v1/CronJobList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []batch.v1.CronJob required
# batch.v1.CronJobSpec
1 schedule string required
8 timeZone string pointer
2 startingDeadlineSeconds int64 pointer
3 concurrencyPolicy string enum=Allow|Forbid|Replace
4 suspend bool pointer
5 jobTemplate batch.v1.JobTemplateSpec required
6 successfulJobsHistoryLimit int32 pointer
7 failedJobsHistoryLimit int32 pointer
# batch.v1.CronJobStatus
1 active []core.v1.ObjectReference list=atomic
4 lastScheduleTime meta.v1.Time
5 lastSuccessfulTime meta.v1.Time
# batch.v1.Job kind=batch/v1/Job
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec batch.v1.JobSpec
3 status batch.v1.JobStatus
# batch.v1.JobCondition
1 type string required
2 status string required
3 lastProbeTime meta.v1.Time
4 lastTransitionTime meta.v1.Time
5 reason string
6 message string
# batch.v1.JobList kind=batch/v1/JobList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []batch.v1.Job required
# batch.v1.JobSpec
1 parallelism int32 pointer
2 completions int32 pointer
3 activeDeadlineSeconds int64 pointer
11 podFailurePolicy batch.v1.PodFailurePolicy
16 successPolicy batch.v1.SuccessPolicy
7 backoffLimit int32 pointer
12 backoffLimitPerIndex int32 pointer
13 maxFailedIndexes int32 pointer
4 selector meta.v1.LabelSelector
5 manualSelector bool pointer
6 template core.v1.PodTemplateSpec required
8 ttlSecondsAfterFinished int32 pointer
9 completionMode string pointer enum=Indexed|NonIndexed
10 suspend bool pointer
14 podReplacementPolicy string pointer enum=Failed|TerminatingOrFailed
15 managedBy string pointer
# batch.v1.JobStatus
1 conditions []batch.v1.JobCondition list=atomic merge=type patch=merge
2 startTime meta.v1.Time
3 completionTime meta.v1.Time
4 active int32
5 succeeded int32
6 failed int32
11 terminating int32 pointer
7 completedIndexes string
10 failedIndexes string pointer
8 uncountedTerminatedPods batch.v1.UncountedTerminatedPods
9 ready int32 pointer
# batch.v1.JobTemplateSpec
1 metadata meta.v1.ObjectMeta
2 spec batch.v1.JobSpec
# batch.v1.PodFailurePolicy
1 rules []batch.v1.PodFailurePolicyRule required list=atomic
# batch.v1.PodFailurePolicyOnExitCodesRequirement
1 containerName string pointer
2 operator string required enum=In|NotIn
3 values []int32 required list=set
# batch.v1.PodFailurePolicyOnPodConditionsPattern
1 type string required
2 status string shown
# batch.v1.PodFailurePolicyRule
1 action string required enum=Count|FailIndex|FailJob|Ignore
2 onExitCodes batch.v1.PodFailurePolicyOnExitCodesRequirement
3 onPodConditions []batch.v1.PodFailurePolicyOnPodConditionsPattern list=atomic
# batch.v1.SuccessPolicy
1 rules []batch.v1.SuccessPolicyRule required list=atomic
# batch.v1.SuccessPolicyRule
1 succeededIndexes string pointer
2 succeededCount int32 pointer
# batch.v1.UncountedTerminatedPods
1 succeeded []string list=set
2 failed []string list=set
# certificates.v1.CertificateSigningRequest kind=certificates.k8s.io/v1/CertificateSigningRequest
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec certificates.v1.CertificateSigningRequestSpec required
3 status certificates.v1.CertificateSigningRequestStatus
# certificates.v1.CertificateSigningRequestCondition
1 type string required
6 status string required
2 reason string
3 message string
4 lastUpdateTime meta.v1.Time
5 lastTransitionTime meta.v1.Time
# certificates.v1.CertificateSigningRequestList kind=certificates.k8s.io/v1/CertificateSigningRequestList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []certificates.v1.CertificateSigningRequest required
# certificates.v1.CertificateSigningRequestSpec
1 request bytes required
7 signerName string required
8 expirationSeconds int32 pointer
5 usages []string list=atomic enum=any|cert~sign|client~auth|code~signing|content~commitment|crl~sign|data~encipherment|decipher~only|digital~signature|email~protection|encipher~only|ipsec~end~system|ipsec~tunnel|ipsec~user|key~agreement|key~encipherment|microsoft~sgc|netscape~sgc|ocsp~signing|s/mime|server~auth|signing|timestamping
2 username string
3 uid string
4 groups []string list=atomic
6 extra {}certificates.v1.ExtraValue
# certificates.v1.CertificateSigningRequestStatus
1 conditions []certificates.v1.CertificateSigningRequestCondition list=map keys=type
2 certificate bytes
# certificates.v1.ExtraValue
1 items []string
# coordination.v1.Lease kind=coordination.k8s.io/v1/Lease
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec coordination.v1.LeaseSpec
# coordination.v1.LeaseList kind=coordination.k8s.io/v1/LeaseList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []coordination.v1.Lease required
# coordination.v1.LeaseSpec
1 holderIdentity string pointer
2 leaseDurationSeconds int32 pointer
3 acquireTime meta.v1.MicroTime
4 renewTime meta.v1.MicroTime
5 leaseTransitions int32 pointer
6 strategy string pointer
7 preferredHolder string pointer
# core.v1.AWSElasticBlockStoreVolumeSource
1 volumeID string required
2 fsType string
3 partition int32
4 readOnly bool
# core.v1.Affinity
1 nodeAffinity core.v1.NodeAffinity
2 podAffinity core.v1.PodAffinity
3 podAntiAffinity core.v1.PodAntiAffinity
# core.v1.AppArmorProfile
1 type string required enum=Localhost|RuntimeDefault|Unconfined
2 localhostProfile string pointer
# core.v1.AttachedVolume
1 name string required
2 devicePath string required
# core.v1.AvoidPods
1 preferAvoidPods []core.v1.PreferAvoidPodsEntry
# core.v1.AzureDiskVolumeSource
1 diskName string required
2 diskURI string required
3 cachingMode string pointer enum=None|ReadOnly|ReadWrite
4 fsType string pointer
5 readOnly bool pointer
6 kind string pointer enum=Dedicated|Managed|Shared
# core.v1.AzureFilePersistentVolumeSource
1 secretName string required
2 shareName string required
3 readOnly bool
4 secretNamespace string pointer
# core.v1.AzureFileVolumeSource
1 secretName string required
2 shareName string required
3 readOnly bool
# core.v1.Binding kind=v1/Binding
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 target core.v1.ObjectReference required
# core.v1.CSIPersistentVolumeSource
1 driver string required
2 volumeHandle string required
3 readOnly bool
4 fsType string
5 volumeAttributes {}string
6 controllerPublishSecretRef core.v1.SecretReference
7 nodeStageSecretRef core.v1.SecretReference
8 nodePublishSecretRef core.v1.SecretReference
9 controllerExpandSecretRef core.v1.SecretReference
10 nodeExpandSecretRef core.v1.SecretReference
# core.v1.CSIVolumeSource
1 driver string required
2 readOnly bool pointer
3 fsType string pointer
4 volumeAttributes {}string
5 nodePublishSecretRef core.v1.LocalObjectReference
# core.v1.Capabilities
1 add []string list=atomic
2 drop []string list=atomic
# core.v1.CephFSPersistentVolumeSource
1 monitors []string required list=atomic
2 path string
3 user string
4 secretFile string
5 secretRef core.v1.SecretReference
6 readOnly bool
# core.v1.CephFSVolumeSource
1 monitors []string required list=atomic
2 path string
3 user string
4 secretFile string
5 secretRef core.v1.LocalObjectReference
6 readOnly bool
# core.v1.CinderPersistentVolumeSource
1 volumeID string required
2 fsType string
3 readOnly bool
4 secretRef core.v1.SecretReference
# core.v1.CinderVolumeSource
1 volumeID string required
2 fsType string
3 readOnly bool
4 secretRef core.v1.LocalObjectReference
# core.v1.ClientIPConfig
1 timeoutSeconds int32 pointer
# core.v1.ClusterTrustBundleProjection
1 name string pointer
2 signerName string pointer
3 labelSelector meta.v1.LabelSelector
5 optional bool pointer
4 path string required
# core.v1.ComponentCondition
1 type string required
2 status string required
3 message string
4 error string
# core.v1.ComponentStatus kind=v1/ComponentStatus
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 conditions []core.v1.ComponentCondition list=map keys=type merge=type patch=merge
# core.v1.ComponentStatusList kind=v1/ComponentStatusList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.ComponentStatus required
# core.v1.ConfigMap kind=v1/ConfigMap
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
4 immutable bool pointer
2 data {}string
3 binaryData {}bytes
# core.v1.ConfigMapEnvSource
1 localObjectReference core.v1.LocalObjectReference inline
2 optional bool pointer
# core.v1.ConfigMapKeySelector map=atomic
1 localObjectReference core.v1.LocalObjectReference inline
2 key string required
3 optional bool pointer
# core.v1.ConfigMapList kind=v1/ConfigMapList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.ConfigMap required
# core.v1.ConfigMapNodeConfigSource
1 namespace string required
2 name string required
3 uid string
4 resourceVersion string
5 kubeletConfigKey string required
# core.v1.ConfigMapProjection
1 localObjectReference core.v1.LocalObjectReference inline
2 items []core.v1.KeyToPath list=atomic
4 optional bool pointer
# core.v1.ConfigMapVolumeSource
1 localObjectReference core.v1.LocalObjectReference inline
2 items []core.v1.KeyToPath list=atomic
3 defaultMode int32 pointer
4 optional bool pointer
# core.v1.Container
1 name string required
2 image string
3 command []string list=atomic
4 args []string list=atomic
5 workingDir string
6 ports []core.v1.ContainerPort list=map keys=containerPort,protocol merge=containerPort patch=merge
19 envFrom []core.v1.EnvFromSource list=atomic
7 env []core.v1.EnvVar list=map keys=name merge=name patch=merge
8 resources core.v1.ResourceRequirements
23 resizePolicy []core.v1.ContainerResizePolicy list=atomic
24 restartPolicy string pointer
25 restartPolicyRules []core.v1.ContainerRestartRule list=atomic
9 volumeMounts []core.v1.VolumeMount list=map keys=mountPath merge=mountPath patch=merge
21 volumeDevices []core.v1.VolumeDevice list=map keys=devicePath merge=devicePath patch=merge
10 livenessProbe core.v1.Probe
11 readinessProbe core.v1.Probe
22 startupProbe core.v1.Probe
12 lifecycle core.v1.Lifecycle
13 terminationMessagePath string
20 terminationMessagePolicy string enum=FallbackToLogsOnError|File
14 imagePullPolicy string enum=Always|IfNotPresent|Never
15 securityContext core.v1.SecurityContext
16 stdin bool
17 stdinOnce bool
18 tty bool
# core.v1.ContainerExtendedResourceRequest
1 containerName string required
2 resourceName string required
3 requestName string required
# core.v1.ContainerImage
1 names []string shown list=atomic
2 sizeBytes int64
# core.v1.ContainerPort
1 name string
2 hostPort int32
3 containerPort int32 required
4 protocol string enum=SCTP|TCP|UDP
5 hostIP string
# core.v1.ContainerResizePolicy
1 resourceName string required
2 restartPolicy string required
# core.v1.ContainerRestartRule
1 action string required
2 exitCodes core.v1.ContainerRestartRuleOnExitCodes
# core.v1.ContainerRestartRuleOnExitCodes
1 operator string required
2 values []int32 list=set
# core.v1.ContainerState
1 waiting core.v1.ContainerStateWaiting
2 running core.v1.ContainerStateRunning
3 terminated core.v1.ContainerStateTerminated
# core.v1.ContainerStateRunning
1 startedAt meta.v1.Time
# core.v1.ContainerStateTerminated
1 exitCode int32 required
2 signal int32
3 reason string
4 message string
5 startedAt meta.v1.Time
6 finishedAt meta.v1.Time
7 containerID string
# core.v1.ContainerStateWaiting
1 reason string
2 message string
# core.v1.ContainerStatus
1 name string required
2 state core.v1.ContainerState
3 lastState core.v1.ContainerState
4 ready bool required
5 restartCount int32 required
6 image string required
7 imageID string required
8 containerID string
9 started bool pointer
10 allocatedResources {}api.resource.Quantity
11 resources core.v1.ResourceRequirements
12 volumeMounts []core.v1.VolumeMountStatus list=map keys=mountPath merge=mountPath patch=merge
13 user core.v1.ContainerUser
14 allocatedResourcesStatus []core.v1.ResourceStatus list=map keys=name merge=name patch=merge
15 stopSignal string pointer enum=SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ
# core.v1.ContainerUser
1 linux core.v1.LinuxContainerUser
# core.v1.DaemonEndpoint
1 Port int32 required
# core.v1.DownwardAPIProjection
1 items []core.v1.DownwardAPIVolumeFile list=atomic
# core.v1.DownwardAPIVolumeFile
1 path string required
2 fieldRef core.v1.ObjectFieldSelector
3 resourceFieldRef core.v1.ResourceFieldSelector
4 mode int32 pointer
# core.v1.DownwardAPIVolumeSource
1 items []core.v1.DownwardAPIVolumeFile list=atomic
2 defaultMode int32 pointer
# core.v1.EmptyDirVolumeSource
1 medium string
2 sizeLimit api.resource.Quantity
# core.v1.EndpointAddress map=atomic
1 ip string required
3 hostname string
4 nodeName string pointer
2 targetRef core.v1.ObjectReference
# core.v1.EndpointPort map=atomic
1 name string
2 port int32 required
3 protocol string enum=SCTP|TCP|UDP
4 appProtocol string pointer
# core.v1.EndpointSubset
1 addresses []core.v1.EndpointAddress list=atomic
2 notReadyAddresses []core.v1.EndpointAddress list=atomic
3 ports []core.v1.EndpointPort list=atomic
# core.v1.Endpoints kind=v1/Endpoints
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 subsets []core.v1.EndpointSubset list=atomic
# core.v1.EndpointsList kind=v1/EndpointsList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Endpoints required
# core.v1.EnvFromSource
1 prefix string
2 configMapRef core.v1.ConfigMapEnvSource
3 secretRef core.v1.SecretEnvSource
# core.v1.EnvVar
1 name string required
2 value string
3 valueFrom core.v1.EnvVarSource
# core.v1.EnvVarSource
1 fieldRef core.v1.ObjectFieldSelector
2 resourceFieldRef core.v1.ResourceFieldSelector
3 configMapKeyRef core.v1.ConfigMapKeySelector
4 secretKeyRef core.v1.SecretKeySelector
5 fileKeyRef core.v1.FileKeySelector
# core.v1.EphemeralContainer
1 ephemeralContainerCommon core.v1.EphemeralContainerCommon inline
2 targetContainerName string
# core.v1.EphemeralContainerCommon
1 name string required
2 image string
3 command []string list=atomic
4 args []string list=atomic
5 workingDir string
6 ports []core.v1.ContainerPort list=map keys=containerPort,protocol merge=containerPort patch=merge
19 envFrom []core.v1.EnvFromSource list=atomic
7 env []core.v1.EnvVar list=map keys=name merge=name patch=merge
8 resources core.v1.ResourceRequirements
23 resizePolicy []core.v1.ContainerResizePolicy list=atomic
24 restartPolicy string pointer
25 restartPolicyRules []core.v1.ContainerRestartRule list=atomic
9 volumeMounts []core.v1.VolumeMount list=map keys=mountPath merge=mountPath patch=merge
21 volumeDevices []core.v1.VolumeDevice list=map keys=devicePath merge=devicePath patch=merge
10 livenessProbe core.v1.Probe
11 readinessProbe core.v1.Probe
22 startupProbe core.v1.Probe
12 lifecycle core.v1.Lifecycle
13 terminationMessagePath string
20 terminationMessagePolicy string enum=FallbackToLogsOnError|File
14 imagePullPolicy string enum=Always|IfNotPresent|Never
15 securityContext core.v1.SecurityContext
16 stdin bool
17 stdinOnce bool
18 tty bool
# core.v1.EphemeralVolumeSource
1 volumeClaimTemplate core.v1.PersistentVolumeClaimTemplate
# core.v1.Event kind=v1/Event
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta required
2 involvedObject core.v1.ObjectReference required
3 reason string
4 message string
5 source core.v1.EventSource
6 firstTimestamp meta.v1.Time
7 lastTimestamp meta.v1.Time
8 count int32
9 type string
10 eventTime meta.v1.MicroTime
11 series core.v1.EventSeries
12 action string
13 related core.v1.ObjectReference
14 reportingComponent string shown
15 reportingInstance string shown
# core.v1.EventList kind=v1/EventList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Event required
# core.v1.EventSeries
1 count int32
2 lastObservedTime meta.v1.MicroTime
# core.v1.EventSource
1 component string
2 host string
# core.v1.ExecAction
1 command []string list=atomic
# core.v1.FCVolumeSource
1 targetWWNs []string list=atomic
2 lun int32 pointer
3 fsType string
4 readOnly bool
5 wwids []string list=atomic
# core.v1.FileKeySelector map=atomic
1 volumeName string required
2 path string required
3 key string required
4 optional bool pointer
# core.v1.FlexPersistentVolumeSource
1 driver string required
2 fsType string
3 secretRef core.v1.SecretReference
4 readOnly bool
5 options {}string
# core.v1.FlexVolumeSource
1 driver string required
2 fsType string
3 secretRef core.v1.LocalObjectReference
4 readOnly bool
5 options {}string
# core.v1.FlockerVolumeSource
1 datasetName string
2 datasetUUID string
# core.v1.GCEPersistentDiskVolumeSource
1 pdName string required
2 fsType string
3 partition int32
4 readOnly bool
# core.v1.GRPCAction
1 port int32 required
2 service string pointer
# core.v1.GitRepoVolumeSource
1 repository string required
2 revision string
3 directory string
# core.v1.GlusterfsPersistentVolumeSource
1 endpoints string required
2 path string required
3 readOnly bool
4 endpointsNamespace string pointer
# core.v1.GlusterfsVolumeSource
1 endpoints string required
2 path string required
3 readOnly bool
# core.v1.HTTPGetAction
1 path string
2 port util.intstr.IntOrString required
3 host string
4 scheme string enum=HTTP|HTTPS
5 httpHeaders []core.v1.HTTPHeader list=atomic
# core.v1.HTTPHeader
1 name string required
2 value string required
# core.v1.HostAlias
1 ip string required
2 hostnames []string list=atomic
# core.v1.HostIP
1 ip string required
# core.v1.HostPathVolumeSource
1 path string required
2 type string pointer enum=|BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket
# core.v1.ISCSIPersistentVolumeSource
1 targetPortal string required
2 iqn string required
3 lun int32 required
4 iscsiInterface string
5 fsType string
6 readOnly bool
7 portals []string list=atomic
8 chapAuthDiscovery bool
11 chapAuthSession bool
10 secretRef core.v1.SecretReference
12 initiatorName string pointer
# core.v1.ISCSIVolumeSource
1 targetPortal string required
2 iqn string required
3 lun int32 required
4 iscsiInterface string
5 fsType string
6 readOnly bool
7 portals []string list=atomic
8 chapAuthDiscovery bool
11 chapAuthSession bool
10 secretRef core.v1.LocalObjectReference
12 initiatorName string pointer
# core.v1.ImageVolumeSource
1 reference string
2 pullPolicy string enum=Always|IfNotPresent|Never
# core.v1.ImageVolumeStatus
1 imageRef string required
# core.v1.KeyToPath
1 key string required
2 path string required
3 mode int32 pointer
# core.v1.Lifecycle
1 postStart core.v1.LifecycleHandler
2 preStop core.v1.LifecycleHandler
3 stopSignal string pointer enum=SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ
# core.v1.LifecycleHandler
1 exec core.v1.ExecAction
2 httpGet core.v1.HTTPGetAction
3 tcpSocket core.v1.TCPSocketAction
4 sleep core.v1.SleepAction
# core.v1.LimitRange kind=v1/LimitRange
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.LimitRangeSpec
# core.v1.LimitRangeItem
1 type string required
2 max {}api.resource.Quantity
3 min {}api.resource.Quantity
4 default {}api.resource.Quantity
5 defaultRequest {}api.resource.Quantity
6 maxLimitRequestRatio {}api.resource.Quantity
# core.v1.LimitRangeList kind=v1/LimitRangeList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.LimitRange required
# core.v1.LimitRangeSpec
1 limits []core.v1.LimitRangeItem required list=atomic
# core.v1.LinuxContainerUser
1 uid int64 required
2 gid int64 required
3 supplementalGroups []int64 list=atomic
# core.v1.List
1 metadata meta.v1.ListMeta
2 items []runtime.RawExtension shown
# core.v1.LoadBalancerIngress
1 ip string
2 hostname string
3 ipMode string pointer
4 ports []core.v1.PortStatus list=atomic
# core.v1.LoadBalancerStatus
1 ingress []core.v1.LoadBalancerIngress list=atomic
# core.v1.LocalObjectReference map=atomic
1 name string
# core.v1.LocalVolumeSource
1 path string required
2 fsType string pointer
# core.v1.ModifyVolumeStatus
1 targetVolumeAttributesClassName string
2 status string required enum=InProgress|Infeasible|Pending
# core.v1.NFSVolumeSource
1 server string required
2 path string required
3 readOnly bool
# core.v1.Namespace kind=v1/Namespace
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.NamespaceSpec
3 status core.v1.NamespaceStatus
# core.v1.NamespaceCondition
1 type string required
2 status string required
4 lastTransitionTime meta.v1.Time
5 reason string
6 message string
# core.v1.NamespaceList kind=v1/NamespaceList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Namespace required
# core.v1.NamespaceSpec
1 finalizers []string list=atomic
# core.v1.NamespaceStatus
1 phase string enum=Active|Terminating
2 conditions []core.v1.NamespaceCondition list=map keys=type merge=type patch=merge
# core.v1.Node kind=v1/Node
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.NodeSpec
3 status core.v1.NodeStatus
# core.v1.NodeAddress
1 type string required
2 address string required
# core.v1.NodeAffinity
1 requiredDuringSchedulingIgnoredDuringExecution core.v1.NodeSelector
2 preferredDuringSchedulingIgnoredDuringExecution []core.v1.PreferredSchedulingTerm list=atomic
# core.v1.NodeAllocatableResourceClaimStatus
1 resourceClaimName string required
2 containers []string list=set
3 resources {}api.resource.Quantity required
# core.v1.NodeCondition
1 type string required
2 status string required
3 lastHeartbeatTime meta.v1.Time
4 lastTransitionTime meta.v1.Time
5 reason string
6 message string
# core.v1.NodeConfigSource
2 configMap core.v1.ConfigMapNodeConfigSource
# core.v1.NodeConfigStatus
1 assigned core.v1.NodeConfigSource
2 active core.v1.NodeConfigSource
3 lastKnownGood core.v1.NodeConfigSource
4 error string
# core.v1.NodeDaemonEndpoints
1 kubeletEndpoint core.v1.DaemonEndpoint
# core.v1.NodeFeatures
1 supplementalGroupsPolicy bool pointer
# core.v1.NodeList kind=v1/NodeList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Node required
# core.v1.NodeProxyOptions
1 path string
# core.v1.NodeRuntimeHandler
1 name string shown
2 features core.v1.NodeRuntimeHandlerFeatures
# core.v1.NodeRuntimeHandlerFeatures
1 recursiveReadOnlyMounts bool pointer
2 userNamespaces bool pointer
# core.v1.NodeSelector map=atomic
1 nodeSelectorTerms []core.v1.NodeSelectorTerm required list=atomic
# core.v1.NodeSelectorRequirement
1 key string required
2 operator string required enum=DoesNotExist|Exists|Gt|In|Lt|NotIn
3 values []string list=atomic
# core.v1.NodeSelectorTerm map=atomic
1 matchExpressions []core.v1.NodeSelectorRequirement list=atomic
2 matchFields []core.v1.NodeSelectorRequirement list=atomic
# core.v1.NodeSpec
1 podCIDR string
7 podCIDRs []string list=set patch=merge
3 providerID string
4 unschedulable bool
5 taints []core.v1.Taint list=atomic
6 configSource core.v1.NodeConfigSource
2 externalID string
# core.v1.NodeStatus
1 capacity {}api.resource.Quantity
2 allocatable {}api.resource.Quantity
3 phase string enum=Pending|Running|Terminated
4 conditions []core.v1.NodeCondition list=map keys=type merge=type patch=merge
5 addresses []core.v1.NodeAddress list=map keys=type merge=type patch=merge
6 daemonEndpoints core.v1.NodeDaemonEndpoints
7 nodeInfo core.v1.NodeSystemInfo
8 images []core.v1.ContainerImage list=atomic
9 volumesInUse []string list=atomic
10 volumesAttached []core.v1.AttachedVolume list=atomic
11 config core.v1.NodeConfigStatus
12 runtimeHandlers []core.v1.NodeRuntimeHandler list=atomic
13 features core.v1.NodeFeatures
14 declaredFeatures []string list=atomic
# core.v1.NodeSwapStatus
1 capacity int64 pointer
# core.v1.NodeSystemInfo
1 machineID string required
2 systemUUID string required
3 bootID string required
4 kernelVersion string required
5 osImage string required
6 containerRuntimeVersion string required
7 kubeletVersion string required
8 kubeProxyVersion string required
9 operatingSystem string required
10 architecture string required
11 swap core.v1.NodeSwapStatus
# core.v1.ObjectFieldSelector map=atomic
1 apiVersion string
2 fieldPath string required
# core.v1.ObjectReference map=atomic
1 kind string
2 namespace string
3 name string
4 uid string
5 apiVersion string
6 resourceVersion string
7 fieldPath string
# core.v1.PersistentVolume kind=v1/PersistentVolume
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.PersistentVolumeSpec
3 status core.v1.PersistentVolumeStatus
# core.v1.PersistentVolumeClaim kind=v1/PersistentVolumeClaim
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.PersistentVolumeClaimSpec
3 status core.v1.PersistentVolumeClaimStatus
# core.v1.PersistentVolumeClaimCondition
1 type string required
2 status string required
3 lastProbeTime meta.v1.Time
4 lastTransitionTime meta.v1.Time
5 reason string
6 message string
# core.v1.PersistentVolumeClaimList kind=v1/PersistentVolumeClaimList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.PersistentVolumeClaim required
# core.v1.PersistentVolumeClaimSpec
1 accessModes []string list=atomic enum=ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod
4 selector meta.v1.LabelSelector
2 resources core.v1.VolumeResourceRequirements
3 volumeName string
5 storageClassName string pointer
6 volumeMode string pointer enum=Block|Filesystem
7 dataSource core.v1.TypedLocalObjectReference
8 dataSourceRef core.v1.TypedObjectReference
9 volumeAttributesClassName string pointer
# core.v1.PersistentVolumeClaimStatus
1 phase string enum=Bound|Lost|Pending
2 accessModes []string list=atomic enum=ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod
3 capacity {}api.resource.Quantity
4 conditions []core.v1.PersistentVolumeClaimCondition list=map keys=type merge=type patch=merge
5 allocatedResources {}api.resource.Quantity
7 allocatedResourceStatuses {}string map=granular enum=ControllerResizeInProgress|ControllerResizeInfeasible|NodeResizeInProgress|NodeResizeInfeasible|NodeResizePending
8 currentVolumeAttributesClassName string pointer
9 modifyVolumeStatus core.v1.ModifyVolumeStatus
# core.v1.PersistentVolumeClaimTemplate
1 metadata meta.v1.ObjectMeta
2 spec core.v1.PersistentVolumeClaimSpec required
# core.v1.PersistentVolumeClaimVolumeSource
1 claimName string required
2 readOnly bool
# core.v1.PersistentVolumeList kind=v1/PersistentVolumeList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.PersistentVolume required
# core.v1.PersistentVolumeSource
1 gcePersistentDisk core.v1.GCEPersistentDiskVolumeSource
2 awsElasticBlockStore core.v1.AWSElasticBlockStoreVolumeSource
3 hostPath core.v1.HostPathVolumeSource
4 glusterfs core.v1.GlusterfsPersistentVolumeSource
5 nfs core.v1.NFSVolumeSource
6 rbd core.v1.RBDPersistentVolumeSource
7 iscsi core.v1.ISCSIPersistentVolumeSource
8 cinder core.v1.CinderPersistentVolumeSource
9 cephfs core.v1.CephFSPersistentVolumeSource
10 fc core.v1.FCVolumeSource
11 flocker core.v1.FlockerVolumeSource
12 flexVolume core.v1.FlexPersistentVolumeSource
13 azureFile core.v1.AzureFilePersistentVolumeSource
14 vsphereVolume core.v1.VsphereVirtualDiskVolumeSource
15 quobyte core.v1.QuobyteVolumeSource
16 azureDisk core.v1.AzureDiskVolumeSource
17 photonPersistentDisk core.v1.PhotonPersistentDiskVolumeSource
18 portworxVolume core.v1.PortworxVolumeSource
19 scaleIO core.v1.ScaleIOPersistentVolumeSource
20 local core.v1.LocalVolumeSource
21 storageos core.v1.StorageOSPersistentVolumeSource
22 csi core.v1.CSIPersistentVolumeSource
# core.v1.PersistentVolumeSpec
1 capacity {}api.resource.Quantity
2 persistentVolumeSource core.v1.PersistentVolumeSource inline
3 accessModes []string list=atomic enum=ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod
4 claimRef core.v1.ObjectReference map=granular
5 persistentVolumeReclaimPolicy string enum=Delete|Recycle|Retain
6 storageClassName string
7 mountOptions []string list=atomic
8 volumeMode string pointer enum=Block|Filesystem
9 nodeAffinity core.v1.VolumeNodeAffinity
10 volumeAttributesClassName string pointer
# core.v1.PersistentVolumeStatus
1 phase string enum=Available|Bound|Failed|Pending|Released
2 message string
3 reason string
4 lastPhaseTransitionTime meta.v1.Time
# core.v1.PhotonPersistentDiskVolumeSource
1 pdID string required
2 fsType string
# core.v1.Pod kind=v1/Pod
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.PodSpec
3 status core.v1.PodStatus
# core.v1.PodAffinity
1 requiredDuringSchedulingIgnoredDuringExecution []core.v1.PodAffinityTerm list=atomic
2 preferredDuringSchedulingIgnoredDuringExecution []core.v1.WeightedPodAffinityTerm list=atomic
# core.v1.PodAffinityTerm
1 labelSelector meta.v1.LabelSelector
2 namespaces []string list=atomic
3 topologyKey string required
4 namespaceSelector meta.v1.LabelSelector
5 matchLabelKeys []string list=atomic
6 mismatchLabelKeys []string list=atomic
# core.v1.PodAntiAffinity
1 requiredDuringSchedulingIgnoredDuringExecution []core.v1.PodAffinityTerm list=atomic
2 preferredDuringSchedulingIgnoredDuringExecution []core.v1.WeightedPodAffinityTerm list=atomic
# core.v1.PodAttachOptions
1 stdin bool
2 stdout bool
3 stderr bool
4 tty bool
5 container string
# core.v1.PodCertificateProjection
1 signerName string required
2 keyType string required
3 maxExpirationSeconds int32 pointer
4 credentialBundlePath string
5 keyPath string
6 certificateChainPath string
7 userAnnotations {}string
# core.v1.PodCondition
1 type string required
7 observedGeneration int64
2 status string required
3 lastProbeTime meta.v1.Time
4 lastTransitionTime meta.v1.Time
5 reason string
6 message string
# core.v1.PodDNSConfig
1 nameservers []string list=atomic
2 searches []string list=atomic
3 options []core.v1.PodDNSConfigOption list=atomic
# core.v1.PodDNSConfigOption
1 name string
2 value string pointer
# core.v1.PodExecOptions
1 stdin bool
2 stdout bool
3 stderr bool
4 tty bool
5 container string
6 command []string shown
# core.v1.PodExtendedResourceClaimStatus
1 requestMappings []core.v1.ContainerExtendedResourceRequest required list=atomic
2 resourceClaimName string required
# core.v1.PodIP
1 ip string required
# core.v1.PodList kind=v1/PodList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Pod required
# core.v1.PodLogOptions
1 container string
2 follow bool
3 previous bool
4 sinceSeconds int64 pointer
5 sinceTime meta.v1.Time
6 timestamps bool
7 tailLines int64 pointer
8 limitBytes int64 pointer
9 insecureSkipTLSVerifyBackend bool
10 stream string pointer
# core.v1.PodOS
1 name string required
# core.v1.PodPortForwardOptions
1 ports []int32
# core.v1.PodProxyOptions
1 path string
# core.v1.PodReadinessGate
1 conditionType string required
# core.v1.PodResourceClaim
1 name string required
3 resourceClaimName string pointer
4 resourceClaimTemplateName string pointer
# core.v1.PodResourceClaimStatus
1 name string required
2 resourceClaimName string pointer
# core.v1.PodSchedulingGate
1 name string required
# core.v1.PodSchedulingGroup
1 podGroupName string pointer
# core.v1.PodSecurityContext
1 seLinuxOptions core.v1.SELinuxOptions
8 windowsOptions core.v1.WindowsSecurityContextOptions
2 runAsUser int64 pointer
6 runAsGroup int64 pointer
3 runAsNonRoot bool pointer
4 supplementalGroups []int64 list=atomic
12 supplementalGroupsPolicy string pointer enum=Merge|Strict
5 fsGroup int64 pointer
7 sysctls []core.v1.Sysctl list=atomic
9 fsGroupChangePolicy string pointer enum=Always|OnRootMismatch
10 seccompProfile core.v1.SeccompProfile
11 appArmorProfile core.v1.AppArmorProfile
13 seLinuxChangePolicy string pointer
# core.v1.PodSignature
1 podController meta.v1.OwnerReference
# core.v1.PodSpec
1 volumes []core.v1.Volume list=map keys=name merge=name patch=merge,retainKeys
20 initContainers []core.v1.Container list=map keys=name merge=name patch=merge
2 containers []core.v1.Container required list=map keys=name merge=name patch=merge
34 ephemeralContainers []core.v1.EphemeralContainer list=map keys=name merge=name patch=merge
3 restartPolicy string enum=Always|Never|OnFailure
4 terminationGracePeriodSeconds int64 pointer
5 activeDeadlineSeconds int64 pointer
6 dnsPolicy string enum=ClusterFirst|ClusterFirstWithHostNet|Default|None
7 nodeSelector {}string map=atomic
8 serviceAccountName string
9 serviceAccount string
21 automountServiceAccountToken bool pointer
10 nodeName string
11 hostNetwork bool
12 hostPID bool
13 hostIPC bool
27 shareProcessNamespace bool pointer
14 securityContext core.v1.PodSecurityContext
15 imagePullSecrets []core.v1.LocalObjectReference list=map keys=name merge=name patch=merge
16 hostname string
17 subdomain string
18 affinity core.v1.Affinity
19 schedulerName string
22 tolerations []core.v1.Toleration list=atomic
23 hostAliases []core.v1.HostAlias list=map keys=ip merge=ip patch=merge
24 priorityClassName string
25 priority int32 pointer
26 dnsConfig core.v1.PodDNSConfig
28 readinessGates []core.v1.PodReadinessGate list=atomic
29 runtimeClassName string pointer
30 enableServiceLinks bool pointer
31 preemptionPolicy string pointer enum=Never|PreemptLowerPriority
32 overhead {}api.resource.Quantity
33 topologySpreadConstraints []core.v1.TopologySpreadConstraint list=map keys=topologyKey,whenUnsatisfiable merge=topologyKey patch=merge
35 setHostnameAsFQDN bool pointer
36 os core.v1.PodOS
37 hostUsers bool pointer
38 schedulingGates []core.v1.PodSchedulingGate list=map keys=name merge=name patch=merge
39 resourceClaims []core.v1.PodResourceClaim list=map keys=name merge=name patch=merge,retainKeys
40 resources core.v1.ResourceRequirements
41 hostnameOverride string pointer
43 schedulingGroup core.v1.PodSchedulingGroup
# core.v1.PodStatus
17 observedGeneration int64
1 phase string enum=Failed|Pending|Running|Succeeded|Unknown
2 conditions []core.v1.PodCondition list=map keys=type merge=type patch=merge
3 message string
4 reason string
11 nominatedNodeName string
5 hostIP string
16 hostIPs []core.v1.HostIP list=atomic merge=ip patch=merge
6 podIP string
12 podIPs []core.v1.PodIP list=map keys=ip merge=ip patch=merge
7 startTime meta.v1.Time
10 initContainerStatuses []core.v1.ContainerStatus list=atomic
8 containerStatuses []core.v1.ContainerStatus list=atomic
9 qosClass string enum=BestEffort|Burstable|Guaranteed
13 ephemeralContainerStatuses []core.v1.ContainerStatus list=atomic
14 resize string
15 resourceClaimStatuses []core.v1.PodResourceClaimStatus list=map keys=name merge=name patch=merge,retainKeys
18 extendedResourceClaimStatus core.v1.PodExtendedResourceClaimStatus
19 allocatedResources {}api.resource.Quantity
20 resources core.v1.ResourceRequirements
21 nodeAllocatableResourceClaimStatuses []core.v1.NodeAllocatableResourceClaimStatus list=atomic
# core.v1.PodStatusResult
1 metadata meta.v1.ObjectMeta
2 status core.v1.PodStatus
# core.v1.PodTemplate kind=v1/PodTemplate
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 template core.v1.PodTemplateSpec
# core.v1.PodTemplateList kind=v1/PodTemplateList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.PodTemplate required
# core.v1.PodTemplateSpec
1 metadata meta.v1.ObjectMeta
2 spec core.v1.PodSpec
# core.v1.PortStatus
1 port int32 required
2 protocol string required enum=SCTP|TCP|UDP
3 error string pointer
# core.v1.PortworxVolumeSource
1 volumeID string required
2 fsType string
3 readOnly bool
# core.v1.Preconditions
1 uid string pointer
# core.v1.PreferAvoidPodsEntry
1 podSignature core.v1.PodSignature
2 evictionTime meta.v1.Time
3 reason string
4 message string
# core.v1.PreferredSchedulingTerm
1 weight int32 required
2 preference core.v1.NodeSelectorTerm required
# core.v1.Probe
1 handler core.v1.ProbeHandler inline
2 initialDelaySeconds int32
3 timeoutSeconds int32
4 periodSeconds int32
5 successThreshold int32
6 failureThreshold int32
7 terminationGracePeriodSeconds int64 pointer
# core.v1.ProbeHandler
1 exec core.v1.ExecAction
2 httpGet core.v1.HTTPGetAction
3 tcpSocket core.v1.TCPSocketAction
4 grpc core.v1.GRPCAction
# core.v1.ProjectedVolumeSource
1 sources []core.v1.VolumeProjection shown list=atomic
2 defaultMode int32 pointer
# core.v1.QuobyteVolumeSource
1 registry string required
2 volume string required
3 readOnly bool
4 user string
5 group string
6 tenant string
# core.v1.RBDPersistentVolumeSource
1 monitors []string required list=atomic
2 image string required
3 fsType string
4 pool string
5 user string
6 keyring string
7 secretRef core.v1.SecretReference
8 readOnly bool
# core.v1.RBDVolumeSource
1 monitors []string required list=atomic
2 image string required
3 fsType string
4 pool string
5 user string
6 keyring string
7 secretRef core.v1.LocalObjectReference
8 readOnly bool
# core.v1.RangeAllocation
1 metadata meta.v1.ObjectMeta
2 range string shown
3 data bytes shown
# core.v1.ReplicationController kind=v1/ReplicationController
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.ReplicationControllerSpec
3 status core.v1.ReplicationControllerStatus
# core.v1.ReplicationControllerCondition
1 type string required
2 status string required
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# core.v1.ReplicationControllerList kind=v1/ReplicationControllerList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.ReplicationController required
# core.v1.ReplicationControllerSpec
1 replicas int32 pointer
4 minReadySeconds int32
2 selector {}string map=atomic
3 template core.v1.PodTemplateSpec
# core.v1.ReplicationControllerStatus
1 replicas int32 required
2 fullyLabeledReplicas int32
4 readyReplicas int32
5 availableReplicas int32
3 observedGeneration int64
6 conditions []core.v1.ReplicationControllerCondition list=map keys=type merge=type patch=merge
# core.v1.ResourceClaim
1 name string required
2 request string
# core.v1.ResourceFieldSelector map=atomic
1 containerName string
2 resource string required
3 divisor api.resource.Quantity
# core.v1.ResourceHealth
1 resourceID string required
2 health string
6 message string pointer
# core.v1.ResourceQuota kind=v1/ResourceQuota
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.ResourceQuotaSpec
3 status core.v1.ResourceQuotaStatus
# core.v1.ResourceQuotaList kind=v1/ResourceQuotaList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.ResourceQuota required
# core.v1.ResourceQuotaSpec
1 hard {}api.resource.Quantity
2 scopes []string list=atomic enum=BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass
3 scopeSelector core.v1.ScopeSelector
# core.v1.ResourceQuotaStatus
1 hard {}api.resource.Quantity
2 used {}api.resource.Quantity
# core.v1.ResourceRequirements
1 limits {}api.resource.Quantity
2 requests {}api.resource.Quantity
3 claims []core.v1.ResourceClaim list=map keys=name
# core.v1.ResourceStatus
1 name string required
2 resources []core.v1.ResourceHealth list=map keys=resourceID
# core.v1.SELinuxOptions
1 user string
2 role string
3 type string
4 level string
# core.v1.ScaleIOPersistentVolumeSource
1 gateway string required
2 system string required
3 secretRef core.v1.SecretReference required
4 sslEnabled bool
5 protectionDomain string
6 storagePool string
7 storageMode string
8 volumeName string
9 fsType string
10 readOnly bool
# core.v1.ScaleIOVolumeSource
1 gateway string required
2 system string required
3 secretRef core.v1.LocalObjectReference required
4 sslEnabled bool
5 protectionDomain string
6 storagePool string
7 storageMode string
8 volumeName string
9 fsType string
10 readOnly bool
# core.v1.ScopeSelector map=atomic
1 matchExpressions []core.v1.ScopedResourceSelectorRequirement list=atomic
# core.v1.ScopedResourceSelectorRequirement
1 scopeName string required enum=BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass
2 operator string required enum=DoesNotExist|Exists|In|NotIn
3 values []string list=atomic
# core.v1.SeccompProfile
1 type string required enum=Localhost|RuntimeDefault|Unconfined
2 localhostProfile string pointer
# core.v1.Secret kind=v1/Secret
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
5 immutable bool pointer
2 data {}bytes
4 stringData {}string
3 type string
# core.v1.SecretEnvSource
1 localObjectReference core.v1.LocalObjectReference inline
2 optional bool pointer
# core.v1.SecretKeySelector map=atomic
1 localObjectReference core.v1.LocalObjectReference inline
2 key string required
3 optional bool pointer
# core.v1.SecretList kind=v1/SecretList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Secret required
# core.v1.SecretProjection
1 localObjectReference core.v1.LocalObjectReference inline
2 items []core.v1.KeyToPath list=atomic
4 optional bool pointer
# core.v1.SecretReference map=atomic
1 name string
2 namespace string
# core.v1.SecretVolumeSource
1 secretName string
2 items []core.v1.KeyToPath list=atomic
3 defaultMode int32 pointer
4 optional bool pointer
# core.v1.SecurityContext
1 capabilities core.v1.Capabilities
2 privileged bool pointer
3 seLinuxOptions core.v1.SELinuxOptions
10 windowsOptions core.v1.WindowsSecurityContextOptions
4 runAsUser int64 pointer
8 runAsGroup int64 pointer
5 runAsNonRoot bool pointer
6 readOnlyRootFilesystem bool pointer
7 allowPrivilegeEscalation bool pointer
9 procMount string pointer enum=Default|Unmasked
11 seccompProfile core.v1.SeccompProfile
12 appArmorProfile core.v1.AppArmorProfile
# core.v1.SerializedReference
1 reference core.v1.ObjectReference
# core.v1.Service kind=v1/Service
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec core.v1.ServiceSpec
3 status core.v1.ServiceStatus
# core.v1.ServiceAccount kind=v1/ServiceAccount
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 secrets []core.v1.ObjectReference list=map keys=name merge=name patch=merge
3 imagePullSecrets []core.v1.LocalObjectReference list=atomic
4 automountServiceAccountToken bool pointer
# core.v1.ServiceAccountList kind=v1/ServiceAccountList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.ServiceAccount required
# core.v1.ServiceAccountTokenProjection
1 audience string
2 expirationSeconds int64 pointer
3 path string required
# core.v1.ServiceList kind=v1/ServiceList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []core.v1.Service required
# core.v1.ServicePort
1 name string
2 protocol string enum=SCTP|TCP|UDP
6 appProtocol string pointer
3 port int32 required
4 targetPort util.intstr.IntOrString
5 nodePort int32
# core.v1.ServiceProxyOptions
1 path string
# core.v1.ServiceSpec
1 ports []core.v1.ServicePort list=map keys=port,protocol merge=port patch=merge
2 selector {}string map=atomic
3 clusterIP string
18 clusterIPs []string list=atomic
4 type string enum=ClusterIP|ExternalName|LoadBalancer|NodePort
5 externalIPs []string list=atomic
7 sessionAffinity string enum=ClientIP|None
8 loadBalancerIP string
9 loadBalancerSourceRanges []string list=atomic
10 externalName string
11 externalTrafficPolicy string enum=Cluster|Local
12 healthCheckNodePort int32
13 publishNotReadyAddresses bool
14 sessionAffinityConfig core.v1.SessionAffinityConfig
19 ipFamilies []string list=atomic enum=|IPv4|IPv6
17 ipFamilyPolicy string pointer enum=PreferDualStack|RequireDualStack|SingleStack
20 allocateLoadBalancerNodePorts bool pointer
21 loadBalancerClass string pointer
22 internalTrafficPolicy string pointer enum=Cluster|Local
23 trafficDistribution string pointer
# core.v1.ServiceStatus
1 loadBalancer core.v1.LoadBalancerStatus
2 conditions []meta.v1.Condition list=map keys=type merge=type patch=merge
# core.v1.SessionAffinityConfig
1 clientIP core.v1.ClientIPConfig
# core.v1.SleepAction
1 seconds int64 required
# core.v1.StorageOSPersistentVolumeSource
1 volumeName string
2 volumeNamespace string
3 fsType string
4 readOnly bool
5 secretRef core.v1.ObjectReference
# core.v1.StorageOSVolumeSource
1 volumeName string
2 volumeNamespace string
3 fsType string
4 readOnly bool
5 secretRef core.v1.LocalObjectReference
# core.v1.Sysctl
1 name string required
2 value string required
# core.v1.TCPSocketAction
1 port util.intstr.IntOrString required
2 host string
# core.v1.Taint
1 key string required
2 value string
3 effect string required enum=NoExecute|NoSchedule|PreferNoSchedule
4 timeAdded meta.v1.Time
# core.v1.Toleration
1 key string
2 operator string enum=Equal|Exists|Gt|Lt
3 value string
4 effect string enum=NoExecute|NoSchedule|PreferNoSchedule
5 tolerationSeconds int64 pointer
# core.v1.TopologySelectorLabelRequirement
1 key string required
2 values []string required list=atomic
# core.v1.TopologySelectorTerm map=atomic
1 matchLabelExpressions []core.v1.TopologySelectorLabelRequirement list=atomic
# core.v1.TopologySpreadConstraint
1 maxSkew int32 required
2 topologyKey string required
3 whenUnsatisfiable string required enum=DoNotSchedule|ScheduleAnyway
4 labelSelector meta.v1.LabelSelector
5 minDomains int32 pointer
6 nodeAffinityPolicy string pointer enum=Honor|Ignore
7 nodeTaintsPolicy string pointer enum=Honor|Ignore
8 matchLabelKeys []string list=atomic
# core.v1.TypedLocalObjectReference map=atomic
1 apiGroup string pointer
2 kind string required
3 name string required
# core.v1.TypedObjectReference
1 apiGroup string pointer
2 kind string required
3 name string required
4 namespace string pointer
# core.v1.Volume
1 name string required
2 volumeSource core.v1.VolumeSource inline
# core.v1.VolumeDevice
1 name string required
2 devicePath string required
# core.v1.VolumeMount
1 name string required
2 readOnly bool
7 recursiveReadOnly string pointer
3 mountPath string required
4 subPath string
5 mountPropagation string pointer enum=Bidirectional|HostToContainer|None
6 subPathExpr string
# core.v1.VolumeMountStatus
1 name string required
2 mountPath string required
3 readOnly bool
4 recursiveReadOnly string pointer
5 volumeStatus core.v1.VolumeStatus
# core.v1.VolumeNodeAffinity
1 required core.v1.NodeSelector
# core.v1.VolumeProjection
1 secret core.v1.SecretProjection
2 downwardAPI core.v1.DownwardAPIProjection
3 configMap core.v1.ConfigMapProjection
4 serviceAccountToken core.v1.ServiceAccountTokenProjection
5 clusterTrustBundle core.v1.ClusterTrustBundleProjection
6 podCertificate core.v1.PodCertificateProjection
# core.v1.VolumeResourceRequirements
1 limits {}api.resource.Quantity
2 requests {}api.resource.Quantity
# core.v1.VolumeSource
1 hostPath core.v1.HostPathVolumeSource
2 emptyDir core.v1.EmptyDirVolumeSource
3 gcePersistentDisk core.v1.GCEPersistentDiskVolumeSource
4 awsElasticBlockStore core.v1.AWSElasticBlockStoreVolumeSource
5 gitRepo core.v1.GitRepoVolumeSource
6 secret core.v1.SecretVolumeSource
7 nfs core.v1.NFSVolumeSource
8 iscsi core.v1.ISCSIVolumeSource
9 glusterfs core.v1.GlusterfsVolumeSource
10 persistentVolumeClaim core.v1.PersistentVolumeClaimVolumeSource
11 rbd core.v1.RBDVolumeSource
12 flexVolume core.v1.FlexVolumeSource
13 cinder core.v1.CinderVolumeSource
14 cephfs core.v1.CephFSVolumeSource
15 flocker core.v1.FlockerVolumeSource
16 downwardAPI core.v1.DownwardAPIVolumeSource
17 fc core.v1.FCVolumeSource
18 azureFile core.v1.AzureFileVolumeSource
19 configMap core.v1.ConfigMapVolumeSource
20 vsphereVolume core.v1.VsphereVirtualDiskVolumeSource
21 quobyte core.v1.QuobyteVolumeSource
22 azureDisk core.v1.AzureDiskVolumeSource
23 photonPersistentDisk core.v1.PhotonPersistentDiskVolumeSource
26 projected core.v1.ProjectedVolumeSource
24 portworxVolume core.v1.PortworxVolumeSource
25 scaleIO core.v1.ScaleIOVolumeSource
27 storageos core.v1.StorageOSVolumeSource
28 csi core.v1.CSIVolumeSource
29 ephemeral core.v1.EphemeralVolumeSource
30 image core.v1.ImageVolumeSource
# core.v1.VolumeStatus
1 image core.v1.ImageVolumeStatus
# core.v1.VsphereVirtualDiskVolumeSource
1 volumePath string required
2 fsType string
3 storagePolicyName string
4 storagePolicyID string
# core.v1.WeightedPodAffinityTerm
1 weight int32 required
2 podAffinityTerm core.v1.PodAffinityTerm required
# core.v1.WindowsSecurityContextOptions
1 gmsaCredentialSpecName string pointer
2 gmsaCredentialSpec string pointer
3 runAsUserName string pointer
4 hostProcess bool pointer
# discovery.v1.Endpoint
1 addresses []string required list=set
2 conditions discovery.v1.EndpointConditions
3 hostname string pointer
4 targetRef core.v1.ObjectReference
5 deprecatedTopology {}string
6 nodeName string pointer
7 zone string pointer
8 hints discovery.v1.EndpointHints
# discovery.v1.EndpointConditions
1 ready bool pointer
2 serving bool pointer
3 terminating bool pointer
# discovery.v1.EndpointHints
1 forZones []discovery.v1.ForZone list=atomic
2 forNodes []discovery.v1.ForNode list=atomic
# discovery.v1.EndpointPort map=atomic
1 name string pointer
2 protocol string pointer enum=SCTP|TCP|UDP
3 port int32 pointer
4 appProtocol string pointer
# discovery.v1.EndpointSlice kind=discovery.k8s.io/v1/EndpointSlice
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
4 addressType string required enum=FQDN|IPv4|IPv6
2 endpoints []discovery.v1.Endpoint shown list=atomic
3 ports []discovery.v1.EndpointPort shown list=atomic
# discovery.v1.EndpointSliceList kind=discovery.k8s.io/v1/EndpointSliceList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []discovery.v1.EndpointSlice required
# discovery.v1.ForNode
1 name string required
# discovery.v1.ForZone
1 name string required
# events.v1.Event kind=events.k8s.io/v1/Event
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 eventTime meta.v1.MicroTime required
3 series events.v1.EventSeries
4 reportingController string
5 reportingInstance string
6 action string
7 reason string
8 regarding core.v1.ObjectReference
9 related core.v1.ObjectReference
10 note string
11 type string
12 deprecatedSource core.v1.EventSource
13 deprecatedFirstTimestamp meta.v1.Time
14 deprecatedLastTimestamp meta.v1.Time
15 deprecatedCount int32
# events.v1.EventList kind=events.k8s.io/v1/EventList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []events.v1.Event required
# events.v1.EventSeries
1 count int32 required
2 lastObservedTime meta.v1.MicroTime required
# flowcontrol.v1.ExemptPriorityLevelConfiguration
1 nominalConcurrencyShares int32 pointer
2 lendablePercent int32 pointer
# flowcontrol.v1.FlowDistinguisherMethod
1 type string required
# flowcontrol.v1.FlowSchema kind=flowcontrol.apiserver.k8s.io/v1/FlowSchema
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec flowcontrol.v1.FlowSchemaSpec
3 status flowcontrol.v1.FlowSchemaStatus
# flowcontrol.v1.FlowSchemaCondition
1 type string
2 status string
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# flowcontrol.v1.FlowSchemaList kind=flowcontrol.apiserver.k8s.io/v1/FlowSchemaList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []flowcontrol.v1.FlowSchema required
# flowcontrol.v1.FlowSchemaSpec
1 priorityLevelConfiguration flowcontrol.v1.PriorityLevelConfigurationReference required
2 matchingPrecedence int32 shown
3 distinguisherMethod flowcontrol.v1.FlowDistinguisherMethod
4 rules []flowcontrol.v1.PolicyRulesWithSubjects list=atomic
# flowcontrol.v1.FlowSchemaStatus
1 conditions []flowcontrol.v1.FlowSchemaCondition list=map keys=type merge=type patch=merge
# flowcontrol.v1.GroupSubject
1 name string required
# flowcontrol.v1.LimitResponse
1 type string required
2 queuing flowcontrol.v1.QueuingConfiguration
# flowcontrol.v1.LimitedPriorityLevelConfiguration
1 nominalConcurrencyShares int32 pointer
2 limitResponse flowcontrol.v1.LimitResponse
3 lendablePercent int32 pointer
4 borrowingLimitPercent int32 pointer
# flowcontrol.v1.NonResourcePolicyRule
1 verbs []string required list=set
6 nonResourceURLs []string required list=set
# flowcontrol.v1.PolicyRulesWithSubjects
1 subjects []flowcontrol.v1.Subject required list=atomic
2 resourceRules []flowcontrol.v1.ResourcePolicyRule list=atomic
3 nonResourceRules []flowcontrol.v1.NonResourcePolicyRule list=atomic
# flowcontrol.v1.PriorityLevelConfiguration kind=flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec flowcontrol.v1.PriorityLevelConfigurationSpec
3 status flowcontrol.v1.PriorityLevelConfigurationStatus
# flowcontrol.v1.PriorityLevelConfigurationCondition
1 type string
2 status string
3 lastTransitionTime meta.v1.Time
4 reason string
5 message string
# flowcontrol.v1.PriorityLevelConfigurationList kind=flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfigurationList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []flowcontrol.v1.PriorityLevelConfiguration required
# flowcontrol.v1.PriorityLevelConfigurationReference
1 name string required
# flowcontrol.v1.PriorityLevelConfigurationSpec
1 type string required
2 limited flowcontrol.v1.LimitedPriorityLevelConfiguration
3 exempt flowcontrol.v1.ExemptPriorityLevelConfiguration
# flowcontrol.v1.PriorityLevelConfigurationStatus
1 conditions []flowcontrol.v1.PriorityLevelConfigurationCondition list=map keys=type merge=type patch=merge
# flowcontrol.v1.QueuingConfiguration
1 queues int32 shown
2 handSize int32 shown
3 queueLengthLimit int32 shown
# flowcontrol.v1.ResourcePolicyRule
1 verbs []string required list=set
2 apiGroups []string required list=set
3 resources []string required list=set
4 clusterScope bool
5 namespaces []string shown list=set
# flowcontrol.v1.ServiceAccountSubject
1 namespace string required
2 name string required
# flowcontrol.v1.Subject
1 kind string required
2 user flowcontrol.v1.UserSubject
3 group flowcontrol.v1.GroupSubject
4 serviceAccount flowcontrol.v1.ServiceAccountSubject
# flowcontrol.v1.UserSubject
1 name string required
# meta.v1.APIGroup kind=v1/APIGroup
0 kind string
0 apiVersion string
1 name string required
2 versions []meta.v1.GroupVersionForDiscovery required list=atomic
3 preferredVersion meta.v1.GroupVersionForDiscovery
4 serverAddressByClientCIDRs []meta.v1.ServerAddressByClientCIDR list=atomic
# meta.v1.APIGroupList kind=v1/APIGroupList
0 kind string
0 apiVersion string
1 groups []meta.v1.APIGroup required list=atomic
# meta.v1.APIResource
1 name string required
6 singularName string required
2 namespaced bool required
8 group string
9 version string
3 kind string required
4 verbs meta.v1.Verbs required
5 shortNames []string list=atomic
7 categories []string list=atomic
10 storageVersionHash string
# meta.v1.APIResourceList kind=v1/APIResourceList
0 kind string
0 apiVersion string
1 groupVersion string required
2 resources []meta.v1.APIResource required list=atomic
# meta.v1.APIVersions kind=v1/APIVersions
0 kind string
0 apiVersion string
1 versions []string required list=atomic
2 serverAddressByClientCIDRs []meta.v1.ServerAddressByClientCIDR required list=atomic
# meta.v1.ApplyOptions
1 dryRun []string
2 force bool
3 fieldManager string
# meta.v1.Condition
1 type string required
2 status string required
3 observedGeneration int64
4 lastTransitionTime meta.v1.Time required
5 reason string required
6 message string required
# meta.v1.CreateOptions
1 dryRun []string
3 fieldManager string
4 fieldValidation string
# meta.v1.DeleteOptions
0 kind string
0 apiVersion string
1 gracePeriodSeconds int64 pointer
2 preconditions meta.v1.Preconditions
3 orphanDependents bool pointer
4 propagationPolicy string pointer
5 dryRun []string list=atomic
6 ignoreStoreReadErrorWithClusterBreakingPotential bool pointer
# meta.v1.Duration
1 duration int64
# meta.v1.FieldSelectorRequirement
1 key string required
2 operator string required
3 values []string list=atomic
# meta.v1.FieldsV1 form=object
1 Raw bytes
# meta.v1.GetOptions
1 resourceVersion string
# meta.v1.GroupKind
1 group string
2 kind string
# meta.v1.GroupResource
1 group string shown
2 resource string shown
# meta.v1.GroupVersion
1 group string
2 version string
# meta.v1.GroupVersionForDiscovery
1 groupVersion string required
2 version string required
# meta.v1.GroupVersionKind
1 group string
2 version string
3 kind string
# meta.v1.GroupVersionResource
1 group string
2 version string
3 resource string
# meta.v1.LabelSelector map=atomic
1 matchLabels {}string
2 matchExpressions []meta.v1.LabelSelectorRequirement list=atomic
# meta.v1.LabelSelectorRequirement
1 key string required
2 operator string required
3 values []string list=atomic
# meta.v1.List
1 metadata meta.v1.ListMeta
2 items []runtime.RawExtension
# meta.v1.ListMeta
1 selfLink string
2 resourceVersion string
3 continue string
4 remainingItemCount int64 pointer
5 shardInfo meta.v1.ShardInfo
# meta.v1.ListOptions
1 labelSelector string
2 fieldSelector string
3 watch bool
9 allowWatchBookmarks bool
4 resourceVersion string
10 resourceVersionMatch string
5 timeoutSeconds int64 pointer
7 limit int64
8 continue string
11 sendInitialEvents bool pointer
15 shardSelector string
# meta.v1.ManagedFieldsEntry
1 manager string
2 operation string
3 apiVersion string
4 time meta.v1.Time
6 fieldsType string
7 fieldsV1 meta.v1.FieldsV1
8 subresource string
# meta.v1.MicroTime form=date-time
1 seconds int64
2 nanos int32
# meta.v1.ObjectMeta
1 name string
2 generateName string
3 namespace string
4 selfLink string
5 uid string
6 resourceVersion string
7 generation int64
8 creationTimestamp meta.v1.Time
9 deletionTimestamp meta.v1.Time
10 deletionGracePeriodSeconds int64 pointer
11 labels {}string
12 annotations {}string
13 ownerReferences []meta.v1.OwnerReference list=map keys=uid merge=uid patch=merge
14 finalizers []string list=set patch=merge
17 managedFields []meta.v1.ManagedFieldsEntry list=atomic
# meta.v1.OwnerReference map=atomic
5 apiVersion string required
1 kind string required
3 name string required
4 uid string required
6 controller bool pointer
7 blockOwnerDeletion bool pointer
# meta.v1.PartialObjectMetadata
1 metadata meta.v1.ObjectMeta
# meta.v1.PartialObjectMetadataList
1 metadata meta.v1.ListMeta
2 items []meta.v1.PartialObjectMetadata
# meta.v1.Patch form=object
# meta.v1.PatchOptions
1 dryRun []string
2 force bool pointer
3 fieldManager string
4 fieldValidation string
# meta.v1.Preconditions
1 uid string pointer
2 resourceVersion string pointer
# meta.v1.RootPaths
1 paths []string
# meta.v1.ServerAddressByClientCIDR
1 clientCIDR string required
2 serverAddress string required
# meta.v1.ShardInfo
1 selector string required
# meta.v1.Status kind=v1/Status
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 status string
3 message string
4 reason string
5 details meta.v1.StatusDetails
6 code int32
# meta.v1.StatusCause
1 reason string
2 message string
3 field string
# meta.v1.StatusDetails
1 name string
2 group string
3 kind string
6 uid string
4 causes []meta.v1.StatusCause list=atomic
5 retryAfterSeconds int32
# meta.v1.TableOptions
1 includeObject string
# meta.v1.Time form=date-time
1 seconds int64
2 nanos int32
# meta.v1.Timestamp
1 seconds int64
2 nanos int32
# meta.v1.TypeMeta
1 kind string
2 apiVersion string
# meta.v1.UpdateOptions
1 dryRun []string
2 fieldManager string
3 fieldValidation string
# meta.v1.Verbs
1 items []string
# meta.v1.WatchEvent
1 type string required
2 object runtime.RawExtension required
# networking.v1.HTTPIngressPath
1 path string
3 pathType string pointer required enum=Exact|ImplementationSpecific|Prefix
2 backend networking.v1.IngressBackend required
# networking.v1.HTTPIngressRuleValue
1 paths []networking.v1.HTTPIngressPath required list=atomic
# networking.v1.IPAddress kind=networking.k8s.io/v1/IPAddress
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec networking.v1.IPAddressSpec required
# networking.v1.IPAddressList kind=networking.k8s.io/v1/IPAddressList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []networking.v1.IPAddress required
# networking.v1.IPAddressSpec
1 parentRef networking.v1.ParentReference required
# networking.v1.IPBlock
1 cidr string required
2 except []string list=atomic
# networking.v1.Ingress kind=networking.k8s.io/v1/Ingress
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec networking.v1.IngressSpec
3 status networking.v1.IngressStatus
# networking.v1.IngressBackend
4 service networking.v1.IngressServiceBackend
3 resource core.v1.TypedLocalObjectReference
# networking.v1.IngressClass kind=networking.k8s.io/v1/IngressClass
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec networking.v1.IngressClassSpec
# networking.v1.IngressClassList kind=networking.k8s.io/v1/IngressClassList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []networking.v1.IngressClass required
# networking.v1.IngressClassParametersReference
1 apiGroup string pointer
2 kind string required
3 name string required
4 scope string pointer
5 namespace string pointer
# networking.v1.IngressClassSpec
1 controller string
2 parameters networking.v1.IngressClassParametersReference
# networking.v1.IngressList kind=networking.k8s.io/v1/IngressList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []networking.v1.Ingress required
# networking.v1.IngressLoadBalancerIngress
1 ip string
2 hostname string
4 ports []networking.v1.IngressPortStatus list=atomic
# networking.v1.IngressLoadBalancerStatus
1 ingress []networking.v1.IngressLoadBalancerIngress list=atomic
# networking.v1.IngressPortStatus
1 port int32 required
2 protocol string required enum=SCTP|TCP|UDP
3 error string pointer
# networking.v1.IngressRule
1 host string
2 ingressRuleValue networking.v1.IngressRuleValue inline
# networking.v1.IngressRuleValue
1 http networking.v1.HTTPIngressRuleValue
# networking.v1.IngressServiceBackend
1 name string required
2 port networking.v1.ServiceBackendPort
# networking.v1.IngressSpec
4 ingressClassName string pointer
1 defaultBackend networking.v1.IngressBackend
2 tls []networking.v1.IngressTLS list=atomic
3 rules []networking.v1.IngressRule list=atomic
# networking.v1.IngressStatus
1 loadBalancer networking.v1.IngressLoadBalancerStatus
# networking.v1.IngressTLS
1 hosts []string list=atomic
2 secretName string
# networking.v1.NetworkPolicy kind=networking.k8s.io/v1/NetworkPolicy
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec networking.v1.NetworkPolicySpec
# networking.v1.NetworkPolicyEgressRule
1 ports []networking.v1.NetworkPolicyPort list=atomic
2 to []networking.v1.NetworkPolicyPeer list=atomic
# networking.v1.NetworkPolicyIngressRule
1 ports []networking.v1.NetworkPolicyPort list=atomic
2 from []networking.v1.NetworkPolicyPeer list=atomic
# networking.v1.NetworkPolicyList kind=networking.k8s.io/v1/NetworkPolicyList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []networking.v1.NetworkPolicy required
# networking.v1.NetworkPolicyPeer
1 podSelector meta.v1.LabelSelector
2 namespaceSelector meta.v1.LabelSelector
3 ipBlock networking.v1.IPBlock
# networking.v1.NetworkPolicyPort
1 protocol string pointer enum=SCTP|TCP|UDP
2 port util.intstr.IntOrString pointer
3 endPort int32 pointer
# networking.v1.NetworkPolicySpec
1 podSelector meta.v1.LabelSelector
2 ingress []networking.v1.NetworkPolicyIngressRule list=atomic
3 egress []networking.v1.NetworkPolicyEgressRule list=atomic
4 policyTypes []string list=atomic enum=Egress|Ingress
# networking.v1.ParentReference
1 group string
2 resource string required
3 namespace string
4 name string required
# networking.v1.ServiceBackendPort map=atomic
1 name string
2 number int32
# networking.v1.ServiceCIDR kind=networking.k8s.io/v1/ServiceCIDR
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec networking.v1.ServiceCIDRSpec
3 status networking.v1.ServiceCIDRStatus
# networking.v1.ServiceCIDRList kind=networking.k8s.io/v1/ServiceCIDRList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []networking.v1.ServiceCIDR required
# networking.v1.ServiceCIDRSpec
1 cidrs []string list=atomic
# networking.v1.ServiceCIDRStatus
1 conditions []meta.v1.Condition list=map keys=type merge=type patch=merge
# node.v1.Overhead
1 podFixed {}api.resource.Quantity
# node.v1.RuntimeClass kind=node.k8s.io/v1/RuntimeClass
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 handler string required
3 overhead node.v1.Overhead
4 scheduling node.v1.Scheduling
# node.v1.RuntimeClassList kind=node.k8s.io/v1/RuntimeClassList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []node.v1.RuntimeClass required
# node.v1.Scheduling
1 nodeSelector {}string map=atomic
2 tolerations []core.v1.Toleration list=atomic
# policy.v1.Eviction kind=policy/v1/Eviction
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 deleteOptions meta.v1.DeleteOptions
# policy.v1.PodDisruptionBudget kind=policy/v1/PodDisruptionBudget
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec policy.v1.PodDisruptionBudgetSpec
3 status policy.v1.PodDisruptionBudgetStatus
# policy.v1.PodDisruptionBudgetList kind=policy/v1/PodDisruptionBudgetList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []policy.v1.PodDisruptionBudget required
# policy.v1.PodDisruptionBudgetSpec
1 minAvailable util.intstr.IntOrString pointer
2 selector meta.v1.LabelSelector patch=replace
3 maxUnavailable util.intstr.IntOrString pointer
4 unhealthyPodEvictionPolicy string pointer enum=AlwaysAllow|IfHealthyBudget
# policy.v1.PodDisruptionBudgetStatus
1 observedGeneration int64
2 disruptedPods {}meta.v1.Time
3 disruptionsAllowed int32 shown
4 currentHealthy int32 shown
5 desiredHealthy int32 shown
6 expectedPods int32 shown
7 conditions []meta.v1.Condition list=map keys=type merge=type patch=merge
# rbac.v1.AggregationRule
1 clusterRoleSelectors []meta.v1.LabelSelector list=atomic
# rbac.v1.ClusterRole kind=rbac.authorization.k8s.io/v1/ClusterRole
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 rules []rbac.v1.PolicyRule shown list=atomic
3 aggregationRule rbac.v1.AggregationRule
# rbac.v1.ClusterRoleBinding kind=rbac.authorization.k8s.io/v1/ClusterRoleBinding
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 subjects []rbac.v1.Subject list=atomic
3 roleRef rbac.v1.RoleRef required
# rbac.v1.ClusterRoleBindingList kind=rbac.authorization.k8s.io/v1/ClusterRoleBindingList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []rbac.v1.ClusterRoleBinding required
# rbac.v1.ClusterRoleList kind=rbac.authorization.k8s.io/v1/ClusterRoleList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []rbac.v1.ClusterRole required
# rbac.v1.PolicyRule
1 verbs []string required list=atomic
2 apiGroups []string list=atomic
3 resources []string list=atomic
4 resourceNames []string list=atomic
5 nonResourceURLs []string list=atomic
# rbac.v1.Role kind=rbac.authorization.k8s.io/v1/Role
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 rules []rbac.v1.PolicyRule shown list=atomic
# rbac.v1.RoleBinding kind=rbac.authorization.k8s.io/v1/RoleBinding
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 subjects []rbac.v1.Subject list=atomic
3 roleRef rbac.v1.RoleRef required
# rbac.v1.RoleBindingList kind=rbac.authorization.k8s.io/v1/RoleBindingList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []rbac.v1.RoleBinding required
# rbac.v1.RoleList kind=rbac.authorization.k8s.io/v1/RoleList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []rbac.v1.Role required
# rbac.v1.RoleRef map=atomic
1 apiGroup string shown
2 kind string required
3 name string required
# rbac.v1.Subject map=atomic
1 kind string required
2 apiGroup string
3 name string required
4 namespace string
# resource.v1.AllocatedDeviceStatus
0 conditions []meta.v1.Condition shown list=map keys=type
0 data runtime.RawExtension
0 device string required
0 driver string required
0 networkData resource.v1.NetworkDeviceData
0 pool string required
0 shareID string pointer
# resource.v1.AllocationResult
0 allocationTimestamp meta.v1.Time
0 devices resource.v1.DeviceAllocationResult
0 nodeSelector core.v1.NodeSelector
# resource.v1.CELDeviceSelector
0 expression string required
# resource.v1.CapacityRequestPolicy
0 default api.resource.Quantity
0 validRange resource.v1.CapacityRequestPolicyRange
0 validValues []api.resource.Quantity list=atomic
# resource.v1.CapacityRequestPolicyRange
0 max api.resource.Quantity
0 min api.resource.Quantity required
0 step api.resource.Quantity
# resource.v1.CapacityRequirements
0 requests {}api.resource.Quantity
# resource.v1.Counter
0 value api.resource.Quantity required
# resource.v1.CounterSet
0 counters {}resource.v1.Counter required
0 name string required
# resource.v1.Device
0 allNodes bool pointer
0 allowMultipleAllocations bool pointer
0 attributes {}resource.v1.DeviceAttribute
0 bindingConditions []string list=atomic
0 bindingFailureConditions []string list=atomic
0 bindsToNode bool pointer
0 capacity {}resource.v1.DeviceCapacity
0 consumesCounters []resource.v1.DeviceCounterConsumption list=atomic
0 name string required
0 nodeAllocatableResourceMappings {}resource.v1.NodeAllocatableResourceMapping
0 nodeName string pointer
0 nodeSelector core.v1.NodeSelector
0 taints []resource.v1.DeviceTaint list=atomic
# resource.v1.DeviceAllocationConfiguration
0 opaque resource.v1.OpaqueDeviceConfiguration
0 requests []string list=atomic
0 source string required enum=FromClaim|FromClass
# resource.v1.DeviceAllocationResult
0 config []resource.v1.DeviceAllocationConfiguration list=atomic
0 results []resource.v1.DeviceRequestAllocationResult list=atomic
# resource.v1.DeviceAttribute
0 bool bool pointer
0 bools []bool list=atomic
0 int int64 pointer
0 ints []int64 list=atomic
0 string string pointer
0 strings []string list=atomic
0 version string pointer
0 versions []string list=atomic
# resource.v1.DeviceCapacity
0 requestPolicy resource.v1.CapacityRequestPolicy
0 value api.resource.Quantity required
# resource.v1.DeviceClaim
0 config []resource.v1.DeviceClaimConfiguration list=atomic
0 constraints []resource.v1.DeviceConstraint list=atomic
0 requests []resource.v1.DeviceRequest shown list=atomic
# resource.v1.DeviceClaimConfiguration
0 opaque resource.v1.OpaqueDeviceConfiguration
0 requests []string list=atomic
# resource.v1.DeviceClass kind=resource.k8s.io/v1/DeviceClass
0 kind string
0 apiVersion string
0 metadata meta.v1.ObjectMeta
0 spec resource.v1.DeviceClassSpec required
# resource.v1.DeviceClassConfiguration
0 opaque resource.v1.OpaqueDeviceConfiguration
# resource.v1.DeviceClassList kind=resource.k8s.io/v1/DeviceClassList
0 kind string
0 apiVersion string
0 items []resource.v1.DeviceClass required
0 metadata meta.v1.ListMeta
# resource.v1.DeviceClassSpec
0 config []resource.v1.DeviceClassConfiguration list=atomic
0 extendedResourceName string pointer
0 selectors []resource.v1.DeviceSelector list=atomic
# resource.v1.DeviceConstraint
0 distinctAttribute string pointer
0 matchAttribute string pointer
0 requests []string list=atomic
# resource.v1.DeviceCounterConsumption
0 counterSet string required
0 counters {}resource.v1.Counter required
# resource.v1.DeviceRequest
0 exactly resource.v1.ExactDeviceRequest
0 firstAvailable []resource.v1.DeviceSubRequest list=atomic
0 name string required
# resource.v1.DeviceRequestAllocationResult
0 adminAccess bool pointer
0 bindingConditions []string list=atomic
0 bindingFailureConditions []string list=atomic
0 consumedCapacity {}api.resource.Quantity
0 device string required
0 driver string required
0 pool string required
0 request string required
0 shareID string pointer
0 tolerations []resource.v1.DeviceToleration list=atomic
# resource.v1.DeviceSelector
0 cel resource.v1.CELDeviceSelector
# resource.v1.DeviceSubRequest
0 allocationMode string enum=All|ExactCount
0 capacity resource.v1.CapacityRequirements
0 count int64
0 deviceClassName string required
0 name string required
0 selectors []resource.v1.DeviceSelector list=atomic
0 tolerations []resource.v1.DeviceToleration list=atomic
# resource.v1.DeviceTaint
0 effect string required enum=NoExecute|NoSchedule|None
0 key string required
0 timeAdded meta.v1.Time
0 value string
# resource.v1.DeviceToleration
0 effect string enum=NoExecute|NoSchedule|None
0 key string
0 operator string enum=Equal|Exists
0 tolerationSeconds int64 pointer
0 value string
# resource.v1.ExactDeviceRequest
0 adminAccess bool pointer
0 allocationMode string enum=All|ExactCount
0 capacity resource.v1.CapacityRequirements
0 count int64
0 deviceClassName string required
0 selectors []resource.v1.DeviceSelector list=atomic
0 tolerations []resource.v1.DeviceToleration list=atomic
# resource.v1.NetworkDeviceData
0 hardwareAddress string
0 interfaceName string
0 ips []string list=atomic
# resource.v1.NodeAllocatableResourceMapping
0 allocationMultiplier api.resource.Quantity
0 capacityKey string pointer
# resource.v1.OpaqueDeviceConfiguration
0 driver string required
0 parameters runtime.RawExtension required
# resource.v1.ResourceClaim kind=resource.k8s.io/v1/ResourceClaim
0 kind string
0 apiVersion string
0 metadata meta.v1.ObjectMeta
0 spec resource.v1.ResourceClaimSpec required
0 status resource.v1.ResourceClaimStatus
# resource.v1.ResourceClaimConsumerReference
0 apiGroup string
0 name string required
0 resource string required
0 uid string required
# resource.v1.ResourceClaimList kind=resource.k8s.io/v1/ResourceClaimList
0 kind string
0 apiVersion string
0 items []resource.v1.ResourceClaim required
0 metadata meta.v1.ListMeta
# resource.v1.ResourceClaimSpec
0 devices resource.v1.DeviceClaim
# resource.v1.ResourceClaimStatus
0 allocation resource.v1.AllocationResult
0 devices []resource.v1.AllocatedDeviceStatus list=map keys=driver,device,pool,shareID
0 reservedFor []resource.v1.ResourceClaimConsumerReference list=map keys=uid merge=uid patch=merge
# resource.v1.ResourceClaimTemplate kind=resource.k8s.io/v1/ResourceClaimTemplate
0 kind string
0 apiVersion string
0 metadata meta.v1.ObjectMeta
0 spec resource.v1.ResourceClaimTemplateSpec required
# resource.v1.ResourceClaimTemplateList kind=resource.k8s.io/v1/ResourceClaimTemplateList
0 kind string
0 apiVersion string
0 items []resource.v1.ResourceClaimTemplate required
0 metadata meta.v1.ListMeta
# resource.v1.ResourceClaimTemplateSpec
0 metadata meta.v1.ObjectMeta
0 spec resource.v1.ResourceClaimSpec required
# resource.v1.ResourcePool
0 generation int64 required
0 name string required
0 resourceSliceCount int64 required
# resource.v1.ResourceSlice kind=resource.k8s.io/v1/ResourceSlice
0 kind string
0 apiVersion string
0 metadata meta.v1.ObjectMeta
0 spec resource.v1.ResourceSliceSpec required
# resource.v1.ResourceSliceList kind=resource.k8s.io/v1/ResourceSliceList
0 kind string
0 apiVersion string
0 items []resource.v1.ResourceSlice required
0 metadata meta.v1.ListMeta
# resource.v1.ResourceSliceSpec
0 allNodes bool pointer
0 devices []resource.v1.Device list=atomic
0 driver string required
0 nodeName string pointer
0 nodeSelector core.v1.NodeSelector
0 perDeviceNodeSelection bool pointer
0 pool resource.v1.ResourcePool required
0 sharedCounters []resource.v1.CounterSet list=atomic
# runtime.RawExtension form=object
1 raw bytes
# runtime.TypeMeta
1 apiVersion string
2 kind string
# runtime.Unknown
1 typeMeta runtime.TypeMeta inline
2 raw bytes
3 contentEncoding string
4 contentType string
# scheduling.v1.PriorityClass kind=scheduling.k8s.io/v1/PriorityClass
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 value int32 pointer shown
3 globalDefault bool
4 description string
5 preemptionPolicy string pointer enum=Never|PreemptLowerPriority
# scheduling.v1.PriorityClassList kind=scheduling.k8s.io/v1/PriorityClassList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []scheduling.v1.PriorityClass required
# storage.v1.CSIDriver kind=storage.k8s.io/v1/CSIDriver
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec storage.v1.CSIDriverSpec required
# storage.v1.CSIDriverList kind=storage.k8s.io/v1/CSIDriverList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []storage.v1.CSIDriver required
# storage.v1.CSIDriverSpec
1 attachRequired bool pointer
2 podInfoOnMount bool pointer
3 volumeLifecycleModes []string list=set
4 storageCapacity bool pointer
5 fsGroupPolicy string pointer
6 tokenRequests []storage.v1.TokenRequest list=atomic
7 requiresRepublish bool pointer
8 seLinuxMount bool pointer
9 nodeAllocatableUpdatePeriodSeconds int64 pointer
10 serviceAccountTokenInSecrets bool pointer
11 preventPodSchedulingIfMissing bool pointer
# storage.v1.CSINode kind=storage.k8s.io/v1/CSINode
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec storage.v1.CSINodeSpec required
# storage.v1.CSINodeDriver
1 name string required
2 nodeID string required
3 topologyKeys []string shown list=atomic
4 allocatable storage.v1.VolumeNodeResources
# storage.v1.CSINodeList kind=storage.k8s.io/v1/CSINodeList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []storage.v1.CSINode required
# storage.v1.CSINodeSpec
1 drivers []storage.v1.CSINodeDriver required list=map keys=name merge=name patch=merge
# storage.v1.CSIStorageCapacity kind=storage.k8s.io/v1/CSIStorageCapacity
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 nodeTopology meta.v1.LabelSelector
3 storageClassName string required
4 capacity api.resource.Quantity
5 maximumVolumeSize api.resource.Quantity
# storage.v1.CSIStorageCapacityList kind=storage.k8s.io/v1/CSIStorageCapacityList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []storage.v1.CSIStorageCapacity required
# storage.v1.StorageClass kind=storage.k8s.io/v1/StorageClass
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 provisioner string required
3 parameters {}string
4 reclaimPolicy string pointer enum=Delete|Recycle|Retain
5 mountOptions []string list=atomic
6 allowVolumeExpansion bool pointer
7 volumeBindingMode string pointer enum=Immediate|WaitForFirstConsumer
8 allowedTopologies []core.v1.TopologySelectorTerm list=atomic
# storage.v1.StorageClassList kind=storage.k8s.io/v1/StorageClassList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []storage.v1.StorageClass required
# storage.v1.TokenRequest
1 audience string required
2 expirationSeconds int64 pointer
# storage.v1.VolumeAttachment kind=storage.k8s.io/v1/VolumeAttachment
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 spec storage.v1.VolumeAttachmentSpec required
3 status storage.v1.VolumeAttachmentStatus
# storage.v1.VolumeAttachmentList kind=storage.k8s.io/v1/VolumeAttachmentList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []storage.v1.VolumeAttachment required
# storage.v1.VolumeAttachmentSource
1 persistentVolumeName string pointer
2 inlineVolumeSpec core.v1.PersistentVolumeSpec
# storage.v1.VolumeAttachmentSpec
1 attacher string required
2 source storage.v1.VolumeAttachmentSource required
3 nodeName string required
# storage.v1.VolumeAttachmentStatus
1 attached bool required
2 attachmentMetadata {}string
3 attachError storage.v1.VolumeError
4 detachError storage.v1.VolumeError
# storage.v1.VolumeAttributesClass kind=storage.k8s.io/v1/VolumeAttributesClass
0 kind string
0 apiVersion string
1 metadata meta.v1.ObjectMeta
2 driverName string required
3 parameters {}string
# storage.v1.VolumeAttributesClassList kind=storage.k8s.io/v1/VolumeAttributesClassList
0 kind string
0 apiVersion string
1 metadata meta.v1.ListMeta
2 items []storage.v1.VolumeAttributesClass required
# storage.v1.VolumeError
1 time meta.v1.Time
2 message string
3 errorCode int32 pointer
# storage.v1.VolumeNodeResources
1 count int32 pointer
# util.intstr.IntOrString form=int-or-string
1 type int64
2 intVal int32
3 strVal string
# version.Info
0 buildDate string required
0 compiler string required
0 emulationMajor string
0 emulationMinor string
0 gitCommit string required
0 gitTreeState string required
0 gitVersion string required
0 goVersion string required
0 major string required
0 minCompatibilityMajor string
0 minCompatibilityMinor string
0 minor string required
0 platform string required
`;
