/** What the pages of the project say of it: links, scripts. Each rule returns one line per breach. */

import { posix } from 'node:path';
import type { Sources } from './sources.ts';

/** `[text](target)`, `![text](target "title")` and `[label]: target`. */
const linkForms: readonly RegExp[] = [
  /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
  /^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm,
];
const headings = /^#{1,6}\s+(.+?)\s*#*$/gm;
const fencedBlock = /^(```|~~~)[\s\S]*?^\1/gm;
const inlineCode = /`[^`\n]*`/g;

function withoutCode(text: string): string {
  return text.replace(fencedBlock, '').replace(inlineCode, 'code');
}

/** The names that a page's headings have in a link, as code hosts make them: small letters, hyphens, no other signs. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.replace(fencedBlock, '').matchAll(headings)) {
    const plain = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Links of `pages` to files that are not in the project, and to headings that are not in their page. */
export function brokenLinks(pages: Sources, exists: (path: string) => boolean): string[] {
  const broken: string[] = [];
  for (const [path, text] of pages) {
    for (const form of linkForms) {
      for (const [, target] of withoutCode(text).matchAll(form)) {
        if (/^[a-z][a-z0-9+.-]*:/i.test(target!)) continue;
        const [file, anchor] = target!.split('#') as [string, string | undefined];
        const resolved = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file));
        if (resolved.startsWith('..') || !exists(resolved)) broken.push(`${path}: there is no ${target}`);
        else if (
          anchor !== undefined &&
          pages.has(resolved) &&
          !anchorsOf(pages.get(resolved)!).has(anchor)
        ) {
          broken.push(`${path}: ${resolved} has no heading for #${anchor}`);
        }
      }
    }
  }
  return broken;
}

/** Scripts that `pages` name as `npm run x`, `npm test` or `npm start`, and that are not in `scripts`. */
export function missingScripts(pages: Sources, scripts: Readonly<Record<string, string>>): string[] {
  const missing: string[] = [];
  for (const [path, text] of pages) {
    for (const match of text.matchAll(
      /\bnpm\s+(?:run(?:-script)?\s+(?:-\S+\s+)*([\w:.-]*\w)|(test|start)\b)/g,
    )) {
      const name = match[1] ?? match[2]!;
      if (!Object.hasOwn(scripts, name)) missing.push(`${path}: there is no script ${name}`);
    }
  }
  return missing;
}
