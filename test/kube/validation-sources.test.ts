/** Refusals of single members, in the words of a kube-apiserver to which the same objects were sent. */

import t from 'tap';
import { startApi } from './api.ts';

type Body = Record<string, unknown>;

const pods = '/api/v1/namespaces/default/pods?dryRun=All';
const volumes = '/api/v1/persistentvolumes?dryRun=All';
const iscsiText = 'must be valid format starting with iqn, eui, or naa';

t.test('sources of volumes of pods are checked as far as they are known', async (t) => {
  const api = await startApi(t);
  const refused = async (source: Body): Promise<string> => {
    const spec = { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', ...source }] };
    const answer = await api.send('POST', pods, { metadata: { name: 'p' }, spec });
    t.equal(answer.code, 422, JSON.stringify(source));
    return answer.body.message.replace('Pod "p" is invalid: ', '').replaceAll('spec.volumes[0].', '');
  };
  const target = { targetPortal: '1.2.3.4:3260', lun: 1 };
  t.equal(await refused({ iscsi: { ...target, iqn: 'up' } }), `iscsi.iqn: Invalid value: "up": ${iscsiText}`);
  t.equal(
    await refused({ iscsi: { ...target, iqn: 'iqn.x', chapAuthSession: true, lun: 256 } }),
    '[iscsi.iqn: Invalid value: "iqn.x": must be valid format, iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive, iscsi.secretRef: Required value]',
  );
  t.equal(
    await refused({ gcePersistentDisk: { pdName: 'd', partition: 256 } }),
    'persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
  );
  t.equal(
    await refused({ azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Shared', cachingMode: 'X' } }),
    '[azureDisk.cachingMode: Unsupported value: "X": supported values: "None", "ReadOnly", "ReadWrite", azureDisk.diskURI: Unsupported value: "x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"]',
  );
  t.equal(
    await refused({ gitRepo: { repository: 'r', directory: '../x' } }),
    'gitRepo.directory: Invalid value: "../x": must not contain \'..\'',
  );
  t.equal(
    await refused({ fc: { targetWWNs: ['5'] } }),
    'fc.lun: Required value: lun is required if targetWWNs is specified',
  );
  t.equal(
    await refused({ flocker: { datasetName: 'a/b' } }),
    'flocker.datasetName: Invalid value: "a/b": must not contain \'/\'',
  );
  t.equal(
    await refused({ quobyte: { registry: 'host', volume: 'v' } }),
    'quobyte.registry: Invalid value: "host": must be a host:port pair or multiple pairs separated by commas',
  );
  t.match(
    await refused({ storageos: { volumeName: 'A' } }),
    /^storageos.volumeName: Invalid value: "A": a lower/,
  );
  t.equal(
    await refused({ flexVolume: { driver: 'd', options: { 'k8s.io/x': 'y' } } }),
    'flexVolume.options[k8s.io/x]: Invalid value: "k8s.io/x": kubernetes.io and k8s.io namespaces are reserved',
  );
  t.match(
    await refused({ csi: { driver: 'd', nodePublishSecretRef: { name: '..' } } }),
    /^csi.name: Invalid value: "..": a lowercase RFC 1123 subdomain/,
  );
});

t.test('a PersistentVolume has a size, a mode, and secrets of a namespace', async (t) => {
  const api = await startApi(t);
  const refused = async (more: Body): Promise<string> => {
    const answer = await api.send('POST', volumes, {
      metadata: { name: 'p' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/x' },
        ...more,
      },
    });
    t.equal(answer.code, 422, JSON.stringify(more));
    return answer.body.message.replace('PersistentVolume "p" is invalid: ', '');
  };
  t.equal(
    await refused({ capacity: { storage: '0' } }),
    'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
  );
  t.equal(
    await refused({ volumeMode: '' }),
    'spec.volumeMode: Unsupported value: "": supported values: "Block", "Filesystem"',
  );
  const other = { hostPath: null };
  const iscsi = { targetPortal: '1.2.3.4:3260', iqn: 'iqn.2015-02.example.com:x', lun: 0 };
  t.equal(
    await refused({ ...other, iscsi: { ...iscsi, secretRef: {} } }),
    'spec.iscsi.secretRef.name: Required value',
  );
  t.match(
    await refused({ ...other, csi: {} }),
    /^\[spec.csi.driver: Required value, spec.csi.driver: Invalid value: "": .*, spec.csi.volumeHandle: Required value\]$/,
  );
  t.equal(
    await refused({ capacity: {} }),
    '[spec.capacity: Required value, spec.capacity: Unsupported value: null: supported values: "storage"]',
  );
  t.equal(
    await refused({ ...other, cinder: { volumeID: 'v', secretRef: { name: 's' } } }),
    'spec.cinder.secretRef.namespace: Required value',
  );
  t.match(
    await refused({ ...other, csi: { driver: 'a/b', volumeHandle: 'h' } }),
    /^spec.csi.driver: Invalid value: "a\/b"/,
  );
  t.equal(
    await refused({ ...other, csi: { driver: 'd', volumeHandle: 'h', nodePublishSecretRef: { name: 's' } } }),
    'spec.csi.nodePublishSecretRef.namespace: Required value',
  );
  t.equal(
    await refused({ ...other, rbd: { image: 'i', monitors: [] } }),
    'spec.rbd.monitors: Required value',
  );
});

t.test('users of Windows are called as Windows calls them', async (t) => {
  const api = await startApi(t);
  const refused = async (windowsOptions: Body): Promise<string> => {
    const spec = { containers: [{ name: 'c', image: 'i', securityContext: { windowsOptions } }] };
    const answer = await api.send('POST', pods, { metadata: { name: 'p' }, spec });
    const field = 'spec.containers[0].securityContext.windowsOptions.';
    return answer.code === 201
      ? ''
      : answer.body.message.replace('Pod "p" is invalid: ', '').replaceAll(field, '');
  };
  t.equal(await refused({ runAsUserName: 'CONTOSO\\user', gmsaCredentialSpecName: 'a.b' }), '');
  t.match(
    await refused({ gmsaCredentialSpecName: 'a b' }),
    /^gmsaCredentialSpecName: Invalid value: "a b": a lower/,
  );
  t.equal(
    await refused({ runAsUserName: 'a\\b\\c' }),
    'runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash',
  );
  t.equal(
    await refused({ runAsUserName: '10.0.0.0/8' }),
    'runAsUserName: Invalid value: "10.0.0.0/8": runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]',
  );
  t.match(await refused({ runAsUserName: '' }), /cannot be an empty string$/);
});

t.test('an event of the group has the name of a subdomain, one of the core may have any', async (t) => {
  const api = await startApi(t);
  const send = (path: string, name: string, more: Body): ReturnType<typeof api.send> =>
    api.send('POST', `${path}/namespaces/default/events?dryRun=All`, { metadata: { name }, ...more });
  const event = {
    eventTime: '2026-01-01T00:00:00.000000Z',
    regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
    reportingController: 'c.io/x',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
  };
  t.equal((await send('/apis/events.k8s.io/v1', 'good', event)).code, 201);
  const refused = await send('/apis/events.k8s.io/v1', 'Bad_Name!', event);
  t.equal(refused.code, 422);
  t.match(refused.body.message, /metadata.name: Invalid value: "Bad_Name!": a lowercase RFC 1123 subdomain/);
  const old = { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' } };
  t.equal((await send('/api/v1', 'Bad_Name!', old)).code, 201);
});

t.test('an empty text where there is a choice is none of them', async (t) => {
  const api = await startApi(t);
  const refused = async (path: string, body: Body): Promise<string> => {
    const answer = await api.send('POST', `${path}?dryRun=All`, { metadata: { name: 'x' }, ...body });
    t.equal(answer.code, 422, path);
    return answer.body.message.replace(/^.* is invalid: /, '');
  };
  t.match(
    await refused('/apis/storage.k8s.io/v1/storageclasses', { provisioner: 'p', volumeBindingMode: '' }),
    /^volumeBindingMode: Unsupported value: ""/,
  );
  t.match(
    await refused('/apis/storage.k8s.io/v1/storageclasses', { provisioner: 'Bad!' }),
    /^provisioner: Invalid value: "Bad!": name part/,
  );
  const classes = '/apis/storage.k8s.io/v1/storageclasses?dryRun=All';
  const kept = { metadata: { name: 'x' }, provisioner: 'p', reclaimPolicy: '' };
  t.equal((await api.send('POST', classes, kept)).code, 201, 'a policy may be empty');
  t.equal(
    await refused('/apis/scheduling.k8s.io/v1/priorityclasses', { value: 1, preemptionPolicy: '' }),
    'preemptionPolicy: Required value',
  );
  const ports = [{ protocol: '', port: 1 }];
  const policy = { spec: { podSelector: {}, ingress: [{ ports }] } };
  t.match(
    await refused('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', policy),
    /^spec.ingress\[0\].ports\[0\].protocol: Unsupported value: ""/,
  );
  const slice = { addressType: 'FQDN', endpoints: [{ addresses: ['a'], hostname: '' }] };
  t.match(
    await refused('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', slice),
    /should be a domain with at least two segments separated by dots, endpoints\[0\].hostname: Invalid value: ""/,
  );
  const service = { spec: { ports: [{ port: 80, appProtocol: '50%' }] } };
  t.match(
    await refused('/api/v1/namespaces/default/services', service),
    /^spec.ports\[0\].appProtocol: Invalid value: "50%": name part/,
  );
});
