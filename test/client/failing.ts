/** What an error must match, in the form that `rejects` and `throws` take. */
export function failing(pattern: object): Error {
  return pattern as Error;
}
