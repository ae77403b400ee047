/**
 * Bodies that differ in their beginning alone: what is made of one template has another name, and perhaps other labels, and from
 * its spec on the very same text. That text is parsed, decoded and given its defaults once; of each body the rest is read.
 *
 * A body is its head, up to the name of the member `spec`, and its tail. Invariant: what comes of the two is what comes of the body as a
 * whole, and anything else is none of this file's. The tail is known if a body that had it was in order; the head is, with a spec of zero,
 * a JSON object of kind, apiVersion, metadata and that spec, each of them once. So the spec that ended the head is a member of
 * the object itself, whatever the head is. (Counter-example without the comma that a head has to end with: `{"a\` and a spec are a member of
 * another name. A head that stops within a text, a list or an inner object is no JSON with a spec of zero.)
 */

import { type ApiObject, groupVersionText, isJsonObject, type JsonObject } from '../api/objects.ts';
import { applyDefaults } from '../defaults/index.ts';
import type { ResourceType } from '../registry/types.ts';
import { JsonTextError, parseJsonText } from '../schema/json-text.ts';
import { decodePlain } from '../schema/plain-decode.ts';
import { type Definition, definitionOf } from '../schema/schema.ts';
import { templateSpec } from '../storage/template-specs.ts';

/** Longer tails are hardly of a template. */
const tailLettersMax = 16_384;
/** Longer bodies are read as a whole: what is known of a tail may hold all of the body that it was met in. */
const textLettersMax = 65_536;
/** Tails of one generation; the one before it is known beside it. */
const generationMax = 128;
/** Tails that were met once. */
const metMax = 256;

const start = '"spec"';

/** What a tail says. */
interface Tail {
  readonly spec: JsonObject;
  /** There is an empty status behind the spec, as Go writes one. */
  readonly hasStatus: boolean;
}

/** Kinds whose bodies are read so. All of their specs are shared. */
interface Kind {
  readonly resource: ResourceType;
  readonly definition: Definition;
  readonly apiVersion: string;
}

function isSpace(letter: string): boolean {
  return letter === ' ' || letter === '\n' || letter === '\r' || letter === '\t';
}

/** Where the tail begins; -1: the body is none of those. */
function startOfTail(text: string): number {
  const at = text.indexOf(start);
  if (at < 0 || text.length > textLettersMax || text.length - at > tailLettersMax) return -1;
  let before = at - 1;
  while (before > 0 && isSpace(text[before]!)) before--;
  return text[before] === ',' ? at : -1;
}

/** The members of a text; null: it is no object, or one of its members stands twice. */
function membersOf(text: string): JsonObject | null {
  try {
    const { value, duplicates } = parseJsonText(text);
    return duplicates.length === 0 && isJsonObject(value) ? value : null;
  } catch (error) {
    if (error instanceof JsonTextError) return null;
    throw error;
  }
}

/** @param members those that may stand beside kind, apiVersion and metadata, all of which have to be there */
function isOfKind(value: JsonObject, { resource, apiVersion }: Kind, members: readonly string[]): boolean {
  if (value['kind'] !== resource.kind || value['apiVersion'] !== apiVersion) return false;
  if (!isJsonObject(value['metadata'])) return false;
  for (const name in value) {
    if (name !== 'kind' && name !== 'apiVersion' && name !== 'metadata' && !members.includes(name))
      return false;
  }
  return true;
}

const specAlone: readonly string[] = ['spec'];
const specAndStatus: readonly string[] = ['spec', 'status'];

/** The object of a head, without its spec; null: it is read as a whole. */
function headOf(text: string, kind: Kind): JsonObject | null {
  const value = membersOf(`${text}${start}:0}`);
  if (value === null || value['spec'] !== 0 || !isOfKind(value, kind, specAlone)) return null;
  const { apiVersion, metadata } = value;
  const decoded = decodePlain(kind.definition, {
    kind: kind.resource.kind,
    apiVersion: apiVersion!,
    metadata: metadata!,
  });
  return decoded !== undefined && isJsonObject(decoded['metadata']) ? decoded : null;
}

/** Reads the spec of a body and gives it its defaults; null: something about it is unusual. */
function tailOf(text: string, kind: Kind): Tail | null {
  const value = membersOf(text);
  if (value === null || !isOfKind(value, kind, specAndStatus)) return null;
  const { status } = value;
  if (status !== undefined && !(isJsonObject(status) && Object.keys(status).length === 0)) return null;
  const decoded = decodePlain(kind.definition, value);
  if (decoded === undefined || !isJsonObject(decoded['spec'])) return null;
  const hasStatus = decoded['status'] !== undefined;
  applyDefaults(kind.resource, decoded as unknown as ApiObject);
  return { spec: templateSpec(decoded['spec']), hasStatus };
}

class TemplateBodies {
  readonly #kind: Kind;
  #recent: Map<string, Tail> = new Map();
  #older: Map<string, Tail> = new Map();
  readonly #met: Set<string> = new Set();

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  /** Null: it has to be read as a whole. */
  read(text: string): ApiObject | null {
    const at = startOfTail(text);
    if (at < 0) return null;
    const behind = text.slice(at);
    let tail = this.#recent.get(behind);
    if (tail === undefined && !this.#older.has(behind) && !this.#isMetAgain(behind)) return null;
    const head = headOf(text.slice(0, at), this.#kind);
    if (head === null) return null;
    tail ??= this.#older.get(behind) ?? tailOf(text, this.#kind) ?? undefined;
    if (tail === undefined) return null;
    this.#keep(behind, tail);
    head['spec'] = tail.spec;
    if (tail.hasStatus) head['status'] = {};
    return head as unknown as ApiObject;
  }

  #isMetAgain(tail: string): boolean {
    if (this.#met.has(tail)) return true;
    if (this.#met.size >= metMax) this.#met.clear();
    this.#met.add(tail);
    return false;
  }

  #keep(text: string, tail: Tail): void {
    if (this.#recent.has(text)) return;
    this.#met.delete(text);
    if (this.#recent.size >= generationMax) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, tail);
  }
}

const bodies: WeakMap<ResourceType, TemplateBodies> = new WeakMap();

/**
 * The object of a body whose spec other bodies had as well, decoded and with the defaults of its spec, which is shared.
 * @param resource one whose objects share specs, `core/v1 pods`
 * @returns null: the body has to be read as a whole, whatever is in it
 */
export function objectOfTemplate(resource: ResourceType, body: Uint8Array): ApiObject | null {
  if (body.length > textLettersMax) return null;
  let known = bodies.get(resource);
  if (known === undefined) {
    const definition = definitionOf(resource.definition);
    const apiVersion = groupVersionText(resource.group, resource.version);
    known = new TemplateBodies({ resource, definition, apiVersion });
    bodies.set(resource, known);
  }
  return known.read(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
}
