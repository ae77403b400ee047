/** `clientConfig` of webhooks: one of a URL and a service (k8s.io/apiserver, util/webhook/validation). */

import { type FieldError, invalidValue, required } from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { labelProblems } from '../crd/label-problems.ts';
import { subdomainProblems } from '../meta/names.ts';
import { has, maybeObject, numberOf, textOf } from './members.ts';

const form = '; desired format: https://host[/path]';
const portMax = 65_535;

/** Why Go's parser does not take a URL; null: it does. */
function urlProblem(url: string): string | null {
  const shown = JSON.stringify(url);
  if (url.startsWith(':')) return `parse ${shown}: missing protocol scheme`;
  const host = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
  const wrong = /[\s"<>\\^`{|}]/.exec(host.slice(host.lastIndexOf('@') + 1));
  if (wrong !== null) return `parse ${shown}: invalid character ${JSON.stringify(wrong[0])} in host name`;
  return null;
}

function validateUrl(field: string, url: string): FieldError[] {
  const problem = urlProblem(url);
  if (problem !== null) return [required(field, `url must be a valid URL: ${problem}${form}`)];
  const parts = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/i.exec(url);
  const [, scheme = '', authority = '', query = '', fragment = ''] = parts ?? [];
  const at = authority.lastIndexOf('@');
  const errors: FieldError[] = [];
  if (scheme !== 'https') {
    errors.push(invalidValue(field, scheme, `'https' is the only allowed URL scheme${form}`));
  }
  if (authority.slice(at + 1) === '') errors.push(invalidValue(field, '', `host must be specified${form}`));
  if (at >= 0) {
    errors.push(invalidValue(field, authority.slice(0, at), 'user information is not permitted in the URL'));
  }
  if (fragment !== '') errors.push(invalidValue(field, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalidValue(field, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function validatePath(field: string, path: string): FieldError[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return [invalidValue(field, path, 'segment[0] may not be empty')];
  const errors: FieldError[] = [];
  if (!path.startsWith('/')) errors.push(invalidValue(field, path, "must start with a '/'"));
  path
    .slice(1)
    .replace(/\/$/, '')
    .split('/')
    .forEach((step, at) => {
      const problems = step === '' ? ['segment may not be empty'] : subdomainProblems(step);
      for (const problem of problems) {
        const why = step === '' ? `segment[${at}] may not be empty` : `segment[${at}]: ${problem}`;
        errors.push(invalidValue(field, path, why));
      }
    });
  return errors;
}

function validateService(field: string, service: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of ['name', 'namespace']) {
    if (textOf(service, member) === '') errors.push(required(`${field}.${member}`));
  }
  const port = numberOf(service, 'port');
  if (port !== undefined && (port < 1 || port > portMax)) {
    const why = `port is not valid: must be between 1 and ${portMax}, inclusive`;
    errors.push(invalidValue(`${field}.port`, port, why));
  }
  return [...errors, ...validatePath(`${field}.path`, textOf(service, 'path'))];
}

/** @param field of the configuration, `webhooks[0].clientConfig` */
export function validateWebhookClient(field: string, client: JsonObject): FieldError[] {
  const service = maybeObject(client, 'service');
  if (has(client, 'url') === (service !== null)) {
    return [required(field, 'exactly one of url or service is required')];
  }
  return service === null
    ? validateUrl(`${field}.url`, textOf(client, 'url'))
    : validateService(`${field}.service`, service);
}

const acceptedVersions = ['v1', 'v1beta1'];

/**
 * Versions of reviews that a webhook takes; one of them has to be known.
 * @param whyRequired what is told where there is none
 */
export function validateReviewVersions(
  field: string,
  versions: readonly string[],
  whyRequired: string,
): FieldError[] {
  if (versions.length === 0) return [required(field, whyRequired)];
  const errors = versions.flatMap((version, at) => {
    const place = `${field}[${at}]`;
    if (versions.indexOf(version) !== at) return [invalidValue(place, version, 'duplicate version')];
    return labelProblems(version).map((problem) => invalidValue(place, version, problem));
  });
  if (!versions.some((version) => acceptedVersions.includes(version))) {
    const why = `must include at least one of ${acceptedVersions.join(', ')}`;
    errors.push(invalidValue(field, [...versions], why));
  }
  return errors;
}
