/** Colours of a terminal; a pipe gets none, nor who has set `NO_COLOR`. */

const codes = { green: '32', yellow: '33', red: '31' } as const;
export type Colour = keyof typeof codes;

/** Whether what is written to the stream is shown in colours. */
export function paintsOn(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '';
}

export function painted(text: string, colour: Colour, paints: boolean): string {
  return paints ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
}

/** What went wrong, with the word that says so in red. */
export function paintedError(text: string, paints: boolean): string {
  return text.replace(/^Error:|(?<= is )unhealthy(?=:)/, (word) => painted(word, 'red', paints));
}
