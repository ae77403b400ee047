/**
 * Which form of an answer a client gets (reference §2.3): the entries of Accept in order of appearance, those with a higher
 * q first and those with a star last; entries that cannot be honoured are passed over.
 */

import { notAcceptable } from '../api/status.ts';

export type Format = 'json' | 'yaml' | 'protobuf';
export type As = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'APIGroupDiscoveryList';

export interface Accepted {
  readonly format: Format;
  /** The object in another shape, or null: as it is. */
  readonly as: As | null;
  /** `v1` of `v=v1`; empty without `as`. */
  readonly asVersion: string;
}

export interface Offer {
  /** Of the object as it is. */
  readonly formats: readonly Format[];
  /** Of its other shapes. @default those of the object */
  readonly shapeFormats?: readonly Format[];
  /** Shapes that can be made of this answer, with their versions. */
  readonly shapes: Readonly<Partial<Record<As, readonly string[]>>>;
  /** Frames, of which YAML has none. @default false */
  readonly isStream?: boolean;
  /** Whoever takes any application takes this; others are refused who name no form and do not take everything. @default false */
  readonly isOfAnyRoute?: boolean;
}

const mediaFormats: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};

export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

/** In the order in which a star finds them. */
export const allFormats: readonly Format[] = ['json', 'yaml', 'protobuf'];

interface Entry {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** @returns null: it is no type */
function parseEntry(text: string): Entry | null {
  const [name = '', ...rest] = text.split(';');
  const [type = '', subtype = '', ...more] = name.split('/').map((part) => part.trim());
  if (more.length > 0 || (subtype === '' && type !== '*')) return null;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const [key = '', value = '', ...others] = part.split('=').map((word) => word.trim());
    if (value === '' || others.length > 0) continue;
    if (key === 'q') quality = Number(value) || 0;
    else parameters.set(key, value);
  }
  return { type, subtype: subtype === '' ? '*' : subtype, parameters, quality };
}

function precedes(a: Entry, b: Entry): boolean {
  if (a.quality > b.quality) return true;
  return (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*');
}

/** By insertion: what precedes what is no order, and the result depends on who is compared with whom. */
function parseAccept(accept: string): Entry[] {
  const entries: Entry[] = [];
  for (const text of accept.split(',')) {
    const entry = parseEntry(text);
    if (entry === null) continue;
    let at = entries.length;
    while (at > 0 && precedes(entry, entries[at - 1]!)) at--;
    entries.splice(at, 0, entry);
  }
  return entries;
}

function isNamedBy({ type, subtype }: Entry, format: Format): boolean {
  if (type === '*') return subtype === '*';
  if (subtype === '*') return type === 'application';
  return mediaFormats[`${type}/${subtype}`] === format;
}

function match({ parameters }: Entry, format: Format, offer: Offer): Accepted | null {
  const stream = parameters.get('stream');
  if (stream !== undefined && (stream !== 'watch' || format === 'yaml')) return null;
  const as = parameters.get('as') as As | undefined;
  const [group, version] = [parameters.get('g'), parameters.get('v')];
  if (as === undefined && group === undefined && version === undefined) {
    return offer.formats.includes(format) ? { format, as: null, asVersion: '' } : null;
  }
  if (as === undefined || version === undefined || offer.shapes[as]?.includes(version) !== true) return null;
  if (group !== (as === 'APIGroupDiscoveryList' ? 'apidiscovery.k8s.io' : 'meta.k8s.io')) return null;
  // A Table has no protobuf form.
  if (as === 'Table' && format === 'protobuf') return null;
  return (offer.shapeFormats ?? offer.formats).includes(format) ? { format, as, asVersion: version } : null;
}

/** Results by offer and header: clients have few of them. */
const known = new WeakMap<Offer['shapes'], Map<string, Accepted>>();
const knownMax = 500;

/**
 * @param accept the header; empty is everything
 * @throws StatusError 406
 */
export function negotiate(accept: string, offer: Offer): Accepted {
  let results = known.get(offer.shapes);
  if (results === undefined) {
    results = new Map();
    known.set(offer.shapes, results);
  }
  const kind = `${offer.isStream === true} ${offer.isOfAnyRoute === true}`;
  const key = `${kind} ${offer.formats.join()} ${offer.shapeFormats?.join()} ${accept}`;
  let result = results.get(key);
  if (result === undefined) {
    const found = chosen(accept, offer);
    const isFramed = offer.isStream !== true || found?.format !== 'yaml';
    if (found === null || !isFramed) throw notAcceptable(namedTypes(offer));
    result = found;
    if (results.size < knownMax) results.set(key, result);
  }
  return result;
}

/** Routes of built-in resources are found by names of types, of which only one is a star. */
function hasRoute(accept: string): boolean {
  return accept.split(',').some((entry) => {
    const name = entry.split(';')[0]!.trim();
    return name === '*/*' || mediaFormats[name] !== undefined;
  });
}

function chosen(accept: string, offer: Offer): Accepted | null {
  if (accept === '') return { format: offer.formats[0]!, as: null, asVersion: '' };
  if (offer.isOfAnyRoute !== true && !hasRoute(accept)) return null;
  for (const entry of parseAccept(accept)) {
    for (const format of allFormats) {
      const found = isNamedBy(entry, format) ? match(entry, format, offer) : null;
      if (found !== null) return found;
    }
  }
  return null;
}

/** The form of a refusal, which is never put into another shape; null: none of what is asked for. */
export function negotiateError(accept: string, formats: readonly Format[]): Accepted | null {
  return chosen(accept, { formats, shapes: {}, isOfAnyRoute: true });
}

/** What a refusal names: whatever some resource has, for a Status may have it, too. */
function namedTypes({ formats, shapes, isStream }: Offer): readonly string[] {
  if (isStream === true) return streamTypes;
  const isResource = shapes === objectShapes || shapes === reviewShapes;
  return (isResource ? allFormats : formats).map((format) => mediaTypes[format]);
}

const streamTypes = [`${mediaTypes.json};stream=watch`, `${mediaTypes.protobuf};stream=watch`];

/** Reviews are answers: nobody can make a table of them. */
export const reviewShapes: Offer['shapes'] = {
  PartialObjectMetadata: ['v1', 'v1beta1'],
  PartialObjectMetadataList: ['v1', 'v1beta1'],
};

/** What built-in objects and lists can be turned into. */
export const objectShapes: Offer['shapes'] = {
  Table: ['v1', 'v1beta1'],
  PartialObjectMetadata: ['v1', 'v1beta1'],
  PartialObjectMetadataList: ['v1', 'v1beta1'],
};
