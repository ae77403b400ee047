import t from 'tap';
import type { BackendEntry } from '../../src/backend/backend.ts';
import { statuses } from '../../src/etcd/errors.ts';
import { decodeAuthOperation, encodeAuthOperation } from '../../src/wire/auth-codec.ts';
import type { AuthOperation } from '../../src/wire/auth-messages.ts';
import { bytes, outcome, Rig } from './rig.ts';

const empty = new Uint8Array(0);
const hash = Buffer.from('$2a$10$hash').toString('base64');
const add = (name: string): AuthOperation => ({
  kind: 'userAdd',
  name,
  hashedPassword: hash,
  noPassword: false,
});
const permission = (key: string, rangeEnd = '', type = 2) => ({
  type,
  key: bytes(key),
  rangeEnd: bytes(rangeEnd),
});

function entriesOf(rig: Rig): Promise<readonly BackendEntry[]> {
  return new Promise((resolve) =>
    rig.backend.scan('\x01', '\xff', 1000, (_error, entries) => resolve(entries)),
  );
}

t.test('auth is enabled for a root user with the root role, and not before', async (t) => {
  const rig = await Rig.open();
  t.equal(rig.try({ kind: 'enable' }), 'rootUserNotFound');
  rig.do(add('root'));
  t.equal(rig.try({ kind: 'enable' }), 'rootRoleMissing');
  rig.do({ kind: 'userGrantRole', name: 'root', role: 'root' });
  t.equal(rig.try({ kind: 'enable' }), 'ok', 'although nobody added the role root');
  t.ok(rig.auth.enabled);
  t.equal(rig.try({ kind: 'enable' }), 'ok', 'again is no error');
});

t.test('every refusal of an operation is the one that etcd has for it', async (t) => {
  const rig = await Rig.open();
  rig.enable();
  rig.do(add('u'));
  rig.do({ kind: 'roleAdd', role: 'r' });
  rig.do({ kind: 'roleAdd', role: 'root' });
  const refused: [AuthOperation, string][] = [
    [add(''), 'userNameEmpty'],
    [add('u'), 'userExists'],
    [{ kind: 'userAdd', name: 'v', hashedPassword: 'no base64!', noPassword: false }, 'noPasswordUser'],
    [{ kind: 'userGet', name: 'v' }, 'userNotFound'],
    [{ kind: 'userDelete', name: 'v' }, 'userNotFound'],
    [{ kind: 'userDelete', name: 'root' }, 'invalidAuthManagement'],
    [{ kind: 'userChangePassword', name: 'v', hashedPassword: hash }, 'userNotFound'],
    [{ kind: 'userChangePassword', name: 'u', hashedPassword: 'a' }, 'noPasswordUser'],
    [{ kind: 'userGrantRole', name: 'v', role: 'r' }, 'userNotFound'],
    [{ kind: 'userGrantRole', name: 'u', role: 's' }, 'roleNotFound'],
    [{ kind: 'userRevokeRole', name: 'v', role: 'r' }, 'userNotFound'],
    [{ kind: 'userRevokeRole', name: 'u', role: 'r' }, 'roleNotGranted'],
    [{ kind: 'userRevokeRole', name: 'root', role: 'root' }, 'invalidAuthManagement'],
    [{ kind: 'roleAdd', role: '' }, 'roleNameEmpty'],
    [{ kind: 'roleAdd', role: 'r' }, 'roleExists'],
    [{ kind: 'roleGet', role: 's' }, 'roleNotFound'],
    [{ kind: 'roleDelete', role: 's' }, 'roleNotFound'],
    [{ kind: 'roleDelete', role: 'root' }, 'invalidAuthManagement'],
    [{ kind: 'roleGrantPermission', role: 's', permission: null }, 'permissionNotGiven'],
    [{ kind: 'roleGrantPermission', role: 's', permission: permission('') }, 'invalidAuthManagement'],
    [{ kind: 'roleGrantPermission', role: 's', permission: permission('b', 'a') }, 'invalidAuthManagement'],
    [{ kind: 'roleGrantPermission', role: 's', permission: permission('a') }, 'roleNotFound'],
    [{ kind: 'roleRevokePermission', role: 's', key: bytes('a'), rangeEnd: empty }, 'roleNotFound'],
    [{ kind: 'roleRevokePermission', role: 'r', key: bytes('a'), rangeEnd: empty }, 'permissionNotGranted'],
    [{ kind: 'authenticate', name: 'v', prefix: '', checkedRevision: 1 }, 'authFailed'],
    [{ kind: 'authenticate', name: 'u', prefix: '', checkedRevision: 1 }, 'authRevisionOld'],
  ];
  const before = { revision: rig.auth.revision, entries: await entriesOf(rig) };
  for (const [operation, reason] of refused) {
    t.equal(rig.try(operation), reason, JSON.stringify(operation));
    t.match(statuses[reason as keyof typeof statuses].message, /^(etcdserver|auth): /);
  }
  t.same({ revision: rig.auth.revision, entries: await entriesOf(rig) }, before, 'and nothing has changed');

  rig.do({ kind: 'disable' });
  t.equal(rig.try({ kind: 'authenticate', name: 'u', prefix: '', checkedRevision: 1 }), 'authNotEnabled');
  t.equal(
    rig.try({ kind: 'userRevokeRole', name: 'root', role: 'root' }),
    'ok',
    'root may go while auth is off',
  );
  t.equal(rig.try({ kind: 'roleDelete', role: 'root' }), 'ok');
  t.equal(rig.try({ kind: 'userDelete', name: 'root' }), 'ok');
});

