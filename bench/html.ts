/** One page with everything that was measured: text, tables and plots in a single file that needs nothing else. */

export interface Section {
  readonly name: string;
  readonly summary: string;
  readonly text: string;
  /** SVG documents. */
  readonly charts: readonly string[];
}

const STYLE = `
:root { color-scheme: light; --ink: #212529; --soft: #5c636a; --rule: #dee2e6; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem 4rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .2rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
p { margin: 0 0 1rem; color: var(--soft); }
nav a { margin-right: .8rem; color: #0b7285; }
pre { overflow-x: auto; padding: .8rem; background: #f8f9fa; border-radius: 6px; font: 12.5px/1.45 ui-monospace, monospace; }
svg { max-width: 100%; height: auto; display: block; margin: 1rem 0; }
@media print { nav { display: none } h2 { break-before: page } }
`;

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** @param about a line on when and where it was measured */
export function htmlReport(about: string, sections: readonly Section[]): string {
  const links = sections.map(({ name }) => `<a href="#${name}">${escapeText(name)}</a>`);
  const parts = sections.map(({ name, summary, text, charts }) =>
    [
      `<section><h2 id="${name}">${escapeText(name)}</h2><p>${escapeText(summary)}</p>`,
      ...charts,
      `<pre>${escapeText(text)}</pre></section>`,
    ].join('\n'),
  );
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Keelson: measurements</title><style>${STYLE}</style></head><body>`,
    `<h1>Keelson: measurements</h1><p>${escapeText(about)}</p><nav>${links.join('')}</nav>`,
    ...parts,
    '</body></html>',
    '',
  ].join('\n');
}
