/**
 * Every pod runs as a service account: `default` unless it says otherwise. It gets the account's pull secrets
 * and, unless somebody is against it, a volume with a token, the certificate of the cluster's authority and its namespace.
 *
 * Pods whose specs are shared have one volume: its name has a random end so that it is no name of a user's, and says nothing of the pod.
 *
 * A namespace has its account `default` a moment after it was made. A pod that is faster makes it: clients wait for nothing.
 */

import type { Clock, Random } from '../../util/runtime.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { asJson } from '../api/objects.ts';
import { forbidden } from '../api/status.ts';
import { nowText, randomNameSuffix, randomUid } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import { changeSpec } from '../storage/template-specs.ts';
import { objectsOf, textOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import { newPod, podSpec, settlePod } from './pods.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** An hour, and a bit by which it is known. */
const tokenSeconds = 3607;
const fileMode = 420;

function tokenVolume(name: string): JsonObject {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: fileMode,
    },
  };
}

/** Adds the volume, and mounts it wherever nothing else stands. */
function mountToken(spec: JsonObject, random: Random): void {
  const containers = [...objectsOf(spec, 'initContainers'), ...objectsOf(spec, 'containers')];
  const isMounted = (container: JsonObject): boolean =>
    objectsOf(container, 'volumeMounts').some((mount) => textOf(mount, 'mountPath') === mountPath);
  const open = containers.filter((container) => !isMounted(container));
  if (open.length === 0) return;
  const volumes = objectsOf(spec, 'volumes');
  const known = volumes.find((volume) => textOf(volume, 'name').startsWith(volumePrefix));
  const name = known === undefined ? volumePrefix + randomNameSuffix(random, 5) : textOf(known, 'name');
  if (known === undefined) spec['volumes'] = [...volumes, tokenVolume(name)];
  for (const container of open) {
    const mounts = objectsOf(container, 'volumeMounts');
    container['volumeMounts'] = [...mounts, { name, readOnly: true, mountPath }];
  }
}

export interface AccountSources {
  readonly lookup: Lookup;
  readonly accounts: ResourceType;
  readonly clock: Clock;
  readonly random: Random;
}

/** Plugins that were made: each makes names of its own. */
let made = 0;

export function serviceAccounts({ lookup, accounts, clock, random }: AccountSources): AdmissionPlugin {
  const id = ++made;
  async function makeDefault(namespace: string): Promise<ApiObject | null> {
    const account: ApiObject = {
      kind: 'ServiceAccount',
      apiVersion: 'v1',
      metadata: { name: 'default', namespace, uid: randomUid(random), creationTimestamp: nowText(clock) },
    };
    const outcome = await lookup.storages.of(accounts).create(account, 0);
    return outcome.written ? outcome.object : outcome.current;
  }

  async function accountOf(attributes: AdmissionAttributes, name: string): Promise<ApiObject> {
    const { resource, namespace, isDryRun } = attributes;
    let found = await lookup.find(accounts, namespace, name);
    if (found === null && name === 'default' && !isDryRun) found = await makeDefault(namespace);
    if (found !== null) return found;
    const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
    throw forbidden(resource, attributes.name, why);
  }

  function fill(pod: ApiObject, name: string, account: JsonObject): void {
    const secrets = objectsOf(account, 'imagePullSecrets');
    const mounts = account['automountServiceAccountToken'] ?? true;
    const cause = `ServiceAccount ${id} ${JSON.stringify([name, mounts, secrets])}`;
    changeSpec(pod, cause, (holder) => {
      const spec = podSpec(holder);
      spec['serviceAccountName'] = name;
      spec['serviceAccount'] = name;
      if (objectsOf(spec, 'imagePullSecrets').length === 0 && secrets.length > 0) {
        spec['imagePullSecrets'] = structuredClone([...secrets]);
      }
      if ((spec['automountServiceAccountToken'] ?? mounts) !== false) mountToken(spec, random);
      settlePod(holder);
    });
  }

  return {
    name: 'ServiceAccount',
    mutate(attributes) {
      const pod = newPod(attributes);
      if (pod === null || pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return undefined;
      const name = textOf(podSpec(pod), 'serviceAccountName') || 'default';
      const known = lookup.known(accounts, attributes.namespace, name);
      if (known === undefined) {
        return accountOf(attributes, name).then((account) => fill(pod, name, asJson(account)));
      }
      fill(pod, name, asJson(known));
      return undefined;
    },
  };
}
