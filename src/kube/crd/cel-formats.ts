/** Formats of texts as values of rules (Kubernetes' CEL library of formats): `format.dns1123Label().validate(self.name)`. */

import { type Environment, Optional } from '@marcbachmann/cel-js';
import {
  labelProblems,
  labelValueProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from '../meta/names.ts';
import { isOfFormat } from './formats.ts';
import { labelProblems as olderLabelProblems } from './label-problems.ts';

type Problems = (text: string) => readonly string[];

/** Of a prefix of a name: whatever comes behind a hyphen at its end may mend it. */
function ofPrefix(problems: Problems): Problems {
  return (text) => problems(text.replace(/-$/, 'a'));
}

function ofFormat(name: string, problem: string): Problems {
  return (text) => (isOfFormat(name, text) ? [] : [problem]);
}

const formats: Readonly<Record<string, Problems>> = {
  dns1123Label: labelProblems,
  dns1123Subdomain: subdomainProblems,
  dns1035Label: olderLabelProblems,
  qualifiedName: qualifiedNameProblems,
  dns1123LabelPrefix: ofPrefix(labelProblems),
  dns1123SubdomainPrefix: ofPrefix(subdomainProblems),
  dns1035LabelPrefix: ofPrefix(olderLabelProblems),
  labelValue: labelValueProblems,
  uri: (text) => (isOfFormat('uri', text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
  uuid: ofFormat('uuid', 'does not match the UUID format'),
  byte: ofFormat('byte', 'invalid base64'),
  date: ofFormat('date', 'invalid date'),
  datetime: ofFormat('date-time', 'invalid datetime'),
};

class Format {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** `format` is a name that functions hang on. */
class Formats {}

export function registerFormats(language: Environment): void {
  const type = 'kubernetes.NamedFormat';
  language.registerType(type, Format).registerType('kubernetes.Formats', Formats);
  language.registerConstant('format', 'kubernetes.Formats', new Formats());
  for (const name of Object.keys(formats)) {
    language.registerFunction(`kubernetes.Formats.${name}(): ${type}`, () => new Format(name));
  }
  language
    .registerFunction(
      `kubernetes.Formats.named(string): optional<${type}>`,
      (_formats: Formats, name: string) =>
        Object.hasOwn(formats, name) ? Optional.of(new Format(name)) : Optional.none(),
    )
    .registerFunction(
      `${type}.validate(string): optional<list<string>>`,
      ({ name }: Format, text: string) => {
        const problems = formats[name]!(text);
        return problems.length === 0 ? Optional.none() : Optional.of([...problems]);
      },
    );
}
