/** Types of expressions of policies: the request's are known with the policy, those of objects are told in its status. */

import t, { type Test } from 'tap';
import { type Api, startApi } from './api.ts';

const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

const about = (apiGroups: string[], resources: string[], apiVersions = ['v1']): object => ({
  resourceRules: [{ operations: ['*'], apiGroups, apiVersions, resources }],
});

interface Status {
  readonly observedGeneration?: number;
  readonly typeChecking?: { readonly expressionWarnings?: readonly { fieldRef: string; warning: string }[] };
}

/** What the server says of a policy when it has looked at this generation. */
async function statusOf(api: Api, name: string, generation = 1): Promise<Status> {
  for (;;) {
    const { body } = await api.get(`${policies}/${name}`);
    if ((body.status?.observedGeneration ?? 0) >= generation) return body.status;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function made(t: Test, api: Api, name: string, spec: object): Promise<Status> {
  const { code, body } = await api.send('POST', policies, { metadata: { name }, spec });
  t.equal(code, 201, body.message);
  return statusOf(api, name);
}

t.test('what is wrong with the types of a policy is told in its status, for each of its kinds', async (t) => {
  const api = await startApi(t);
  const workloads = about(['apps'], ['deployments', 'statefulsets']);
  const status = await made(t, api, 'workloads', {
    matchConstraints: workloads,
    validations: [
      { expression: "object.spec.replicas > '1'" },
      { expression: 'object.spec.replicas < 9', messageExpression: "'at most ' + object.spec.maxReplicas" },
      { expression: "object.spec.serviceName != ''" },
      {
        expression:
          'object.metadata.labels.all(l, l.size() > 1) && has(object.spec.template.spec.hostNetwork)',
      },
    ],
  });
  const warnings = status.typeChecking?.expressionWarnings ?? [];
  t.same(
    warnings.map(({ fieldRef }) => fieldRef),
    [
      'spec.validations[0].expression',
      'spec.validations[1].messageExpression',
      'spec.validations[2].expression',
    ],
  );
  const overload = `ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^`;
  t.equal(
    warnings[0]!.warning,
    `apps/v1, Kind=Deployment: ${overload}\n\napps/v1, Kind=StatefulSet: ${overload}\n`,
  );
  t.match(warnings[1]!.warning, /undefined field 'maxReplicas'/);
  t.match(warnings[2]!.warning, /^apps\/v1, Kind=Deployment: .*undefined field 'serviceName'/);
  t.notMatch(warnings[2]!.warning, 'StatefulSet');
});

t.test('a policy whose types are right has nothing but that it was looked at', async (t) => {
  const api = await startApi(t);
  const spec = {
    matchConstraints: about([''], ['pods', 'configmaps']),
    variables: [{ name: 'owner', expression: 'object.metadata.labels["owner"]' }],
    validations: [
      { expression: 'variables.owner.startsWith("team-") && request.userInfo.groups.size() > 0' },
    ],
  };
  t.same(await made(t, api, 'right', spec), { observedGeneration: 1, typeChecking: {} });
  const anything = {
    ...spec,
    matchConstraints: about(['*'], ['*']),
    validations: [{ expression: 'object.any == 1' }],
  };
  t.same(await made(t, api, 'anything', anything), { observedGeneration: 1, typeChecking: {} });
  const wrong = { spec: { validations: [{ expression: 'variables.owner > 1' }] } };
  await api.merge(`${policies}/right`, wrong);
  const { typeChecking } = await statusOf(api, 'right', 2);
  t.match(typeChecking?.expressionWarnings?.[0]?.warning, /^\/v1, Kind=ConfigMap: ERROR/);
});

t.test('parameters have types as well, custom ones too', async (t) => {
  const api = await startApi(t);
  const group = 'limits.example.com';
  await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `limits.${group}` },
    spec: {
      group,
      names: { plural: 'limits', singular: 'limit', kind: 'Limit', listKind: 'LimitList' },
      scope: 'Cluster',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { most: { type: 'integer' } } } },
        },
      ],
    },
  });
  while ((await api.get(`/apis/${group}/v1/limits`)).code !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { typeChecking } = await made(t, api, 'limited', {
    paramKind: { apiVersion: `${group}/v1`, kind: 'Limit' },
    matchConstraints: about(['apps'], ['deployments']),
    validations: [
      { expression: 'object.spec.replicas <= params.most && params.metadata.name != ""' },
      { expression: 'object.spec.replicas <= params.least' },
    ],
  });
  t.match(typeChecking?.expressionWarnings, [
    { fieldRef: 'spec.validations[1].expression', warning: /undefined field 'least'/ },
  ]);
});

// checkedTypesMax of kube/policies/type-check.
t.test('a policy is checked for ten kinds at most', async (t) => {
  const api = await startApi(t);
  const resources =
    'configmaps endpoints limitranges persistentvolumeclaims pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services';
  const kinds = async (name: string, count: number): Promise<number> => {
    const { typeChecking } = await made(t, api, name, {
      matchConstraints: about([''], resources.split(' ').slice(0, count)),
      validations: [{ expression: 'object.nothing == 1' }],
    });
    return typeChecking!.expressionWarnings![0]!.warning.match(/Kind=/g)!.length;
  };
  t.equal(await kinds('ten', 10), 10);
  t.equal(await kinds('eleven', 11), 10);
});

t.test('a member that no request has is refused with the policy', async (t) => {
  const api = await startApi(t);
  const { code, body } = await api.send('POST', policies, {
    metadata: { name: 'p' },
    spec: {
      matchConstraints: about([''], ['pods']),
      validations: [
        { expression: 'request.user.name == "a"' },
        { expression: 'namespaceObject.metadata.uid == "a"' },
      ],
    },
  });
  t.equal(code, 422);
  t.match(body.message, /undefined field 'user'[\s\S]*undefined field 'uid'/);
});
