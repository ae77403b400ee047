/**
 * Words as etcdctl reads them from lines of text: separated by spaces; in double quotes with the escapes of Go, in single
 * quotes as they are.
 *
 * An escape may give a byte that is no text, as `\xff`. Such a byte stands in a word as U+DC00 and the byte, which is no
 * character, and `bytesOf` makes a byte of it again.
 */

const byteMark = 0xdc00;
const marked = /[\u{dc80}-\u{dcff}]/u;

const named: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** The bytes that a word stands for. */
export function bytesOf(word: string): Buffer {
  if (!marked.test(word)) return Buffer.from(word);
  const parts = Array.from(word, (character) =>
    marked.test(character) ? Buffer.of(character.charCodeAt(0) - byteMark) : Buffer.from(character),
  );
  return Buffer.concat(parts);
}

/** The text between double quotes, with its escapes taken for what they stand for. */
export function unescaped(quoted: string): string {
  return quoted.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs,
    (_, code: string) => {
      if (code.length === 1) return named[code] ?? code;
      if (code[0] === 'u' || code[0] === 'U')
        return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code.slice(1), 16)));
      const byte = code[0] === 'x' ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8) & 0xff;
      return String.fromCharCode(byte < 0x80 ? byte : byteMark + byte);
    },
  );
}

export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted, literal, bare] of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
    words.push(quoted !== undefined ? unescaped(quoted) : (literal ?? bare!));
  }
  return words;
}