t.test('the auth revision starts at 1 and is bumped by what changes something, as in etcd', async (t) => {
  const rig = await Rig.open();
  t.equal(rig.auth.revision, 1);
  const steps: [AuthOperation, number][] = [
    [add('root'), 1],
    [{ kind: 'userGrantRole', name: 'root', role: 'root' }, 1],
    [{ kind: 'userGrantRole', name: 'root', role: 'root' }, 0],
    [{ kind: 'enable' }, 0],
    [{ kind: 'enable' }, 0],
    [add('u'), 1],
    [{ kind: 'roleAdd', role: 'r' }, 1],
    [{ kind: 'roleGrantPermission', role: 'r', permission: permission('a') }, 1],
    [{ kind: 'roleGrantPermission', role: 'r', permission: permission('a') }, 1],
    [{ kind: 'userGrantRole', name: 'u', role: 'r' }, 1],
    [{ kind: 'userChangePassword', name: 'u', hashedPassword: hash }, 1],
    [{ kind: 'roleRevokePermission', role: 'r', key: bytes('a'), rangeEnd: empty }, 1],
    [{ kind: 'userGet', name: 'u' }, 0],
    [{ kind: 'userList' }, 0],
    [{ kind: 'roleGet', role: 'r' }, 0],
    [{ kind: 'roleList' }, 0],
    [{ kind: 'status' }, 0],
    [{ kind: 'authenticate', name: 'u', prefix: '', checkedRevision: 10 }, 0],
    [{ kind: 'userRevokeRole', name: 'u', role: 'r' }, 1],
    [{ kind: 'roleDelete', role: 'r' }, 1],
    [{ kind: 'userDelete', name: 'u' }, 1],
    [{ kind: 'disable' }, 1],
    [{ kind: 'disable' }, 0],
  ];
  for (const [operation, bump] of steps) {
    const before = rig.auth.revision;
    rig.do(operation);
    t.equal(rig.auth.revision - before, bump, JSON.stringify(operation));
  }
  t.same(rig.do({ kind: 'status' }), { enabled: false, authRevision: rig.auth.revision });
});

