/**
 * Writes `src/kube/schema/facts.ts`: what is known of every Kubernetes type, one definition after the other, one field
 * per line, from two files of facts about a running API server: `proto-fields.json` (messages, field numbers, order of
 * declaration) and `schema-facts.json` (list types, keys, enums, required fields), and from `pointers.txt`, `shown.txt` and
 * `choices.txt` beside this file.
 *
 *   node --import tsx proto/kubernetes/generate.ts <directory of the facts> > src/kube/schema/facts.ts
 *
 * The order of fields is the order of declaration: it is also the order of members in answers.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface SchemaField {
  readonly t: string;
  readonly i?: string;
  readonly m?: string;
  readonly fmt?: string;
  readonly q?: number;
  readonly e?: readonly string[];
  readonly lt?: string;
  readonly lk?: readonly string[];
  readonly mt?: string;
  readonly mk?: string;
  readonly ps?: string;
}

interface SchemaDefinition {
  readonly f?: Readonly<Record<string, SchemaField>>;
  readonly gvk?: string;
  readonly mt?: string;
}

/** Number, proto name, type, flags, JSON name. */
type ProtoField = readonly [number, string, string, string?, string?];

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: generate.ts <directory of the facts>');

function load<T>(file: string): Record<string, T> {
  const all = JSON.parse(readFileSync(join(directory!, file), 'utf8')) as Record<string, T>;
  delete all['_legend'];
  return all;
}

const schemas = load<SchemaDefinition>('schema-facts.json');
const messages = load<readonly ProtoField[]>('proto-fields.json');

/** The lines of a file beside this one, in words. */
function linesOf(file: string): string[][] {
  const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
}

/** Definition to fields. */
function listed(file: string): Map<string, Set<string>> {
  return new Map(linesOf(file).map(([name, ...fields]) => [name!, new Set(fields)]));
}

const pointers = listed('pointers.txt');
const shown = listed('shown.txt');
/** `<definition> <field>` to what its items or values may be. */
const choices = new Map(
  linesOf('choices.txt').map(([name, field, ...words]) => [`${name} ${field}`, words.join('~')]),
);

function plainName(name: string): string {
  return name.replace(/^apis\.meta\.v1\./, 'meta.v1.');
}

const messageOf = new Map(Object.entries(messages).map(([name, fields]) => [plainName(name), fields]));

/** Type of a field that only the schema knows. */
function schemaType(field: SchemaField): string {
  const scalar = (type: string): string => {
    if (type === 'integer') return field.fmt ?? 'int64';
    if (type === 'boolean') return 'bool';
    if (type === 'number') return 'double';
    if (type === 'string' && field.fmt === 'byte') return 'bytes';
    return type;
  };
  if (field.t === 'array') return `[]${scalar(field.i ?? 'any')}`;
  if (field.t === 'object') return field.m === undefined ? 'any' : `{}${scalar(field.m)}`;
  return scalar(field.t);
}

function notes(field: SchemaField | undefined): string {
  if (field === undefined) return '';
  let text = '';
  if (field.q === 1) text += ' required';
  if (field.lt !== undefined) text += ` list=${field.lt}`;
  if (field.lk !== undefined) text += ` keys=${field.lk.join(',')}`;
  if (field.mt !== undefined) text += ` map=${field.mt}`;
  if (field.mk !== undefined) text += ` merge=${field.mk}`;
  if (field.ps !== undefined) text += ` patch=${field.ps}`;
  if (field.e !== undefined) text += ` enum=${field.e.join('|')}`;
  return text;
}

function zero(owner: string, name: string): string {
  const take = (all: Map<string, Set<string>>, word: string): string =>
    all.get(owner)?.delete(name) === true ? ` ${word}` : '';
  return take(pointers, 'pointer') + take(shown, 'shown');
}

function innerChoices(owner: string, name: string): string {
  const field = `${owner} ${name}`;
  const found = choices.get(field);
  choices.delete(field);
  return found === undefined ? '' : ` enum=${found}`;
}

function protoLine(owner: string, field: ProtoField, schema: SchemaDefinition | undefined): string {
  const [number, protoName, type, flags = '', jsonName] = field;
  const name = jsonName === undefined || jsonName === '-' ? protoName : jsonName;
  const shape = flags.includes('m') ? '{}' : flags.includes('r') ? '[]' : '';
  const inline = flags.includes('i') ? ' inline' : '';
  const rest = zero(owner, name) + notes(schema?.f?.[name]) + innerChoices(owner, name);
  return `${number} ${name} ${shape}${plainName(type)}${inline}${rest}`;
}

/** A message that only exists embedded in another has its facts there. */
function schemaOfParent(name: string): SchemaDefinition | undefined {
  for (const [parent, fields] of messageOf) {
    if (fields.some((field) => plainName(field[2]) === name && field[3]?.includes('i') === true))
      return schemas[parent];
  }
  return undefined;
}

function definition(name: string): string {
  const own = schemas[name];
  const schema = own ?? { f: schemaOfParent(name)?.f ?? {} };
  const fields = messageOf.get(name);
  const heading = [`# ${name}`];
  if (schema?.gvk !== undefined) heading.push(`kind=${schema.gvk}`);
  if (schema?.mt !== undefined) heading.push(`map=${schema.mt}`);
  if (schema !== undefined && schema.f === undefined) heading.push(`form=${schema.fmt ?? schema.t}`);
  const lines = [heading.join(' ')];
  if (schema?.f?.['kind'] !== undefined && schema.f['apiVersion'] !== undefined) {
    if (!fields?.some((field) => field[1] === 'kind')) lines.push('0 kind string', '0 apiVersion string');
  }
  if (fields !== undefined) for (const field of fields) lines.push(protoLine(name, field, schema));
  else
    for (const [field, facts] of Object.entries(schema?.f ?? {})) {
      if (field === 'kind' || field === 'apiVersion') continue;
      lines.push(`0 ${field} ${schemaType(facts)}${zero(name, field)}${notes(facts)}`);
    }
  return lines.join('\n');
}

const names = [...new Set([...Object.keys(schemas), ...messageOf.keys()])].sort();
const text = names.map(definition).join('\n');
for (const [name, fields] of [...pointers, ...shown]) {
  if (fields.size > 0) throw new Error(`${name} has no field ${[...fields].join(', ')}`);
}
for (const field of choices.keys()) throw new Error(`there is no field ${field}`);
if (/[`\\]|\$\{/.test(text)) throw new Error('the facts do not fit a template string');

process.stdout.write(`/**
 * What is known of every Kubernetes type. Written by \`proto/kubernetes/generate.ts\`; not edited by hand.
 *
 * \`# <definition> kind=<group/version/Kind> map=<map type> form=<how a scalar looks>\`, then one line per field in the order
 * of declaration: protobuf number (0: in JSON only), JSON name, type (\`[]\` list, \`{}\` map from string), then what holds:
 * \`inline\` (its members stand in the parent), \`pointer\` (zero is not absent), \`shown\` (also when it is zero), \`required\`,
 * \`list=\`, \`keys=\`, \`map=\`, \`merge=\`, \`patch=\`, \`enum=a|b\` (of what a list or map holds; \`~\` stands for a space).
 */

// biome-ignore format: a table
export const kubernetesFacts: string = \`
${text}
\`;
`);
