/**
 * Which form of an answer a client gets: the entries of Accept in order of appearance, those with a higher
 * q first; entries that cannot be honoured are passed over.
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
  readonly formats: readonly Format[];
  /** Shapes that can be made of this answer, with their versions. */
  readonly shapes: Readonly<Partial<Record<As, readonly string[]>>>;
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

interface Entry {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parseEntry(text: string): Entry {
  const [type, ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at > 0) parameters.set(part.slice(0, at), part.slice(at + 1).replace(/^"|"$/g, ''));
  }
  const quality = Number(parameters.get('q') ?? '1');
  return { type: type!.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
}

function match(entry: Entry, offer: Offer): Accepted | null {
  const isAny = entry.type === '*/*';
  const format = isAny ? 'json' : mediaFormats[entry.type];
  if (format === undefined || !offer.formats.includes(format)) return null;
  const as = entry.parameters.get('as') as As | undefined;
  if (as === undefined) return { format, as: null, asVersion: '' };
  // A Table has no protobuf form.
  if (as === 'Table' && format === 'protobuf') return null;
  const version = entry.parameters.get('v') ?? '';
  const group = as === 'APIGroupDiscoveryList' ? 'apidiscovery.k8s.io' : 'meta.k8s.io';
  if (entry.parameters.get('g') !== group) return null;
  return offer.shapes[as]?.includes(version) === true ? { format, as, asVersion: version } : null;
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
  const key = `${offer.formats.join()} ${accept}`;
  let result = results.get(key);
  if (result === undefined) {
    result = chosen(accept, offer);
    if (results.size < knownMax) results.set(key, result);
  }
  return result;
}

function chosen(accept: string, offer: Offer): Accepted {
  if (accept.trim() === '') return { format: offer.formats[0]!, as: null, asVersion: '' };
  const entries = accept.split(',').map(parseEntry);
  entries.sort((a, b) => b.quality - a.quality);
  for (const entry of entries) {
    if (entry.quality === 0) continue;
    const found = match(entry, offer);
    if (found !== null) return found;
  }
  throw notAcceptable(namedTypes(offer));
}

/** What a refusal names: whatever some resource has, for a Status may have it, too. */
function namedTypes({ formats, shapes }: Offer): string[] {
  const isResource = shapes === objectShapes || shapes === reviewShapes;
  if (!isResource) return formats.map((format) => mediaTypes[format]);
  if (formats.includes('yaml')) return Object.values(mediaTypes);
  return [`${mediaTypes.json};stream=watch`, `${mediaTypes.protobuf};stream=watch`];
}

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
