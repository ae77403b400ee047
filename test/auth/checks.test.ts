import fc from 'fast-check';
import t from 'tap';
import { type Caller, nobody } from '../../src/auth/types.ts';
import type { DeleteRangeRequest, RequestOp, TxnRequest } from '../../src/wire/messages.ts';
import { OpKind } from '../../src/wire/messages.ts';
import { compare, put, range } from '../mvcc/requests.ts';
import { bytes, outcome, Rig } from './rig.ts';

const Read = 0;
const Write = 1;
const ReadWrite = 2;
const denied = 'permissionDenied';

const remove = (key: string, rangeEnd = '', prevKv = false): DeleteRangeRequest => ({
  key: bytes(key),
  rangeEnd: bytes(rangeEnd),
  prevKv,
});
const txn = (fields: Partial<TxnRequest>): TxnRequest => ({
  compare: [],
  success: [],
  failure: [],
  ...fields,
});

/** Keys of leases, as the lease room would tell. */
const leases = {
  keysOf: (id: bigint): string[] => (id === 7n ? ['w1', 'w2'] : id === 8n ? ['w1', 'x'] : []),
};

/** alice reads [r, s), writes [w, x), and both [b, c). */
async function withAlice(): Promise<Rig> {
  const rig = await Rig.open({ leases });
  rig.do({ kind: 'roleAdd', role: 'role' });
  rig.grant('role', Read, 'r', 's');
  rig.grant('role', Write, 'w', 'x');
  rig.grant('role', ReadWrite, 'b', 'c');
  rig.addUser('alice', 'role');
  rig.addUser('carol');
  rig.enable();
  return rig;
}

t.test('while auth is off everybody may do everything', async (t) => {
  const rig = await Rig.open({ leases });
  const { checks } = rig.auth;
  const works = [
    () => checks.range(nobody, range('a', { end: '\0' })),
    () => checks.put(nobody, put('a', '1', { lease: 8n, prevKv: true })),
    () => checks.deleteRange(nobody, remove('a', '\0', true)),
    () => checks.txn(nobody, txn({ compare: [compare('a', {})] })),
    () => checks.watch(nobody, bytes(''), bytes('\0')),
    () => checks.leaseWrite(nobody, 8n),
    () => checks.leaseRead(nobody, 8n),
    () => checks.named(nobody),
    () => checks.admin(nobody),
    () => checks.unchanged(nobody),
    () => rig.auth.applyCheck('', 0, 'admin', null),
    () => rig.do({ kind: 'roleAdd', role: 'r' }, nobody),
  ];
  for (const work of works) t.equal(outcome(work), 'ok', String(work));
});

t.test('who is not named, or of an older auth revision, is told so before anything else', async (t) => {
  const rig = await withAlice();
  const { checks, revision } = rig.auth;
  const old: Caller = { user: 'alice', revision: revision - 1 };
  const ghost: Caller = rig.as('ghost');
  const works: Record<string, (caller: Caller) => void> = {
    range: (caller) => checks.range(caller, range('r')),
    put: (caller) => checks.put(caller, put('w', '1')),
    deleteRange: (caller) => checks.deleteRange(caller, remove('w')),
    txn: (caller) => checks.txn(caller, txn({ compare: [compare('r', {})] })),
    watch: (caller) => checks.watch(caller, bytes('r'), bytes('')),
    leaseWrite: (caller) => checks.leaseWrite(caller, 7n),
  };
  for (const [name, work] of Object.entries(works)) {
    t.equal(
      outcome(() => work(nobody)),
      'userNameEmpty',
      name,
    );
    t.equal(
      outcome(() => work(old)),
      'authRevisionOld',
      name,
    );
    t.equal(
      outcome(() => work(ghost)),
      denied,
      name,
    );
    t.equal(
      outcome(() => work(rig.as('alice'))),
      'ok',
      name,
    );
    t.equal(
      outcome(() => work(rig.as('carol'))),
      denied,
      `${name}, without any role`,
    );
    t.equal(
      outcome(() => work(rig.root)),
      'ok',
      name,
    );
  }
  t.equal(
    outcome(() => checks.range({ user: 'root', revision: revision - 1 }, range('r'))),
    'authRevisionOld',
    'root too',
  );
  t.equal(
    outcome(() => checks.range({ user: 'alice', revision: revision + 1 }, range('r'))),
    'ok',
    'of a later revision: this member lags',
  );
});