t.test('lists are sorted by the bytes of the names, and so are the roles of a user', async (t) => {
  const rig = await Rig.open();
  const names = ['b', 'a', '\u{1F600}', '\uFFFD', 'ab'];
  for (const name of names) {
    rig.do(add(name));
    rig.do({ kind: 'roleAdd', role: name });
    rig.do({ kind: 'userGrantRole', name: 'b', role: name });
  }
  const sorted = ['a', 'ab', 'b', '\uFFFD', '\u{1F600}'];
  t.same(rig.do({ kind: 'userList' }), sorted);
  t.same(rig.do({ kind: 'roleList' }), sorted);
  t.same(rig.do({ kind: 'userGet', name: 'b' }), sorted);
});

t.test('permissions are sorted by key; the same range again takes the place of the one before', async (t) => {
  const rig = await Rig.open();
  rig.do({ kind: 'roleAdd', role: 'r' });
  for (const [key, end, type] of [
    ['b', '', 0],
    ['a', 'c', 1],
    ['a', '', 2],
    ['a', 'c', 2],
    ['b', '', 1],
  ] as const) {
    rig.grant('r', type, key, end);
  }
  const granted = (): string[] =>
    rig
      .do({ kind: 'roleGet', role: 'r' })
      .map(({ type, key, rangeEnd }) => `${type} ${Buffer.from(key)} ${Buffer.from(rangeEnd)}`);
  t.same(granted(), ['2 a c', '2 a ', '1 b ']);
  rig.do({ kind: 'roleRevokePermission', role: 'r', key: bytes('a'), rangeEnd: bytes('c') });
  t.same(granted(), ['2 a ', '1 b '], 'of exactly that range');
});

t.test('the role root is told to hold everything, once it was added', async (t) => {
  const rig = await Rig.open();
  t.equal(rig.try({ kind: 'roleGet', role: 'root' }), 'roleNotFound');
  rig.do({ kind: 'roleAdd', role: 'root' });
  t.same(rig.do({ kind: 'roleGet', role: 'root' }), [{ type: 2, key: empty, rangeEnd: Uint8Array.of(0) }]);
});

t.test('a role that is deleted is taken from its users', async (t) => {
  const rig = await Rig.open();
  for (const role of ['r', 's']) rig.do({ kind: 'roleAdd', role });
  rig.addUser('u', 'r', 's');
  rig.do({ kind: 'roleDelete', role: 'r' });
  t.same(rig.do({ kind: 'userGet', name: 'u' }), ['s']);
});

t.test('a user without a password keeps having none', async (t) => {
  const rig = await Rig.open();
  rig.do({ kind: 'userAdd', name: 'u', hashedPassword: hash, noPassword: true });
  rig.do({ kind: 'userChangePassword', name: 'u', hashedPassword: hash });
  t.match(rig.auth.user('u'), { password: '', noPassword: true });
  rig.enable();
  const { revision } = rig.auth;
  t.equal(rig.try({ kind: 'authenticate', name: 'u', prefix: '', checkedRevision: revision }), 'authFailed');
});

t.test(
  'what was applied is there again when the backend is opened anew, and after another state came',
  async (t) => {
    const rig = await Rig.open();
    rig.enable();
    rig.do(add('u\u00fc'));
    rig.do({ kind: 'roleAdd', role: 'r' });
    rig.grant('r', 2, 'k\xff', '\0');
    rig.do({ kind: 'userGrantRole', name: 'u\u00fc', role: 'r' });
    const seen = ({ auth }: Rig) => ({
      enabled: auth.enabled,
      revision: auth.revision,
      users: auth.userNames().map((name) => auth.user(name)),
      roles: rig.do({ kind: 'roleGet', role: 'r' }),
    });
    const again = await Rig.open({ backend: rig.backend });
    t.same(seen(again), seen(rig));
    t.equal(again.auth.user('u\u00fc')?.password, '$2a$10$hash');
    t.doesNotThrow(() => again.auth.checks.watch(again.as('u\u00fc'), bytes('z'), bytes('\0')));

    rig.do({ kind: 'userDelete', name: 'u\u00fc' });
    await new Promise((resolve) => again.auth.reload(resolve));
    t.same(again.auth.userNames(), ['root']);
    t.equal(again.auth.revision, rig.auth.revision);
  },
);

