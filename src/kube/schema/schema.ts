/**
 * The types of Kubernetes as data: `facts.ts` read once, on first use. A `Definition` has its fields twice: `fields` by JSON
 * name, embedded ones flattened, in the order in which answers show them; `protoFields` as protobuf numbers them.
 *
 * Everything generic over kinds builds on it: strict decoding, strategic merge, server-side apply, the protobuf codec, the
 * OpenAPI documents. Definitions are named like `apps.v1.Deployment`, `meta.v1.ObjectMeta`.
 */

import type { Json } from '../api/objects.ts';
import { kubernetesFacts } from './facts.ts';

export type ScalarType = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double' | 'any';

/** How a field holds its type. */
export type FieldShape = 'single' | 'list' | 'map';

export type ListType = 'atomic' | 'set' | 'map';

export interface Field {
  readonly name: string;
  /** 0: it has no protobuf form. */
  readonly number: number;
  readonly shape: FieldShape;
  /** A scalar, or null when `definition` is set. */
  readonly scalar: ScalarType | null;
  /** Name of the definition of the value, of the items or of the map's values; empty for scalars. */
  readonly definition: string;
  /** Its members stand in the parent's JSON; in protobuf it is a message of its own. */
  readonly isInline: boolean;
  readonly isRequired: boolean;
  /** Zero is another thing than absent. */
  readonly isPointer: boolean;
  /**
   * A zero that a client gives is kept: of a pointer, of what is required, of what is always shown. Of any other scalar a zero
   * is nothing, as is an empty list or map; a Go server leaves those out of all that it shows.
   */
  readonly keepsZero: boolean;
  /** For server-side apply; null: a list is atomic. */
  readonly listType: ListType | null;
  /** Members that identify an item of a list of type 'map'. */
  readonly listKeys: readonly string[];
  /** The field as a whole is one value for server-side apply. */
  readonly isAtomicMap: boolean;
  /** Strategic merge: the member that identifies items; empty when there is none. */
  readonly mergeKey: string;
  /** Strategic merge: 'merge', 'replace', 'retainKeys'. */
  readonly patchStrategies: readonly string[];
  /** The values it may have, or each item or value in it, as OpenAPI lists them; empty: any. */
  readonly choices: readonly string[];
}

/** Members whose zero is left out: structures are there even when they are empty. */
export function dropsZero(field: Field): boolean {
  return !field.keepsZero && (field.shape !== 'single' || (field.scalar !== null && field.scalar !== 'any'));
}

