import t from 'tap';
import { type Allowance, allowances, nameBreaches, watchedNames } from './names.ts';
import { readSources } from './sources.ts';

t.test(
  'clock, chance, timers, disk, network and packages appear in their adapters and nowhere else',
  async (t) => {
    t.same(nameBreaches(readSources('src', ['.ts']), allowances), []);
  },
);

t.test('every allowance says why', async (t) => {
  for (const { what, where, reason } of allowances) t.ok(reason.length > 10, `${what} in ${where}`);
});

const bad: Readonly<Record<keyof typeof watchedNames, readonly string[]>> = {
  'Date.now': ['const at = Date.now();', 'now: Date.now,', 'Date\n  .now()'],
  'new Date()': ['new Date()', 'new Date( )', 'const d = new Date;'],
  'Math.random': ['Math.random() < 0.5', 'const draw = Math.random;'],
  'performance.now': ['performance.now()', 'performance.mark("a")', 'globalThis.performance.now()'],
  'process.nextTick': ['process.nextTick(done)'],
  'process.hrtime': ['process.hrtime.bigint()'],
  'process.env': ["process.env['HOME']"],
  'process.exit': ['process.exit(1)', 'process.abort()'],
  console: ['console.log(1)'],
  crypto: ['crypto.randomUUID()', '(crypto.getRandomValues(a))'],
  fetch: ['await fetch(url)'],
  setTimeout: ['setTimeout(done, 1)', 'const later = setTimeout;', `\`\${setTimeout(a)}\``],
  setInterval: ['setInterval(done, 1)'],
  setImmediate: ['setImmediate(done)'],
  queueMicrotask: ['queueMicrotask(done)'],
};

function breachesOf(text: string, allowed: readonly Allowance[] = []): string[] {
  return nameBreaches(new Map([['src/raft/a.ts', text]]), allowed);
}

t.test('each forbidden name would be seen', async (t) => {
  t.same(Object.keys(bad).sort(), Object.keys(watchedNames).sort(), 'and each is tried');
  for (const [what, texts] of Object.entries(bad)) {
    for (const text of texts) t.same(breachesOf(text), [`src/raft/a.ts:1: ${what} has no place here`], text);
  }
});

t.test('every module that is not named would be seen', async (t) => {
  for (const name of [
    'node:fs',
    'fs',
    'node:timers/promises',
    'node:worker_threads',
    'level',
    '@grpc/grpc-js',
  ]) {
    t.same(breachesOf(`\nimport type { A } from '${name}';`), [`src/raft/a.ts:2: ${name} has no place here`]);
  }
});

t.test('what only looks like a forbidden name is left alone', async (t) => {
  const harmless = [
    '// Date.now() and setTimeout are for the adapter',
    "log('Math.random is not used');",
    'scheduler.setTimeout(done); this.#nextTicket++; const setTimeouts = 1;',
    'new Date(options.wallNow()).toISOString();',
    'const text = `Date.now()`;',
    "const isConsole = options.logFormat === 'console';",
    'store.fetch(key);',
  ];
  for (const text of harmless) t.same(breachesOf(text), [], text);
});

t.test('an allowance covers its file or its folder and no other, and must be used', async (t) => {
  const text = "import { readFileSync } from 'node:fs';";
  const allowance = (where: string) => [{ what: 'node:fs', where, reason: 'told' }];
  t.same(breachesOf(text, allowance('src/raft/a.ts')), []);
  t.same(breachesOf(text, allowance('src/raft/')), []);
  for (const elsewhere of ['src/raft/a', 'src/wal/', 'src/raft/b.ts']) {
    t.same(breachesOf(text, allowance(elsewhere)), [
      'src/raft/a.ts:1: node:fs has no place here',
      `${elsewhere}: the allowance of node:fs is not used`,
    ]);
  }
});
