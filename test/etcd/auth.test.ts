import t, { type Test } from 'tap';
import { nobody } from '../../src/auth/types.ts';
import { authMethods } from '../../src/etcd/auth.ts';
import { type Access, Authorizer, accessOf } from '../../src/etcd/authorize.ts';
import { catalog } from '../../src/etcd/catalog.ts';
import { ServiceContext } from '../../src/etcd/context.ts';
import { statuses, statusOf } from '../../src/etcd/errors.ts';
import type { ServiceMethods } from '../../src/etcd/guard.ts';
import { type RpcCall, type RpcStatus, wholeOf } from '../../src/rpc/transport.ts';
import { Failure } from '../../src/util/failure.ts';
import { authKinds, authMethodNames, encodeAuthRequest } from '../../src/wire/auth-codec.ts';
import type { AuthKind, AuthRequest } from '../../src/wire/auth-messages.ts';
import { decodeCold } from '../../src/wire/cold-codec.ts';
import { FakeAuth } from './fake-auth.ts';
import { CLUSTER_ID, FakeMember, MEMBER_ID } from './fake-member.ts';

const password = 'pa55word-of-alice';
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The reason of a refusal, or `ok`. */
function refusal(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.reason;
  }
}

interface Message {
  readonly header: unknown;
  readonly token: string;
  readonly roles: readonly string[];
  readonly users: readonly string[];
  readonly perm: readonly unknown[];
}

interface Answer {
  readonly status: RpcStatus | null;
  /** Only some fields are in each. */
  readonly message: Message;
}

const noMessage = {} as Message;

class Rig {
  readonly member: FakeMember;
  readonly served: FakeAuth;
  readonly authorizer: Authorizer;
  readonly #methods: ServiceMethods;

  private constructor(member: FakeMember, served: FakeAuth) {
    this.member = member;
    this.served = served;
    this.authorizer = new Authorizer(served);
    this.#methods = authMethods(new ServiceContext(member), served, this.authorizer);
  }

  static async open(spec?: string): Promise<Rig> {
    const member = await FakeMember.open();
    return new Rig(member, await FakeAuth.open(member.runtime, spec));
  }

  call(kind: AuthKind, metadata: Record<string, string> = {}, commonName = ''): RpcCall {
    return {
      path: `/etcdserverpb.Auth/${authMethodNames[kind]}`,
      metadata: (key) => metadata[key],
      peer: 'test',
      commonName,
      onCancel: () => {},
    };
  }

  send(request: AuthRequest, metadata: Record<string, string> = {}): Promise<Answer> {
    const { kind } = request;
    const method = this.#methods[authMethodNames[kind]]!;
    if (method.kind !== 'unary') throw new Error('unary');
    const name = authMethodNames[kind];
    const call = this.call(kind, metadata);
    return new Promise((resolve, reject) => {
      this.authorizer.whenJudgeable(call, () => {
        try {
          this.authorizer.admit(call);
          method.handle(encodeAuthRequest(request), call, (status, response) => {
            const type = `etcdserverpb.${name.startsWith('Auth') ? '' : 'Auth'}${name}Response`;
            resolve({
              status,
              message: response === null ? noMessage : decodeCold<Message>(type, wholeOf(response)),
            });
          });
        } catch (error) {
          if (error instanceof Failure) resolve({ status: statusOf(error), message: noMessage });
          else reject(error);
        }
      });
    });
  }

  /** The answer to a request that must go well. */
  async do(request: AuthRequest, metadata: Record<string, string> = {}): Promise<Message> {
    const { status, message } = await this.send(request, metadata);
    if (status !== null) throw new Error(`${request.kind}: ${status.code} ${status.message}`);
    return message;
  }

  /** `code text`, or `ok`. */
  async outcome(request: AuthRequest, metadata: Record<string, string> = {}): Promise<string> {
    const { status } = await this.send(request, metadata);
    return status === null ? 'ok' : `${status.code} ${status.message}`;
  }

  async token(name: string, secret: string): Promise<string> {
    return (await this.do({ kind: 'authenticate', name, password: secret })).token;
  }

