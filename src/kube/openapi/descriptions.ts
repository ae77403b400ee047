/**
 * What kinds, types and fields mean, for `kubectl explain`, in words of our own. The words are tables in `words/`, loaded when
 * a document is first made: a server that nobody asks for one has no part in them.
 *
 * A table has sections. `# core.v1.Pod: What it is.` names a type and describes it; the lines below it, `name: What it is.`,
 * describe its fields. `# core.v1.EnvVar core.v1.Sysctl`, without words, is for fields that several types have in common, and a type
 * may stand in several sections. Some words begin as a real server's do: conformance tests look for that.
 */

import type { Definition } from '../schema/schema.ts';

/** The longest description, in characters: one sentence, two lines of a terminal. */
export const descriptionCharsMax = 160;

const membersOfKinds: Readonly<Record<string, string>> = {
  apiVersion: 'APIVersion defines the group and version of the API that this object is written in.',
  kind: 'Kind is the type of this object.',
  metadata: "Standard object's metadata: name, labels, owners and the like.",
  spec: 'What is wanted of the object.',
  status: 'What was last seen of the object; set by the system.',
};

const membersOfLists: Readonly<Record<string, string>> = {
  ...membersOfKinds,
  metadata: 'What there is to say of the list besides its items.',
  items: 'The objects of the list.',
};

/** What a member means that every object has; empty when it is none. */
export function memberText(name: string): string {
  return membersOfKinds[name] ?? '';
}

/** `Pod` of `v1/PodList`; null: it is no list. */
function listedKind(kind: string): string | null {
  const [, listed] = /(\w+)List$/.exec(kind) ?? [];
  return listed ?? null;
}

export interface Section {
  /** Names of definitions. */
  readonly types: readonly string[];
  /** Of the type; empty: the section is for fields alone. */
  readonly text: string;
  /** Field to text. */
  readonly fields: ReadonlyMap<string, string>;
}

function readSection(section: string): Section {
  const [heading = '', ...lines] = section.trimEnd().split('\n');
  const at = heading.indexOf(': ');
  const types = (at < 0 ? heading : heading.slice(0, at)).split(' ');
  const fields = lines.map((line): [string, string] => {
    const end = line.indexOf(': ');
    return [line.slice(0, end), line.slice(end + 2)];
  });
  return { types, text: at < 0 ? '' : heading.slice(at + 2), fields: new Map(fields) };
}

/** The sections of a table, in their order. */
export function sectionsOf(table: string): Section[] {
  return table
    .split(/^# /m)
    .slice(1)
    .map((section) => readSection(section));
}

export class Descriptions {
  readonly #types: Map<string, string> = new Map();
  readonly #fields: Map<string, Section[]> = new Map();

  constructor(tables: readonly string[]) {
    for (const section of tables.flatMap(sectionsOf)) {
      for (const type of section.types) {
        if (section.text !== '') this.#types.set(type, section.text);
        const known = this.#fields.get(type);
        if (known === undefined) this.#fields.set(type, [section]);
        else known.push(section);
      }
    }
  }

  /** What the type is; empty when nothing is said. */
  type({ name, kind }: Definition): string {
    const listed = listedKind(kind);
    return this.#types.get(name) ?? (listed === null ? '' : `A list of objects of the kind ${listed}.`);
  }

  /** What a field of the type means; empty when nothing is said. */
  field({ name, kind }: Definition, field: string): string {
    for (const { fields } of this.#fields.get(name) ?? []) {
      const text = fields.get(field);
      if (text !== undefined) return text;
    }
    if (kind === '') return '';
    return (listedKind(kind) === null ? membersOfKinds : membersOfLists)[field] ?? '';
  }
}

let loaded: Descriptions | null = null;

/** All that is said. The first call loads it. */
export async function loadDescriptions(): Promise<Descriptions> {
  if (loaded === null) {
    const { wordTables } = await import('./words/index.ts');
    loaded = new Descriptions(wordTables);
  }
  return loaded;
}
