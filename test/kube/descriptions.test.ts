/** What `kubectl explain` says of kinds, types and fields: every one that is served has words, and no words are left over. */

import t from 'tap';
import { isJsonObject, type Json, type JsonObject } from '../../src/kube/api/objects.ts';
import {
  descriptionCharsMax,
  loadDescriptions,
  type Section,
  sectionsOf,
} from '../../src/kube/openapi/descriptions.ts';
import { documentOf, swaggerOf } from '../../src/kube/openapi/documents.ts';
import { schemaName } from '../../src/kube/openapi/names.ts';
import { wordTables } from '../../src/kube/openapi/words/index.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { Registry } from '../../src/kube/registry/registry.ts';
import { definitionOfKind, findDefinition } from '../../src/kube/schema/schema.ts';
import { readSources } from '../house/sources.ts';

const sections: readonly Section[] = wordTables.flatMap(sectionsOf);
const registry = new Registry(builtInResources);

/** Every schema of every document, and where it is. */
async function servedSchemas(): Promise<[string, JsonObject][]> {
  const descriptions = await loadDescriptions();
  const found = Object.entries(swaggerOf(registry, descriptions)['definitions'] as JsonObject);
  for (const { versions } of registry.groups()) {
    for (const groupVersion of versions) {
      const { components } = documentOf(groupVersion, descriptions);
      found.push(...Object.entries((components as JsonObject)['schemas'] as JsonObject));
    }
  }
  return found as [string, JsonObject][];
}

/** What is wrong with the form of a description; empty: nothing. */
function faultOf(text: Json | undefined): string {
  if (typeof text !== 'string' || text.trim() === '') return 'is empty';
  if (text.length > descriptionCharsMax) return `has ${text.length} characters`;
  if (!/^[\x20-\x7e]+$/.test(text)) return 'is not one line of plain text';
  if (!/^[A-Z0-9/*]/.test(text)) return 'begins with a small letter';
  if (!text.endsWith('.') || text.endsWith('..')) return 'does not end with a full stop';
  return text.includes('  ') ? 'has two spaces' : '';
}

t.test('words belong to types and fields that are served, and are said once', async (t) => {
  const served = new Set((await servedSchemas()).map(([name]) => name));
  const said = new Set<string>();
  const say = (what: string): void => {
    if (said.has(what)) t.fail(`${what} is described twice`);
    said.add(what);
  };
  for (const { types, text, fields } of sections) {
    if (text === '' && fields.size === 0) t.fail(`${types.join(' ')}: nothing is said`);
    for (const type of types) {
      const definition = findDefinition(type);
      if (definition === null || !served.has(schemaName(definition))) {
        t.fail(`there is no type ${type}`);
        continue;
      }
      if (text !== '') say(type);
      for (const field of fields.keys()) {
        if (!definition.fields.has(field)) t.fail(`${type} has no field ${field}`);
        say(`${type}: ${field}`);
      }
    }
  }
  t.ok(said.size > 2000, `${said.size} things are said`);
});

t.test('every kind, every type and every field that is served has a description of good form', async (t) => {
  const faults = new Set<string>();
  const look = (what: string, { description }: JsonObject): void => {
    const fault = faultOf(description);
    if (fault !== '') faults.add(`${what} ${fault}: ${description ?? ''}`);
  };
  for (const [name, schema] of await servedSchemas()) {
    look(name, schema);
    for (const [field, property] of Object.entries(schema['properties'] ?? {})) {
      if (isJsonObject(property)) look(`${name}: ${field}`, property);
    }
  }
  t.same([...faults], []);
  const descriptions = await loadDescriptions();
  for (const { group, version, kind } of builtInResources) {
    const definition = definitionOfKind(group, version, kind);
    if (definition !== null) t.not(descriptions.type(definition), '', kind);
  }
});

t.test(
  'a fault of form would be seen; descriptionCharsMax of kube/openapi/descriptions is as long as one may be',
  async (t) => {
    t.equal(faultOf('A thing.'), '');
    t.equal(faultOf(`${'A'.repeat(descriptionCharsMax - 1)}.`), '');
    t.equal(faultOf(`${'A'.repeat(descriptionCharsMax)}.`), `has ${descriptionCharsMax + 1} characters`);
    for (const bad of ['', ' ', 'A thing', 'a thing.', 'A thing..', 'A\nthing.', 'A  thing.', undefined]) {
      t.not(faultOf(bad), '', String(bad));
    }
  },
);

t.test('a table is read into sections', async (t) => {
  const [first, second, ...others] = sectionsOf(
    '\n# a.v1.A: What it is: that.\nx: One.\n# a.v1.A b.v1.B\ny: Two: 2.\n',
  );
  t.same(others, []);
  t.same(first, { types: ['a.v1.A'], text: 'What it is: that.', fields: new Map([['x', 'One.']]) });
  t.same(second, { types: ['a.v1.A', 'b.v1.B'], text: '', fields: new Map([['y', 'Two: 2.']]) });
});

t.test('words are loaded when a document is asked for: nothing takes them at start', async (t) => {
  const sources = readSources('src', ['.ts']);
  const takers = [...sources].filter(
    ([path, text]) => !path.startsWith('src/kube/openapi/words/') && /openapi\/words|\.\/words\//.test(text),
  );
  t.same(
    takers.map(([path]) => path),
    ['src/kube/openapi/descriptions.ts'],
  );
  const imports = takers[0]?.[1].match(/.*\.\/words\/.*/g);
  t.same(imports, ["    const { wordTables } = await import('./words/index.ts');"]);
});
