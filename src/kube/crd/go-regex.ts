/**
 * Regular expressions as Go writes them (RE2, https://github.com/google/re2/wiki/Syntax), as those of JavaScript: names of groups,
 * flags at the beginning, classes of POSIX, anchors of the text, escapes of punctuation.
 *
 * Neither backtracks in Go; here a pattern of a user may take long on a text of a user, as any of JavaScript.
 */

/** So many patterns are kept; then it begins anew. */
const knownMax = 4096;
const known: Map<string, RegExp | null> = new Map();

const classes: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** One escape, without what JavaScript refuses. @param isInClass between brackets */
function escaped(text: string, at: number, isInClass: boolean): readonly [string, number] {
  const next = text[at + 1] ?? '';
  if (next === 'A' && !isInClass) return ['(?<![\\s\\S])', 2];
  if (next === 'z' && !isInClass) return ['(?![\\s\\S])', 2];
  if (next === 'a') return ['\\x07', 2];
  const letter = /^[pP]([A-Z])/.exec(text.slice(at + 1));
  if (letter !== null) return [`\\${next}{${letter[1]}}`, 3];
  const wide = /^x\{([0-9A-Fa-f]+)\}/.exec(text.slice(at + 1));
  if (wide !== null) return [`\\u{${wide[1]}}`, wide[0].length + 1];
  if (/^[!"#%&',:;<=>@_`~ ]$/.test(next) || (next === '-' && !isInClass)) return [next, 2];
  return [text.slice(at, at + 2), 2];
}

function translated(text: string): string {
  let result = '';
  let isInClass = false;
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    const posix = isInClass ? /^\[:(\^?)([a-z]+):\]/.exec(text.slice(at)) : null;
    if (posix !== null && posix[1] === '' && classes[posix[2]!] !== undefined) {
      result += classes[posix[2]!];
      at += posix[0].length;
    } else if (char === '\\') {
      const [made, length] = escaped(text, at, isInClass);
      result += made;
      at += length;
    } else if (char === '(' && !isInClass && text.startsWith('(?P<', at)) {
      result += '(?<';
      at += 4;
    } else {
      if (char === '[' && isInClass) result += '\\[';
      else result += char;
      if (char === '[' && !isInClass) {
        isInClass = true;
        // A bracket that stands first closes nothing.
        const first = /^\[\^?\]/.exec(text.slice(at));
        if (first !== null) {
          result += `${first[0].slice(1, -1)}\\]`;
          at += first[0].length - 1;
        }
      } else if (char === ']' && isInClass) isInClass = false;
      at++;
    }
  }
  return result;
}

/** The expression, searching anywhere in a text; null: it is none. @param more flags besides `u` */
export function goRegex(text: string, more: string = ''): RegExp | null {
  const key = `${more} ${text}`;
  let regex = known.get(key);
  if (regex !== undefined) return regex;
  regex = compiled(text, more);
  if (known.size >= knownMax) known.clear();
  known.set(key, regex);
  return regex;
}

function compiled(text: string, more: string): RegExp | null {
  const inline = /^(\^?)\(\?([ims]+)\)/.exec(text);
  const source = inline === null ? text : inline[1]! + text.slice(inline[0].length);
  const flags = more + (inline?.[2] ?? '');
  try {
    return new RegExp(translated(source), `u${flags}`);
  } catch {
    try {
      return new RegExp(source, flags);
    } catch {
      return null;
    }
  }
}