  /** Root and alice with passwords, alice with a role that reads `a`, and auth on. */
  static async enabled(spec?: string): Promise<Rig> {
    const rig = await Rig.open(spec);
    await rig.do({ kind: 'userAdd', name: 'root', password: 'rootpw', noPassword: false });
    await rig.do({ kind: 'userGrantRole', name: 'root', role: 'root' });
    await rig.do({ kind: 'userAdd', name: 'alice', password, noPassword: false });
    await rig.do({ kind: 'roleAdd', role: 'reader' });
    const permission = { type: 0, key: bytes('a'), rangeEnd: bytes('b') };
    await rig.do({ kind: 'roleGrantPermission', role: 'reader', permission });
    await rig.do({ kind: 'userGrantRole', name: 'alice', role: 'reader' });
    await rig.do({ kind: 'enable' });
    return rig;
  }
}

const textOf = (reason: keyof typeof statuses): string =>
  `${statuses[reason].code} ${statuses[reason].message}`;

t.test('every method of the service answers, with a full header', async (t) => {
  const rig = await Rig.enabled();
  const token = await rig.token('root', 'rootpw');
  const empty = new Uint8Array(0);
  const requests: AuthRequest[] = [
    { kind: 'enable' },
    { kind: 'status' },
    { kind: 'authenticate', name: 'root', password: 'rootpw' },
    { kind: 'userAdd', name: 'bob', password: '', noPassword: true },
    { kind: 'userGet', name: 'alice' },
    { kind: 'userList' },
    { kind: 'userChangePassword', name: 'bob', password: '', hashedPassword: '' },
    { kind: 'userGrantRole', name: 'bob', role: 'reader' },
    { kind: 'userRevokeRole', name: 'bob', role: 'reader' },
    { kind: 'userDelete', name: 'bob' },
    { kind: 'roleAdd', role: 'r' },
    { kind: 'roleGrantPermission', role: 'r', permission: { type: 2, key: bytes('k'), rangeEnd: empty } },
    { kind: 'roleGet', role: 'reader' },
    { kind: 'roleList' },
    { kind: 'roleRevokePermission', role: 'r', key: bytes('k'), rangeEnd: empty },
    { kind: 'roleDelete', role: 'r' },
    { kind: 'disable' },
  ];
  t.same(new Set(requests.map(({ kind }) => kind)), new Set(authKinds));
  const answers = new Map<AuthKind, Message>();
  for (const request of requests) answers.set(request.kind, await rig.do(request, { token }));
  for (const [kind, { header }] of answers) {
    t.same(
      header,
      {
        cluster_id: BigInt(`0x${CLUSTER_ID}`),
        member_id: BigInt(`0x${MEMBER_ID}`),
        revision: 1n,
        raft_term: 7n,
      },
      kind,
    );
  }
  t.match(answers.get('status'), { enabled: true, authRevision: 7n });
  t.same(answers.get('userGet')?.roles, ['reader']);
  t.same(answers.get('userList')?.users, ['alice', 'bob', 'root']);
  t.same(answers.get('roleList')?.roles, ['r', 'reader']);
  t.same(answers.get('roleGet')?.perm, [{ permType: 0, key: bytes('a'), range_end: bytes('b') }]);
  t.notOk(rig.served.auth.enabled);
});

t.test('a token lets in, in either place of the metadata', async (t) => {
  const rig = await Rig.enabled();
  const token = await rig.token('alice', password);
  t.match(token, /^[a-zA-Z]{16}\.8$/, 'with the index of its entry');
  const self: AuthRequest = { kind: 'userGet', name: 'alice' };
  t.equal(await rig.outcome(self, { token }), 'ok');
  t.equal(await rig.outcome(self, { authorization: token }), 'ok');
  t.equal(await rig.outcome(self, { authorization: `Bearer ${token}` }), 'ok');
  t.equal(await rig.outcome(self, { token, authorization: 'nonsense' }), 'ok', 'the first one counts');
  const bad = textOf('invalidAuthToken');
  for (const wrong of ['', 'nonsense', `x${token}`, `${token}.`, token.replace('.8', '.7')]) {
    t.equal(await rig.outcome(self, { token: wrong }), bad, wrong);
  }
  t.equal(await rig.outcome(self, { token: '', authorization: token }), bad);
  t.equal(await rig.outcome(self), textOf('userNameEmpty'));
  t.equal(await rig.outcome({ kind: 'userList' }, { token }), textOf('permissionDenied'));
  t.equal(await rig.outcome({ kind: 'status' }, { token: 'nonsense' }), bad);
  t.equal(await rig.outcome({ kind: 'status' }), 'ok');
  t.equal(
    await rig.outcome({ kind: 'authenticate', name: 'alice', password }, { token: 'nonsense' }),
    'ok',
    'who asks for a token may hold an old one',
  );
});