t.test('the digest is that of the state, whatever way led to it', async (t) => {
  const one = await Rig.open();
  const two = await Rig.open();
  t.equal(one.auth.digest, 0);
  for (const name of ['a', 'b']) one.do(add(name));
  for (const name of ['b', 'a']) two.do(add(name));
  t.equal(one.auth.digest, two.auth.digest);
  one.do({ kind: 'roleAdd', role: 'r' });
  one.do({ kind: 'userGrantRole', name: 'a', role: 'r' });
  two.do({ kind: 'roleAdd', role: 'r' });
  two.do({ kind: 'userGrantRole', name: 'b', role: 'r' });
  t.not(one.auth.digest, two.auth.digest, 'another user has the role');
  t.equal(one.auth.revision, two.auth.revision);
  for (const rig of [one, two]) rig.do({ kind: 'roleDelete', role: 'r' });
  t.equal(one.auth.digest, two.auth.digest, 'nobody has it any more');
});

t.test('more records than are read at a time are all read', async (t) => {
  const rig = await Rig.open();
  for (let i = 0; i < 2500; i++) rig.do(add(`user${i}`));
  const again = await Rig.open({ backend: rig.backend });
  t.equal(again.auth.userCount, 2500);
  t.equal(again.auth.revision, 2501);
});

t.test('users and roles stand on the backend as the messages that etcd stores', async (t) => {
  const rig = await Rig.open();
  rig.do({ kind: 'roleAdd', role: 'r' });
  rig.grant('r', 1, 'k', 'l');
  rig.addUser('u', 'r');
  const stored = Object.fromEntries(
    (await entriesOf(rig)).map(({ key, value }) => [key, Buffer.from(value).toString('hex')]),
  );
  t.same(stored, {
    urr: '0a0172' + '1208' + '08011201' + '6b1a016c',
    uuu: '0a0175' + '1a0172' + '2200',
    uv: '0000000000000005',
  });
});

t.test('an operation comes out of the log as it went in, and no password can', async (t) => {
  const operations: AuthOperation[] = [
    { kind: 'enable' },
    { kind: 'disable' },
    { kind: 'status' },
    { kind: 'authenticate', name: 'u\u00fc', prefix: 'abc', checkedRevision: 300 },
    add('u'),
    { kind: 'userAdd', name: 'u', hashedPassword: '', noPassword: true },
    { kind: 'userGet', name: 'u' },
    { kind: 'userList' },
    { kind: 'userDelete', name: 'u' },
    { kind: 'userChangePassword', name: 'u', hashedPassword: hash },
    { kind: 'userGrantRole', name: 'u', role: 'r' },
    { kind: 'userRevokeRole', name: 'u', role: 'r' },
    { kind: 'roleAdd', role: 'r' },
    { kind: 'roleGet', role: 'r' },
    { kind: 'roleList' },
    { kind: 'roleDelete', role: 'r' },
    { kind: 'roleGrantPermission', role: 'r', permission: permission('a', 'b', 1) },
    { kind: 'roleGrantPermission', role: 'r', permission: null },
    { kind: 'roleRevokePermission', role: 'r', key: bytes('a'), rangeEnd: bytes('b') },
  ];
  const codes = new Set<number>();
  for (const operation of operations) {
    const encoded = encodeAuthOperation(operation);
    codes.add(encoded[0]!);
    t.same(decodeAuthOperation(encoded), operation, operation.kind);
  }
  t.equal(codes.size, 17, 'each kind has a code of its own');
  for (const bad of [empty, Uint8Array.of(0), Uint8Array.of(18), Uint8Array.of(5, 0xff)]) {
    t.equal(
      outcome(() => decodeAuthOperation(bad)),
      'malformedRequest',
    );
  }
});
