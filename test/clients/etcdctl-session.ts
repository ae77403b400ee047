/**
 * What the test types into etcdctl, in order, on a fresh cluster. Between two commands nothing else writes, so that
 * revisions are the same on every system that is etcd.
 */

export type Step =
  | string
  | {
      readonly run: string;
      /** Standard input. */
      readonly input: string;
    }
  | {
      /** Runs until it has printed `until`, the last it has to print; `during` is run as soon as it has printed its first words. */
      readonly watch: string;
      /** Standard input, which stays open. */
      readonly input?: string;
      readonly until: string;
      readonly during?: readonly string[];
    };

/** What `etcdctl txn` reads: comparisons, operations on success and on failure, a blank line after each list. */
const txn = (...lists: readonly (readonly string[])[]): string =>
  lists.map((lines) => `${lines.map((line) => `${line}\n`).join('')}\n`).join('');

const writing: readonly Step[] = [
  'put fruit/apple red',
  'put fruit/pear green -w json',
  'put fruit/apple yellow --prev-kv',
  'put fruit/plum blue --prev-kv -w json',
  'put fruit/fig violet -w fields',
  'put fruit/apple gold --prev-kv -w fields',
  { run: 'put fruit/from-input', input: 'read from standard input' },
  'put fruit/empty ""',
  'put fruit/pear --ignore-value',
  'put fruit/none --ignore-value',
  'put fruit/pear --ignore-lease ripe',
  'put fruit/none --ignore-lease value',
  'put fruit/leased value --lease=7b',
  'put "" value',
  'put "with space" "two words"',
  'put \u00fcber \u03b1\u03b2\u03b3',
  'put animal/ant small',
  'put animal/bee busy',
  'put animal/cow large',
];

const reading: readonly Step[] = [
  'get fruit/apple',
  'get fruit/apple -w json',
  'get fruit/apple -w fields',
  'get fruit/apple -w simple',
  'get fruit/apple -w table',
  'get fruit/apple --print-value-only',
  'get \u00fcber -w json',
  'get "with space"',
  'get fruit/empty -w json',
  'get no/such/key',
  'get no/such/key -w json',
  'get no/such/key -w fields',
  'get --prefix fruit/',
  'get --prefix fruit/ -w json',
  'get --prefix fruit/ -w fields',
  'get --prefix ""',
  'get "" --from-key --keys-only',
  'get fruit/e fruit/g',
  'get fruit/g fruit/e',
  'get --from-key fruit/pear',
  'get --from-key --prefix fruit/pear',
  'get --prefix fruit/ --limit=2',
  'get --prefix fruit/ --limit=2 -w json',
  'get --prefix fruit/ --limit=0 -w json',
  'get --prefix fruit/ --limit=-1',
  'get --prefix fruit/ --keys-only',
  'get --prefix fruit/ --keys-only -w json',
  'get --prefix fruit/ --keys-only --limit=3 --order=DESCEND',
  'get --prefix fruit/ --sort-by=KEY --order=DESCEND',
  'get --prefix fruit/ --sort-by=VALUE --order=ASCEND',
  'get --prefix fruit/ --sort-by=VALUE',
  'get --prefix fruit/ --sort-by=VERSION --order=DESCEND',
  'get --prefix fruit/ --sort-by=CREATE --order=DESCEND',
  'get --prefix fruit/ --sort-by=MODIFY --order=ASCEND',
  'get --prefix fruit/ --sort-by=MODIFY --order=DESCEND --limit=2 -w json',
  'get --prefix fruit/ --sort-by=SIZE',
  'get --prefix fruit/ --order=SIDEWAYS',
  'get fruit/apple --rev=2',
  'get fruit/apple --rev=2 -w json',
  'get fruit/apple --rev=3 -w fields',
  'get --prefix fruit/ --rev=4 --sort-by=MODIFY --order=DESCEND',
  'get fruit/apple --rev=1',
  'get fruit/apple --rev=1000000',
  'get fruit/apple --rev=-1',
  'get fruit/apple --consistency=s',
  'get fruit/apple --consistency=l',
  'get fruit/apple --consistency=x',
  'get --prefix fruit/ --consistency=s --keys-only -w json',
  'get fruit/apple --hex',
  'get',
];

const deleting: readonly Step[] = [
  'del fruit/none',
  'del fruit/none -w json',
  'del fruit/fig --prev-kv',
  'del fruit/plum --prev-kv -w json',
  'del fruit/empty --prev-kv -w fields',
  'get fruit/fig -w json',
  'get fruit/fig --rev=6 -w json',
  'put fruit/fig again --prev-kv -w json',
  'get fruit/fig -w json',
  'del animal/a animal/c --prev-kv',
  'del --prefix animal/ --prev-kv',
  'del --from-key zebra',
  'del --prefix "" --prev-kv -w json',
  'get --prefix "" -w json',
  'del ""',
];