t.test('with auth off no token is looked at', async (t) => {
  const rig = await Rig.open();
  t.equal(await rig.outcome({ kind: 'userList' }, { token: 'nonsense' }), 'ok');
  t.equal(await rig.outcome({ kind: 'authenticate', name: 'alice', password }), textOf('authNotEnabled'));
});

t.test('only the right password authenticates, and the refusal does not tell what was wrong', async (t) => {
  const rig = await Rig.enabled();
  await rig.do(
    { kind: 'userAdd', name: 'cert', password: '', noPassword: true },
    {
      token: await rig.token('root', 'rootpw'),
    },
  );
  const before = rig.served.log.length;
  const authenticate = (name: string, secret: string): Promise<string> =>
    rig.outcome({ kind: 'authenticate', name, password: secret });
  t.equal(await authenticate('alice', `${password} `), textOf('authFailed'));
  t.equal(await authenticate('alice', ''), textOf('authFailed'));
  t.equal(await authenticate('ghost', password), textOf('authFailed'));
  t.equal(await authenticate('', ''), textOf('authFailed'));
  t.equal(await authenticate('cert', ''), textOf('noPasswordUser'));
  t.equal(rig.served.log.length, before, 'and nothing of it came into the log');
});

t.test('a user without password and hash is let in by none', async (t) => {
  const rig = await Rig.enabled();
  const token = await rig.token('root', 'rootpw');
  const change = (secret: string, hashedPassword: string): Promise<string> =>
    rig.outcome({ kind: 'userChangePassword', name: 'alice', password: secret, hashedPassword }, { token });
  const authenticate = (secret: string): Promise<string> =>
    rig.outcome({ kind: 'authenticate', name: 'alice', password: secret });
  const hash = Buffer.from(rig.served.auth.user('alice')!.password).toString('base64');
  t.equal(await change('', ''), 'ok');
  t.equal(await authenticate(''), textOf('authFailed'));
  t.equal(await authenticate(password), textOf('authFailed'));
  t.equal(await change('', 'no base64!'), textOf('noPasswordUser'));
  t.equal(await change('', hash), 'ok', 'a hash may be brought along');
  t.equal(await authenticate(password), 'ok');
  t.equal(await change('new', hash), 'ok', 'a password comes first');
  t.equal(await authenticate('new'), 'ok');
  t.equal(await change('x'.repeat(73), ''), textOf('passwordTooLong'));
});

t.test('no password and no token is in the log, in a log line, or in an answer that refuses', async (t) => {
  const rig = await Rig.open();
  const lines: string[] = [];
  const { log } = rig.member.runtime;
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    log[level] = (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  }
  await rig.do({ kind: 'userAdd', name: 'root', password, noPassword: false });
  await rig.do({ kind: 'userGrantRole', name: 'root', role: 'root' });
  await rig.do({ kind: 'enable' });
  const token = await rig.token('root', password);
  const answers = [
    await rig.outcome({ kind: 'userAdd', name: 'root', password, noPassword: false }, { token }),
    await rig.outcome({ kind: 'userAdd', name: 'v', password, noPassword: false }, { token: `x${token}` }),
    await rig.outcome({ kind: 'authenticate', name: 'root', password: `${password}x` }),
    await rig.outcome({ kind: 'userChangePassword', name: 'w', password, hashedPassword: '' }, { token }),
  ];
  t.notOk(answers.includes('ok'));
  t.ok(lines.length > 0, 'a failed authentication is told');
  const told = [...lines, ...answers, ...rig.served.log.map((body) => Buffer.from(body).toString('latin1'))];
  const encoded = Buffer.from(password).toString('base64');
  for (const line of told) {
    const secret = [password, encoded, token].find((one) => line.includes(one));
    t.equal(secret, undefined, JSON.stringify(line));
  }
});