/** What a Go server leaves out: `""`, 0, false, and what holds nothing. */
export function isZero(value: Json): boolean {
  if (typeof value !== 'object') return value === '' || value === 0 || value === false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/** A definition whose JSON is no object of its fields. */
export type SpecialForm =
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'duration'
  /** Any JSON value. */
  | 'any'
  /** Any JSON object. */
  | 'object'
  /** A list of strings. */
  | 'strings';

export interface Definition {
  readonly name: string;
  /** `group/version/Kind` (core: `v1/Kind`); empty when it is no kind. */
  readonly kind: string;
  readonly isAtomic: boolean;
  /** Null: an object of `fields`. */
  readonly form: SpecialForm | null;
  readonly fields: ReadonlyMap<string, Field>;
  readonly protoFields: readonly Field[];
}

const scalarTypes: ReadonlySet<string> = new Set([
  'string',
  'bytes',
  'bool',
  'int32',
  'int64',
  'double',
  'any',
]);

const forms: Readonly<Record<string, SpecialForm>> = {
  'api.resource.Quantity': 'quantity',
  'util.intstr.IntOrString': 'intOrString',
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'microTime',
  'meta.v1.Duration': 'duration',
  'meta.v1.FieldsV1': 'object',
  'meta.v1.Patch': 'object',
  'meta.v1.Verbs': 'strings',
  'authentication.v1.ExtraValue': 'strings',
  'authorization.v1.ExtraValue': 'strings',
  'certificates.v1.ExtraValue': 'strings',
  'runtime.RawExtension': 'object',
  'apiextensions.v1.JSON': 'any',
  'apiextensions.v1.JSONSchemaPropsOrArray': 'any',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'any',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'any',
};

interface MutableDefinition extends Definition {
  readonly protoFields: Field[];
  readonly fields: Map<string, Field>;
}

function readField(line: string): Field {
  const [number, name, typeText, ...notes] = line.split(' ');
  let type = typeText!;
  let shape: FieldShape = 'single';
  if (type.startsWith('[]')) shape = 'list';
  else if (type.startsWith('{}')) shape = 'map';
  if (shape !== 'single') type = type.slice(2);
  const isScalar = scalarTypes.has(type);
  const note = (key: string): string =>
    notes.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
  const words = (text: string, separator: string): readonly string[] =>
    text === '' ? [] : text.split(separator);
  return {
    name: name!,
    number: Number(number),
    shape,
    scalar: isScalar ? (type as ScalarType) : null,
    definition: isScalar ? '' : type,
    isInline: notes.includes('inline'),
    isRequired: notes.includes('required'),
    isPointer: notes.includes('pointer'),
    keepsZero: notes.includes('pointer') || notes.includes('required') || notes.includes('shown'),
    listType: note('list') === '' ? null : (note('list') as ListType),
    listKeys: words(note('keys'), ','),
    isAtomicMap: note('map') === 'atomic',
    mergeKey: note('merge'),
    patchStrategies: words(note('patch'), ','),
    choices: words(note('enum').replaceAll('~', ' '), '|'),
  };
}

function readDefinition(heading: string): MutableDefinition {
  const [name, ...notes] = heading.split(' ');
  const kind = notes.find((note) => note.startsWith('kind='))?.slice(5) ?? '';
  const isAtomic = notes.includes('map=atomic');
  const isFree = notes.some((note) => note === 'form=object' || note === 'form=any');
  const form = forms[name!] ?? (isFree ? 'object' : null);
  return { name: name!, kind, isAtomic, form, fields: new Map(), protoFields: [] };
}

function flatten(all: Map<string, MutableDefinition>, definition: MutableDefinition): void {
  for (const field of definition.protoFields) {
    if (!field.isInline) {
      definition.fields.set(field.name, field);
      continue;
    }
    const embedded = all.get(field.definition);
    if (embedded === undefined)
      throw new Error(`${definition.name} embeds ${field.definition}: no such type`);
    if (embedded.fields.size === 0) flatten(all, embedded);
    for (const [name, inner] of embedded.fields) definition.fields.set(name, inner);
  }
}

class Facts {
  readonly definitions: Map<string, MutableDefinition> = new Map();
  /** `group/version/Kind` to definition. */
  readonly kinds: Map<string, Definition> = new Map();

  constructor(text: string) {
    let current: MutableDefinition | null = null;
    for (const line of text.split('\n')) {
      if (line.startsWith('# ')) {
        current = readDefinition(line.slice(2));
        this.definitions.set(current.name, current);
        if (current.kind !== '') this.kinds.set(current.kind, current);
      } else if (line !== '') current?.protoFields.push(readField(line));
    }
    for (const definition of this.definitions.values()) {
      if (definition.fields.size === 0) flatten(this.definitions, definition);
    }
  }
}

let facts: Facts | null = null;

function all(): Facts {
  facts ??= new Facts(kubernetesFacts);
  return facts;
}

/** The definition of that name, or null. */
export function findDefinition(name: string): Definition | null {
  return all().definitions.get(name) ?? null;
}

/** The definition of that name. @throws Error when there is none: names come from our own tables */
export function definitionOf(name: string): Definition {
  const definition = all().definitions.get(name);
  if (definition === undefined) throw new Error(`there is no definition ${name}`);
  return definition;
}

/** The definition of a built-in kind, or null. `group` is empty for the core group. */
export function definitionOfKind(group: string, version: string, kind: string): Definition | null {
  return all().kinds.get(group === '' ? `${version}/${kind}` : `${group}/${version}/${kind}`) ?? null;
}

export function allDefinitions(): Iterable<Definition> {
  return all().definitions.values();
}