const transacting: readonly Step[] = [
  'put account/a 100',
  'put account/b 50',
  {
    run: 'txn',
    input: txn(['value("account/a") = "100"'], ['put account/a 70', 'put account/b 80'], ['get account/a']),
  },
  {
    run: 'txn',
    input: txn(
      ['value("account/a") = "100"'],
      ['put account/a 0'],
      ['get account/a', 'get --prefix account/'],
    ),
  },
  {
    run: 'txn -w json',
    input: txn(['mod("account/a") > "0"', 'ver("account/b") < "9"'], ['get account/b', 'del account/b'], []),
  },
  {
    run: 'txn -w fields',
    input: txn(['create("account/c") = "0"'], ['put account/c new', 'get account/c'], []),
  },
  { run: 'txn -w fields', input: txn(['create("account/c") = "0"'], [], ['del account/c', 'get account/c']) },
  { run: 'txn', input: txn([], ['put account/d 1', 'del account/none'], []) },
  { run: 'txn', input: txn([], [], []) },
  { run: 'txn -w json', input: txn([], ['get account/none'], []) },
  { run: 'txn', input: txn([], ['put account/d 1', 'put account/d 2'], []) },
  { run: 'txn', input: txn([], ['put account/d 1', 'del --prefix account/'], []) },
  { run: 'txn', input: txn(['value("account/none") = "x"'], ['put account/d 3'], ['put account/d 4']) },
  { run: 'txn', input: txn(['nonsense'], [], []) },
  { run: 'txn', input: txn([], ['nonsense'], []) },
  {
    run: 'txn',
    input: txn(
      [],
      Array.from({ length: 128 }, (_, index) => `put many/${index} ${index}`),
      [],
    ),
  },
  {
    run: 'txn',
    input: txn(
      [],
      Array.from({ length: 129 }, (_, index) => `put many/${index} ${index}`),
      [],
    ),
  },
  'get --prefix account/ -w json',
];

const mebibyte = 1024 * 1024;

const exceeding: readonly Step[] = [
  { run: 'put big', input: 'x'.repeat(mebibyte) },
  { run: 'put big', input: 'x'.repeat(1.5 * mebibyte) },
  { run: 'put big', input: 'x'.repeat(2 * mebibyte) },
  'get big --print-value-only',
  `get ${'long/'.repeat(2000)} -w json`,
  'del big',
];

const watching: readonly Step[] = [
  'put watched/a 1',
  'put watched/b 2',
  'put watched/a 3',
  'del watched/b',
  { watch: 'watch --prefix watched/ --rev=1', until: '\nDELETE\nwatched/b\n\n' },
  { watch: 'watch --prefix watched/ --rev=1 --prev-kv', until: '\nDELETE\nwatched/b\n2\nwatched/b\n\n' },
  { watch: 'watch watched/a --rev=1 -w json', until: '"Created":false}\n' },
  { watch: 'watch watched/a --rev=1 -w fields', until: '"Value" : "3"\n"Lease" : 0\n' },
  { watch: 'watch watched/a watched/c --rev=1', until: '\nDELETE\nwatched/b\n\n' },
  {
    watch: 'watch --prefix watched/ --rev=1',
    until: '\nlast\n',
    during: ['put watched/c live', 'del --prefix watched/', 'put other value', 'put watched/z last'],
  },
  {
    watch: 'watch --prefix watched/ --rev=1 --prev-kv',
    until: '\nlast again\n',
    during: ['put watched/z "last again"'],
  },
  { watch: 'watch -i', input: 'watch --rev=1 watched/c\n', until: 'DELETE\nwatched/c\n\n' },
  { watch: 'watch -i', input: 'watch watched/a\nprogress\n', until: 'progress notify:' },
  'watch',
];

const compacting: readonly Step[] = [
  'put history/a 1',
  'put history/a 2',
  'put history/a 3',
  'compaction 1000000',
  'compaction 0',
  'compaction -- -1',
  'compaction nonsense',
  'compaction',
  'compaction 40',
  'compaction 40',
  'compaction 39',
  'compaction 42 --physical',
  'get history/a --rev=41',
  'get history/a --rev=42',
  'get history/a --rev=39 -w json',
  'watch history/a --rev=5',
  'watch history/a --rev=5 -w json',
  'get history/a -w json',
];

const administering: readonly Step[] = [
  'endpoint status',
  'endpoint status -w json',
  'endpoint status -w fields',
  'endpoint status -w table',
  'endpoint health',
  'endpoint health -w json',
  'endpoint health -w table',
  'member list',
  'member list -w json',
  'member list -w fields',
  'member list -w table',
  'alarm list',
  'alarm disarm',
  'version',
];

/** What etcdctl can since 3.5. */
export const newerSession: readonly Step[] = [
  'get --prefix many/ --count-only',
  'get --prefix many/ --count-only -w json',
  'get --prefix many/ --count-only -w fields',
  'get --prefix many/ --count-only --limit=2 -w json',
  'get --prefix many/ --keys-only --limit=2 -w json',
];

/** Everything in one go, on one member. */
export const session: readonly Step[] = [
  ...writing,
  ...reading,
  ...deleting,
  ...transacting,
  ...exceeding,
  ...watching,
  ...compacting,
  ...administering,
];

/** On three members, all of them named as endpoints. */
export const clusterSession: readonly Step[] = [
  'put fruit/apple red',
  'get fruit/apple -w json',
  'get --prefix fruit/ --consistency=s',
  'endpoint status -w simple',
  'endpoint status -w table',
  // etcdctl 3.4 then dials the URLs of the member list as they are, so that :authority is "http://host:port".
  'endpoint status --cluster',
  'endpoint health',
  'endpoint health --cluster -w table',
  'member list',
  'member list -w table',
];