t.test('nothing is hashed for who may not add users', async (t) => {
  const rig = await Rig.enabled();
  const token = await rig.token('alice', password);
  let hashed = 0;
  const { passwords } = rig.served;
  const hash = passwords.hash.bind(passwords);
  passwords.hash = (secret, done) => {
    hashed++;
    hash(secret, done);
  };
  const add: AuthRequest = { kind: 'userAdd', name: 'v', password: 'x', noPassword: false };
  t.equal(await rig.outcome(add), textOf('userNameEmpty'));
  t.equal(await rig.outcome(add, { token }), textOf('permissionDenied'));
  t.equal(hashed, 0);
  const asked = rig.served.linearized;
  t.equal(await rig.outcome(add, { token: await rig.token('root', 'rootpw') }), 'ok');
  t.equal(hashed, 1);
  t.equal(rig.served.linearized, asked + 2, 'decided at a read point, as the authentication before it');
});

// maxAuthentications of etcd/auth
t.test('a password that changes while it is compared is compared again', async (t) => {
  const rig = await Rig.enabled();
  const { served } = rig;
  const root = { user: 'root', revision: served.auth.revision };
  let isFirst = true;
  served.beforeApply = (operation) => {
    if (operation.kind !== 'authenticate' || !isFirst) return;
    isFirst = false;
    served.apply({ kind: 'roleAdd', role: 'other' }, root);
  };
  t.match(await rig.token('alice', password), /\.10$/, 'something else changed: the second try goes through');

  isFirst = true;
  served.beforeApply = (operation) => {
    if (operation.kind !== 'authenticate' || !isFirst) return;
    isFirst = false;
    served.apply({ kind: 'userChangePassword', name: 'alice', hashedPassword: '' }, root);
  };
  t.equal(
    await rig.outcome({ kind: 'authenticate', name: 'alice', password }),
    textOf('authFailed'),
    'the password changed: no token for the old one',
  );

  let roles = 0;
  served.beforeApply = (operation) => {
    if (operation.kind === 'authenticate') served.apply({ kind: 'roleAdd', role: `r${roles++}` }, root);
  };
  t.equal(
    await rig.outcome({ kind: 'authenticate', name: 'root', password: 'rootpw' }),
    textOf('authRevisionOld'),
    'not for ever',
  );
  t.equal(roles, 10);
});

t.test('what the cluster refuses is told to whoever asked', async (t) => {
  const rig = await Rig.enabled();
  const token = await rig.token('root', 'rootpw');
  rig.served.refusal = new Failure('timeout');
  const requests: AuthRequest[] = [
    { kind: 'authenticate', name: 'root', password: 'rootpw' },
    { kind: 'userAdd', name: 'v', password: 'x', noPassword: false },
    { kind: 'roleList' },
  ];
  for (const request of requests)
    t.equal(await rig.outcome(request, { token }), textOf('timeout'), request.kind);
});

t.test('a JWT carries the auth revision, and is refused for keys once that is old', async (t) => {
  const rig = await Rig.enabled('jwt,sign-method=HS256,priv-key=key');
  const token = await rig.token('alice', password);
  const call = rig.call('status', { token });
  const caller = rig.authorizer.callerOf(call);
  t.match(caller, { user: 'alice', revision: rig.served.auth.revision });
  t.doesNotThrow(() => rig.authorizer.checks.watch(caller, bytes('a'), bytes('')));
  await rig.do({ kind: 'roleAdd', role: 'other' }, { token: await rig.token('root', 'rootpw') });
  t.equal(
    refusal(() => rig.authorizer.checks.watch(rig.authorizer.callerOf(call), bytes('a'), bytes(''))),
    'authRevisionOld',
  );
});

