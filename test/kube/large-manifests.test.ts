/** Manifests as large as public projects ship them: bundles of dozens of objects, and definitions of hundreds of kilobytes. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const bundles = join(import.meta.dirname, '../../examples/manifests/bundles');
const newest = findKubectls().at(-1) ?? '';
const skip = newest === '' ? 'there is no kubectl on this machine' : false;

async function withKubectl(test: Test): Promise<(...args: readonly string[]) => Promise<string>> {
  const plane = await startControlPlane();
  const kubectl = new Kubectl(newest, plane.kubeconfig);
  test.teardown(async () => {
    kubectl.close();
    await plane.close();
  });
  return async (...args) => {
    const { stdout, stderr } = await kubectl.run(...args);
    return (stdout + stderr).trim();
  };
}

/** kubectl sends the selector of a budget each time, and what no server shows, `minReadySeconds: 0`, and says so. */
const sentAgain = [
  'deployment.apps/edge-controller configured',
  'poddisruptionbudget.policy/edge-controller configured',
];

const linesThat = (text: string, end: string): number =>
  text.split('\n').filter((line) => line.endsWith(end)).length;

t.test(
  'bundles as projects ship them apply whole, and a second time without a change',
  { skip },
  async (t) => {
    const say = await withKubectl(t);
    for (const [file, count] of [
      ['edge.yaml', 20],
      ['certificates.yaml', 26],
      ['monitoring.yaml', 22],
    ] as const) {
      const path = join(bundles, file);
      const first = await say('apply', '-f', path);
      t.equal(linesThat(first, ' created'), count, first);
      const second = await say('apply', '-f', path);
      const others = second.split('\n').filter((line) => !line.endsWith(' unchanged'));
      t.strictSame(others, file === 'edge.yaml' ? sentAgain : [], second);
      t.equal(await say('diff', '-f', path), '', 'the server would change nothing');
      // Fields that are one value, `fieldRef` among them, have grown by defaults: a conflict here as on a real server.
      const server = await say('apply', '--server-side', '--force-conflicts', '-f', path);
      t.equal(linesThat(server, ' serverside-applied'), count, server);
    }
    const objects = join(bundles, 'after-definitions.yaml');
    const first = await say('apply', '-f', objects);
    t.equal(linesThat(first, ' created'), 4, first);
    const second = await say('apply', '-f', objects);
    t.equal(linesThat(second, ' unchanged'), 4, second);
  },
);

/** A schema with `count` members on each of two levels, each described at length. */
function largeSchema(count: number): object {
  const length = 'is told here at some length, as generated definitions do, ';
  const described = (text: string): string => `${text} ${length.repeat(3)}`;
  const leaf = (at: number): object => ({
    type: at % 3 === 0 ? 'integer' : 'string',
    description: described(`Leaf ${at}`),
    ...(at % 7 === 0 ? { minimum: 0 } : {}),
    ...(at % 5 === 1 ? { maxLength: 63, pattern: '^[a-z0-9-]*$' } : {}),
  });
  const all = (make: (at: number) => object, name: string): object =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, make(at)]));
  const member = (at: number): object => ({
    type: 'object',
    description: described(`Member ${at}`),
    properties: all((inner) => (inner === 7 || inner === 14 ? { type: 'string' } : leaf(inner)), 'leaf'),
    'x-kubernetes-validations': [
      { rule: '!has(self.leaf0) || self.leaf0 <= 100', message: `leaf0 of member ${at} may not exceed 100` },
      {
        rule: 'has(oldSelf.leaf1) ? self.leaf1 == oldSelf.leaf1 : true',
        message: 'leaf1 is immutable',
      },
    ],
  });
  return {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: all(member, 'member') },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
}

function largeDefinition(): object {
  const openAPIV3Schema = largeSchema(34);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'plants.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'plants', kind: 'Plant' },
      versions: ['v1', 'v1beta1', 'v1alpha1'].map((name) => ({
        name,
        served: true,
        storage: name === 'v1',
        schema: { openAPIV3Schema },
        subresources: { status: {} },
      })),
    },
  };
}

t.test(
  'a definition of 700 KB is too much for an annotation, and not for the server',
  { skip },
  async (t) => {
    const say = await withKubectl(t);
    const folder = mkdtempSync(join(tmpdir(), 'keelson-large-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const text = JSON.stringify(largeDefinition());
    t.ok(text.length > 700_000, `${text.length} bytes`);
    const large = join(folder, 'large.json');
    writeFileSync(large, text);
    t.equal(
      await say('apply', '-f', large),
      'The CustomResourceDefinition "plants.example.com" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    );
    t.match(await say('apply', '--server-side', '-f', large), /plants\.example\.com serverside-applied$/);
    t.match(await say('apply', '--server-side', '-f', large), /plants\.example\.com serverside-applied$/);
    await say('wait', '--for=condition=Established', 'crd/plants.example.com', '--timeout=60s');
    const plant = (version: string, leaf0: number): string => {
      const path = join(folder, `plant-${version}-${leaf0}.yaml`);
      const head = [`apiVersion: example.com/${version}`, 'kind: Plant', 'metadata: {name: fern}'];
      writeFileSync(path, [...head, `spec: {member3: {leaf0: ${leaf0}, leaf1: a}}`, ''].join('\n'));
      return path;
    };
    t.equal(await say('apply', '-f', plant('v1', 7)), 'plant.example.com/fern created');
    t.equal(await say('apply', '-f', plant('v1', 7)), 'plant.example.com/fern unchanged');
    t.equal(await say('apply', '-f', plant('v1alpha1', 8)), 'plant.example.com/fern configured');
    t.match(
      await say('apply', '-f', plant('v1', 101)),
      'The Plant "fern" is invalid: spec.member3: Invalid value: leaf0 of member 3 may not exceed 100',
    );
    t.match(
      await say('patch', 'plant', 'fern', '--type=merge', '-p', '{"spec":{"member3":{"leaf1":"b"}}}'),
      'spec.member3: Invalid value: leaf1 is immutable',
    );
    t.match(await say('explain', 'plant.spec.member3'), 'leaf33\t<integer>');
  },
);