t.test('what was read while the auth revision moved is not answered', async (t) => {
  const rig = await withAlice();
  const alice = rig.as('alice');
  t.equal(
    outcome(() => rig.auth.checks.unchanged(alice)),
    'ok',
  );
  rig.do({ kind: 'userRevokeRole', name: 'alice', role: 'role' });
  t.equal(
    outcome(() => rig.auth.checks.unchanged(alice)),
    'authRevisionOld',
  );
  t.equal(
    outcome(() => rig.auth.checks.range(rig.as('alice'), range('r'))),
    denied,
    'the role is gone at once',
  );
});

t.test('each kind of request needs what etcd documents for it', async (t) => {
  const rig = await withAlice();
  const { checks } = rig.auth;
  const alice = rig.as('alice');
  const expected: [string, () => void, string][] = [
    ['read a key', () => checks.range(alice, range('r')), 'ok'],
    ['read what may only be written', () => checks.range(alice, range('w')), denied],
    ['read a range', () => checks.range(alice, range('r', { end: 's' })), 'ok'],
    ['read over its end', () => checks.range(alice, range('r', { end: 't' })), denied],
    ['read to the end', () => checks.range(alice, range('r', { end: '\0' })), denied],
    ['watch', () => checks.watch(alice, bytes('r'), bytes('s')), 'ok'],
    ['watch over the end', () => checks.watch(alice, bytes('r'), bytes('s1')), denied],
    ['watch to the end', () => checks.watch(alice, bytes('r'), bytes('\0')), denied],
    ['watch everything', () => checks.watch(alice, bytes(''), bytes('\0')), denied],
    ['put', () => checks.put(alice, put('w', '1')), 'ok'],
    ['put where only reading is allowed', () => checks.put(alice, put('r', '1')), denied],
    ['put and see what was there', () => checks.put(alice, put('b', '1', { prevKv: true })), 'ok'],
    ['the same without reading', () => checks.put(alice, put('w', '1', { prevKv: true })), denied],
    ['put with a lease of own keys', () => checks.put(alice, put('w', '1', { lease: 7n })), 'ok'],
    ['put with a lease of others', () => checks.put(alice, put('w', '1', { lease: 8n })), denied],
    ['put with an unknown lease', () => checks.put(alice, put('w', '1', { lease: 9n })), 'ok'],
    ['delete', () => checks.deleteRange(alice, remove('w', 'x')), 'ok'],
    ['delete more', () => checks.deleteRange(alice, remove('w', 'y')), denied],
    ['delete and see', () => checks.deleteRange(alice, remove('b', 'c', true)), 'ok'],
    ['the same without reading', () => checks.deleteRange(alice, remove('w', 'x', true)), denied],
    ['end a lease', () => checks.leaseWrite(alice, 7n), 'ok'],
    ['end one of others', () => checks.leaseWrite(alice, 8n), denied],
    ['end one without keys', () => checks.leaseWrite(alice, 9n), 'ok'],
    ['see the keys of a lease', () => checks.leaseRead(alice, 7n), denied],
    ['see none', () => checks.leaseRead(alice, 9n), 'ok'],
    ['root ends any', () => checks.leaseWrite(rig.root, 8n), 'ok'],
    ['root sees any', () => checks.leaseRead(rig.root, 8n), 'ok'],
    ['nobody sees a lease', () => checks.leaseRead(nobody, 9n), 'userNameEmpty'],
  ];
  for (const [what, work, reason] of expected) t.equal(outcome(work), reason, what);
});

t.test('a txn that does nothing is open to all, as in etcd', async (t) => {
  const { checks } = (await withAlice()).auth;
  for (const caller of [nobody, { user: 'ghost', revision: 1 }]) checks.txn(caller, txn({}));
  t.equal(
    outcome(() => checks.txn(nobody, txn({ failure: [{ kind: OpKind.Range, request: range('r') }] }))),
    'userNameEmpty',
  );
});

