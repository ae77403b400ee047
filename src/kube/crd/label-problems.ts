/** What is wrong with a name that has to be a label of RFC 1035, as the names of definitions have to be. */

const pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const maxChars = 63;

/** Empty: nothing. */
export function labelProblems(label: string): string[] {
  const problems: string[] = [];
  if (label.length > maxChars) problems.push(`must be no more than ${maxChars} characters`);
  if (!pattern.test(label)) problems.push(text);
  return problems;
}
