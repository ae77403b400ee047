/**
 * References of container images: `registry:5000/team/app:1.0@sha256:…`. Only the tag is asked for here, and that a port is
 * none.
 */

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const referenceRegex = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::([\\w][\\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** The tag; `latest` when there is neither tag nor digest; empty when there is only a digest or no reference at all. */
function imageTag(image: string): string {
  const match = referenceRegex.exec(image);
  if (match === null) return '';
  return match[1] ?? (match[2] === undefined ? 'latest' : '');
}

/** What `imagePullPolicy` is when nobody says. */
export function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}