t.test('a txn needs everything that it might do, in both branches and in txns within', async (t) => {
  const rig = await withAlice();
  const alice = rig.as('alice');
  const check = (request: TxnRequest): string => outcome(() => rig.auth.checks.txn(alice, request));
  const good: RequestOp[] = [
    { kind: OpKind.Range, request: range('r') },
    { kind: OpKind.Put, request: put('w', '1', { lease: 7n }) },
    { kind: OpKind.DeleteRange, request: remove('b', 'c', true) },
  ];
  const bad: RequestOp[] = [
    { kind: OpKind.Range, request: range('r', { end: '\0' }) },
    { kind: OpKind.Put, request: put('r', '1') },
    { kind: OpKind.Put, request: put('w', '1', { prevKv: true }) },
    { kind: OpKind.Put, request: put('w', '1', { lease: 8n }) },
    { kind: OpKind.DeleteRange, request: remove('r') },
    { kind: OpKind.DeleteRange, request: remove('w', '', true) },
  ];
  const within = (operation: RequestOp): RequestOp => ({
    kind: OpKind.Txn,
    request: txn({ failure: [operation] }),
  });
  const rest = { compare: [compare('r', {})], success: good, failure: good };
  t.equal(check(txn(rest)), 'ok');
  t.equal(check(txn({ ...rest, success: good.map((one) => within(within(one))) })), 'ok');
  for (const operation of bad) {
    t.equal(check(txn({ ...rest, success: [...good, operation] })), denied, 'success');
    t.equal(check(txn({ ...rest, failure: [...good, operation] })), denied, 'failure');
    t.equal(check(txn({ ...rest, success: [within(within(operation))] })), denied, 'within');
  }
  t.equal(check(txn({ ...rest, compare: [compare('w', {})] })), denied, 'a compare reads');
  t.equal(
    check(txn({ compare: [{ ...compare('r', {}), rangeEnd: bytes('t') }] })),
    denied,
    'a compare of a range reads it all',
  );
});

t.test('what is for root is refused to everybody else, and in etcd\u2019s words', async (t) => {
  const rig = await withAlice();
  const { checks, revision } = rig.auth;
  const admin = (caller: Caller): string => outcome(() => checks.admin(caller));
  t.equal(admin(nobody), 'userNameEmpty');
  t.equal(admin(rig.as('ghost')), 'userNotFound');
  t.equal(admin(rig.as('alice')), denied);
  t.equal(admin(rig.root), 'ok');
  t.equal(admin({ user: 'root', revision: revision - 1 }), 'ok', 'the auth revision does not matter');
  t.equal(
    outcome(() => checks.named(nobody)),
    'userNameEmpty',
  );
  t.equal(
    outcome(() => checks.named(rig.as('carol'))),
    'ok',
  );
});

t.test('a user sees itself and its roles; the rest of the service is for root', async (t) => {
  const rig = await withAlice();
  const alice = rig.as('alice');
  t.equal(rig.try({ kind: 'userGet', name: 'alice' }, alice), 'ok');
  t.equal(rig.try({ kind: 'userGet', name: 'root' }, alice), denied);
  t.equal(rig.try({ kind: 'roleGet', role: 'role' }, alice), 'ok');
  t.equal(rig.try({ kind: 'roleGet', role: 'root' }, alice), denied);
  t.equal(rig.try({ kind: 'userGet', name: '' }, nobody), 'userNotFound', 'as etcd tells it');
  t.equal(rig.try({ kind: 'userGet', name: 'ghost' }, rig.as('ghost')), 'userNotFound');
  t.equal(rig.try({ kind: 'status' }, nobody), 'ok', 'since etcd 3.7');
  const forRoot = ['enable', 'disable', 'userList', 'roleList'] as const;
  for (const kind of forRoot) {
    t.equal(rig.try({ kind }, alice), denied, kind);
    t.equal(rig.try({ kind }, nobody), 'userNameEmpty', kind);
  }
  t.equal(rig.try({ kind: 'roleAdd', role: 'r' }, alice), denied);
  t.equal(rig.try({ kind: 'userDelete', name: 'alice' }, alice), denied, 'not even itself');
});