t.test(
  'a certificate names its user only where clients must have one, and not through the gateway',
  async (t) => {
    const rig = await Rig.enabled();
    const { authorizer, served } = rig;
    const alice = { user: 'alice', revision: served.auth.revision };
    t.same(authorizer.callerOf(rig.call('status', {}, 'alice')), nobody);
    served.trustsCommonName = true;
    t.same(authorizer.callerOf(rig.call('status', {}, 'alice')), alice);
    t.same(authorizer.callerOf(rig.call('status', {}, '')), nobody);
    t.same(authorizer.callerOf(rig.call('status', { 'grpcgateway-accept': '' }, 'alice')), nobody);
    const token = await rig.token('root', 'rootpw');
    t.match(
      authorizer.callerOf(rig.call('status', { token }, 'alice')),
      { user: 'root' },
      'a token comes first',
    );
    t.equal(
      refusal(() => authorizer.callerOf(rig.call('status', { token: 'x' }, 'alice'))),
      'invalidAuthToken',
    );
  },
);

t.test('a token from another member is judged when its entry is applied here', async (t) => {
  const rig = await Rig.enabled();
  const { served } = rig;
  const prefix = 'abcdefghijklmnop';
  const index = served.index + 1;
  const seen: string[] = [];
  const call = rig.call('userGet', { token: `${prefix}.${index}` });
  rig.authorizer.whenJudgeable(call, () => seen.push(rig.authorizer.callerOf(call).user));
  t.same(seen, [], 'it waits');
  const checkedRevision = served.auth.revision;
  served.auth.apply({ kind: 'authenticate', name: 'alice', prefix, checkedRevision }, nobody, index);
  served.auth.applied(index);
  t.same(seen, ['alice']);
});

function atEach(t: Test, access: Access, expected: string): void {
  t.same(
    [...catalog]
      .flatMap(([service, methods]) => [...methods.keys()].map((method) => `/${service}/${method}`))
      .filter((path) => accessOf(path) === access)
      .map((path) => path.replace(/^.*\//, ''))
      .sort(),
    expected.split(' ').sort(),
    access,
  );
}

t.test('which calls are for root, for users and for everybody', async (t) => {
  atEach(t, 'open', 'Authenticate Check List Watch');
  atEach(t, 'named', 'LeaseGrant LeaseRevoke LeaseTimeToLive LeaseLeases MemberList');
  atEach(
    t,
    'root',
    'MemberRemove MemberUpdate MemberPromote Status Defragment Hash HashKV Snapshot MoveLeader Downgrade',
  );
  t.equal(accessOf('/etcdserverpb.Watch/Watch'), 'request');
  t.equal(
    accessOf('/etcdserverpb.Cluster/MemberAdd'),
    'request',
    'what is wrong with the URLs is told first',
  );
  t.equal(accessOf('/grpc.health.v1.Health/Watch'), 'open');

  const rig = await Rig.enabled();
  const at = (path: string, token?: string): string => {
    const call = { ...rig.call('status', token === undefined ? {} : { token }), path };
    return refusal(() => rig.authorizer.admit(call));
  };
  const alice = await rig.token('alice', password);
  const root = await rig.token('root', 'rootpw');
  t.equal(at('/etcdserverpb.Maintenance/Status'), 'userNameEmpty');
  t.equal(at('/etcdserverpb.Maintenance/Status', alice), 'permissionDenied', 'since etcd 3.5.28');
  t.equal(at('/etcdserverpb.Cluster/MemberList', alice), 'ok');
  t.equal(at('/etcdserverpb.Maintenance/Defragment'), 'userNameEmpty');
  t.equal(at('/etcdserverpb.Maintenance/Defragment', alice), 'permissionDenied');
  t.equal(at('/etcdserverpb.Maintenance/Defragment', root), 'ok');
  t.equal(at('/etcdserverpb.KV/Range'), 'ok', 'the service decides');
  t.equal(at('/etcdserverpb.KV/Range', 'nonsense'), 'ok', 'what is wrong with the request is told first');
  t.equal(at('/grpc.health.v1.Health/Check', 'nonsense'), 'ok');
  await rig.do({ kind: 'disable' }, { token: root });
  t.equal(at('/etcdserverpb.Maintenance/Defragment', 'nonsense'), 'ok', 'all may while auth is off');
});
