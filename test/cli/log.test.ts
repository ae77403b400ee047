import t from 'tap';
import { createLogger, formatOf, type LogFormat } from '../../src/cli/log.ts';
import { type Logger, LogLevel } from '../../src/util/runtime.ts';

const AT = Date.UTC(2024, 1, 3, 4, 5, 6, 789);

function logger(format: LogFormat, level: LogLevel = LogLevel.Debug): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger({ format, level, write: (line) => lines.push(line), wallNow: () => AT });
  return { log, lines };
}

t.test('a JSON line has level, time and message first, then the fields', async (t) => {
  const { log, lines } = logger('json');
  log.info('became leader', { term: 7, name: 'm1' });
  t.same(lines, [
    '{"level":"info","ts":"2024-02-03T04:05:06.789Z","msg":"became leader","term":7,"name":"m1"}\n',
  ]);
});

t.test('whatever the fields hold, the line is one line of JSON', async (t) => {
  const { log, lines } = logger('json');
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  log.warn('odd\nthings', {
    key: Buffer.from([1, 255]),
    long: new Uint8Array(100),
    id: 2n ** 60n,
    error: new Error('outer', { cause: new Error('inner') }),
    deep: { list: [1n, Buffer.from('a')] },
    map: new Map([['a', 1]]),
    fn: () => 1,
    cycle,
    nothing: undefined,
    msg: 'not the message',
  });
  t.equal(lines.length, 1);
  t.equal(lines[0]!.indexOf('\n'), lines[0]!.length - 1);
  const parsed = JSON.parse(lines[0]!);
  t.match(parsed, {
    level: 'warn',
    msg: 'odd\nthings',
    key: '01ff',
    long: `${'00'.repeat(64)}… (100 bytes)`,
    id: '1000000000000000',
    error: 'outer: inner',
    deep: { list: ['1', '61'] },
    map: { a: 1 },
    msg_: 'not the message',
  });
  t.match(parsed.cycle, /not renderable/);
  t.notOk('nothing' in parsed);
});

t.test('lines below the level are dropped', async (t) => {
  const { log, lines } = logger('json', LogLevel.Warn);
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  t.equal(lines.length, 2);
});

t.test('at a terminal a line is text, still one line', async (t) => {
  const { log, lines } = logger('console');
  log.error('it\nbroke', { path: 'a\nb', term: 3, list: [1, 2] });
  t.same(lines, ['04:05:06.789  error  it\\nbroke  path=a\\nb  term=3  list=[1,2]\n']);
});

t.test('lines are text at a terminal, JSON elsewhere, and JSON always by the name of etcd', async (t) => {
  t.equal(formatOf('auto', true, 'server'), 'console');
  t.equal(formatOf('auto', false, 'server'), 'json');
  t.equal(formatOf('auto', true, 'etcd'), 'json');
  t.equal(formatOf('console', false, 'etcd'), 'console');
});