t.test('apply decides by the caller that the entry carries', async (t) => {
  const rig = await withAlice();
  const { auth } = rig;
  const { revision } = auth;
  const expected: [() => void, string][] = [
    [() => auth.applyCheck('alice', revision, 'put', put('w', '1')), 'ok'],
    [() => auth.applyCheck('alice', revision, 'put', put('r', '1')), denied],
    [() => auth.applyCheck('alice', revision - 1, 'put', put('w', '1')), 'authRevisionOld'],
    [() => auth.applyCheck('', 0, 'put', put('w', '1')), 'userNameEmpty'],
    [() => auth.applyCheck('alice', revision, 'deleteRange', remove('r')), denied],
    [() => auth.applyCheck('alice', revision, 'txn', txn({ compare: [compare('w', {})] })), denied],
    [() => auth.applyCheck('alice', revision, 'leaseRevoke', { id: 8n }), denied],
    [() => auth.applyCheck('alice', revision, 'leaseRevoke', { id: 7n }), 'ok'],
    [() => auth.applyCheck('', 0, 'named', null), 'userNameEmpty'],
    [() => auth.applyCheck('alice', revision, 'named', null), 'ok'],
    [() => auth.applyCheck('alice', revision, 'admin', null), denied],
    [() => auth.applyCheck('root', revision, 'admin', null), 'ok'],
  ];
  for (const [work, reason] of expected) t.equal(outcome(work), reason, String(work));
});

interface Grant {
  readonly role: string;
  readonly type: number;
  readonly key: string;
  readonly rangeEnd: string;
}

t.test(
  'whatever is granted and revoked, a key is permitted exactly if a role of the user says so',
  async (t) => {
    const rig = await Rig.open();
    rig.addUser('root', 'root');
    rig.addUser('u');
    for (const role of ['r0', 'r1']) rig.do({ kind: 'roleAdd', role });
    rig.do({ kind: 'enable' });
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 2 });
    const step = fc.record({
      what: fc.constantFrom('grant', 'grant', 'revoke', 'give', 'take'),
      role: fc.constantFrom('r0', 'r1'),
      type: fc.constantFrom(Read, Write, ReadWrite, 3),
      key,
      rangeEnd: fc.oneof(key, fc.constantFrom('', '\0')),
    });
    const keys = ['a', 'b', 'c'].flatMap((one) => [one, ...['a', 'b', 'c'].map((two) => one + two)]);
    const grants = new Map<string, Grant>();
    const held = new Set<string>();
    const take = (fields: Grant & { what: string }): void => {
      const { what, role, type, rangeEnd } = fields;
      const name = `${role} ${fields.key} ${rangeEnd}`;
      const permission = { type, key: bytes(fields.key), rangeEnd: bytes(rangeEnd) };
      if (what === 'grant') {
        if (rig.try({ kind: 'roleGrantPermission', role, permission }) === 'ok') grants.set(name, fields);
      } else if (what === 'revoke') {
        rig.try({ kind: 'roleRevokePermission', role, ...permission });
        grants.delete(name);
      } else if (what === 'give') {
        rig.try({ kind: 'userGrantRole', name: 'u', role });
        held.add(role);
      } else {
        rig.try({ kind: 'userRevokeRole', name: 'u', role });
        held.delete(role);
      }
    };
    const permits = (asked: string, type: number): boolean =>
      [...grants.values()].some(
        (grant) =>
          held.has(grant.role) &&
          (grant.type === type || grant.type === ReadWrite) &&
          (grant.rangeEnd === ''
            ? asked === grant.key
            : asked >= grant.key && (grant.rangeEnd === '\0' || asked < grant.rangeEnd)),
      );
    let permitted = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        for (const one of steps) take(one);
        const user = rig.as('u');
        for (const asked of keys) {
          const read = outcome(() => rig.auth.checks.range(user, range(asked)));
          const write = outcome(() => rig.auth.checks.put(user, put(asked, '1')));
          if (read === 'ok') permitted++;
          if ((read === 'ok') !== permits(asked, Read)) throw new Error(`read ${asked}: ${read}`);
          if ((write === 'ok') !== permits(asked, Write)) throw new Error(`write ${asked}: ${write}`);
        }
        return true;
      }),
      { numRuns: 300 },
    );
    t.ok(permitted > 100, 'and some were');
  },
);
