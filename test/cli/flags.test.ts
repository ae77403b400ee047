import t from 'tap';
import {
  checkUrl,
  choiceFlag,
  flagHelp,
  integerFlag,
  parseFlags,
  switchFlag,
  textFlag,
  urlsFlag,
} from '../../src/cli/flags.ts';

const table = {
  name: textFlag({ help: 'a name', initial: 'default' }),
  maxTxnOps: integerFlag({ help: 'a limit', initial: 128, min: 1, max: 1000 }),
  listenUrls: urlsFlag({ help: 'where', initial: ['http://localhost:1'] }),
  colour: choiceFlag({ help: 'which', initial: 'red', choices: ['red', 'blue'] }),
  fresh: switchFlag('anew'),
};

t.test('one dash and two, with = and with a space, are all the same', async (t) => {
  for (const argv of [
    ['--name', 'a', '--max-txn-ops', '5', '--fresh'],
    ['-name=a', '-max-txn-ops=5', '-fresh'],
    ['--name=a', '--max-txn-ops=5', '--fresh=true'],
  ]) {
    const { values, problems, given } = parseFlags(table, argv);
    t.same(problems, []);
    t.same(values, {
      name: 'a',
      maxTxnOps: 5,
      listenUrls: ['http://localhost:1'],
      colour: 'red',
      fresh: true,
    });
    t.same([...given].sort(), ['fresh', 'maxTxnOps', 'name']);
  }
  t.equal(parseFlags(table, ['--name=a=b', '--name', '-x']).values.name, '-x', 'the last of several wins');
});

t.test('all problems are found at once', async (t) => {
  const { problems } = parseFlags(table, [
    '--nmae',
    'x',
    '--max-txn-ops=many',
    '--listen-urls=localhost:1,http://h',
    '--colour',
    'green',
    'stray',
    '--fresh=perhaps',
    '--name',
  ]);
  t.same(problems, [
    'unknown flag --nmae (did you mean --name?)',
    '--max-txn-ops: must be a whole number, not "many"',
    '--listen-urls: "localhost:1" is not a URL such as http://127.0.0.1:2379',
    '--colour: must be one of red, blue, not "green"',
    'unexpected argument "stray"',
    '--fresh: must be true or false, not "perhaps"',
    '--name: the value is missing',
  ]);
});

t.test('numbers have limits that the message tells', async (t) => {
  t.same(parseFlags(table, ['--max-txn-ops', '0']).problems, [
    '--max-txn-ops: must be from 1 to 1000, not 0',
  ]);
  t.same(parseFlags(table, ['--max-txn-ops', '1e3']).problems.length, 1);
  t.same(parseFlags(table, ['--max-txn-ops', '99999999999999999999']).problems.length, 1);
});

t.test('the environment fills in, and never fights with a flag silently', async (t) => {
  const options = { env: { ETCD_NAME: 'env', ETCD_MAX_TXN_OPS: '7', HOME: '/x' }, envPrefix: 'ETCD_' };
  const filled = parseFlags(table, [], options);
  t.equal(filled.values.name, 'env');
  t.equal(filled.values.maxTxnOps, 7);
  t.ok(filled.given.has('name'));
  const conflict = parseFlags(table, ['--name', 'flag'], options);
  t.same(conflict.problems, [
    '--name and the environment variable ETCD_NAME are both set: remove one of them',
  ]);
});

t.test('a bad variable is named, an unknown one is only a warning', async (t) => {
  const { problems, warnings } = parseFlags(table, [], {
    env: { ETCD_MAX_TXN_OPS: 'x', ETCD_NO_SUCH: '1', ETCD_COLOUR: '' },
    envPrefix: 'ETCD_',
  });
  t.same(problems, ['ETCD_MAX_TXN_OPS: must be a whole number, not "x"']);
  t.same(warnings, ['the environment variable ETCD_NO_SUCH means nothing to this command']);
});

t.test('the environment is not read without a prefix', async (t) => {
  t.equal(parseFlags(table, [], { env: { ETCD_NAME: 'env' } }).values.name, 'default');
});

t.test('URLs need scheme, host and port, and nothing more', async (t) => {
  t.equal(checkUrl('http://127.0.0.1:2379/'), 'http://127.0.0.1:2379');
  t.equal(checkUrl('http://[::1]:2379'), 'http://[::1]:2379');
  for (const bad of [
    'http://h',
    'ftp://h:1',
    'http://h:70000',
    'http://h:1/path',
    'h:1',
    'http://u@h:1',
    '',
  ]) {
    t.throws(() => checkUrl(bad), { message: /./ }, bad);
  }
});

t.test('help is asked for in every usual way and shows each flag with its default', async (t) => {
  for (const word of ['--help', '-h', '-help']) t.ok(parseFlags(table, [word]).help);
  const text = flagHelp(table);
  for (const line of ['--name TEXT', '--max-txn-ops N', '--fresh', '(default 128)', '--colour red|blue']) {
    t.ok(text.includes(line), line);
  }
  t.ok(
    text.split('\n').every((line) => line.length <= 110),
    'lines fit',
  );
});
