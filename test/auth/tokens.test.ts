import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import t from 'tap';
import { JwtTokens } from '../../src/auth/jwt.ts';
import { SimpleTokens } from '../../src/auth/simple-tokens.ts';
import { openTokens } from '../../src/auth/token-options.ts';
import { maxTokenWaits, TokenWaits, tokenWaitMs } from '../../src/auth/token-waits.ts';
import type { Tokens } from '../../src/auth/tokens.ts';
import { silentLogger } from '../../src/util/runtime.ts';
import { outcome, Rig, TestClock, testRandom } from './rig.ts';

const prefix = 'abcdefghijklmnop';

t.test('a simple token is sixteen random letters, a dot and the index of its entry', async (t) => {
  const tokens = new SimpleTokens(new TestClock(), testRandom());
  const prefixes = new Set(Array.from({ length: 500 }, () => tokens.newPrefix()));
  t.equal(prefixes.size, 500);
  const letters = new Set([...prefixes].join(''));
  t.equal(letters.size, 52, 'all letters come');
  for (const one of prefixes) t.match(one, /^[a-zA-Z]{16}$/);
  t.equal(tokens.issue('u', prefix, 29), `${prefix}.29`);
  t.equal(tokens.awaits(`${prefix}.29`), 29);
});

t.test('every letter is as likely: numbers over the last whole alphabet are drawn again', async (t) => {
  const drawn = [0xffff_ffff, 0xffff_fff0, 0, 51, 52];
  let at = 0;
  const tokens = new SimpleTokens(new TestClock(), { uint32: () => drawn[at++ % drawn.length]! });
  t.equal(tokens.newPrefix(), 'aZaaZaaZaaZaaZaa');
});

t.test('users who authenticate in one entry of the log have a token each', async (t) => {
  const tokens = new SimpleTokens(new TestClock(), testRandom());
  const other = `Z${prefix.slice(1)}`;
  tokens.authenticated('alice', prefix, 29);
  tokens.authenticated('bob', other, 29);
  t.same(tokens.judge(`${prefix}.29`, 4), { user: 'alice', revision: 4 });
  t.same(tokens.judge(`${other}.29`, 4), { user: 'bob', revision: 4 });
});

t.test('only the token that was made lets its user in', async (t) => {
  const tokens = new SimpleTokens(new TestClock(), testRandom());
  tokens.authenticated('alice', prefix, 29);
  t.same(tokens.judge(`${prefix}.29`, 4), { user: 'alice', revision: 4 }, 'at the present auth revision');
  const bad = [
    '',
    '.',
    prefix,
    `${prefix}.`,
    `${prefix}.28`,
    `${prefix}.029`,
    `${prefix}.29 `,
    `${prefix}.29.1`,
  ];
  bad.push(
    `${prefix.toUpperCase()}.29`,
    `${prefix}x.29`,
    `x${prefix.slice(1)}.29`,
    `${prefix}.-29`,
    '\u00e4.29',
  );
  for (const token of bad) t.equal(tokens.judge(token, 4), null, token);
  t.equal(tokens.awaits('.29'), 0, 'and nobody waits for what is no token');
});

t.test('a simple token lives as long as it is used', async (t) => {
  const clock = new TestClock();
  const tokens = new SimpleTokens(clock, testRandom(), 1000);
  tokens.authenticated('alice', prefix, 1);
  tokens.authenticated('bob', prefix, 2);
  clock.turn(900);
  t.ok(tokens.judge(`${prefix}.1`, 1));
  clock.turn(99);
  t.ok(tokens.judge(`${prefix}.2`, 1), 'until it was not used for that long');
  clock.turn(901);
  t.equal(tokens.judge(`${prefix}.1`, 1), null);
  t.equal(tokens.size, 1, 'it is forgotten');
  t.ok(tokens.judge(`${prefix}.2`, 1), 'the other was used later');
  clock.turn(1000);
  t.equal(tokens.judge(`${prefix}.2`, 1), null);
  t.equal(tokens.size, 0);
});

t.test('a time to live of 0 is the default of five minutes', async (t) => {
  const clock = new TestClock();
  const tokens = new SimpleTokens(clock, testRandom(), 0);
  tokens.authenticated('alice', prefix, 1);
  clock.turn(299_999);
  t.ok(tokens.judge(`${prefix}.1`, 1));
  clock.turn(300_000);
  t.equal(tokens.judge(`${prefix}.1`, 1), null);
});

t.test('the tokens of a user that changes are void, and all when auth is disabled', async (t) => {
  const rig = await Rig.open();
  rig.enable();
  for (const name of ['alice', 'bob', 'carol']) rig.addUser(name);
  const { tokens } = rig.auth;
  const tokenOf = (name: string): string => {
    const made = rig.do({ kind: 'authenticate', name, prefix, checkedRevision: rig.auth.revision });
    return tokens.issue(name, prefix, made.index, made.authRevision);
  };
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(tokenOf) as [string, string, string];
  const holds = (token: string) => tokens.judge(token, rig.auth.revision) !== null;
  t.ok(holds(alice) && holds(bob) && holds(carol));
  rig.do({ kind: 'userChangePassword', name: 'alice', hashedPassword: '' });
  t.notOk(holds(alice));
  rig.do({ kind: 'userDelete', name: 'bob' });
  t.notOk(holds(bob));
  t.ok(holds(carol));
  rig.do({ kind: 'userChangePassword', name: 'carol', hashedPassword: '' });
  const second = tokenOf('carol');
  await new Promise((resolve) => rig.auth.reload(resolve));
  t.notOk(holds(second), 'nor after a state from elsewhere: what happened in between is unknown');
  const third = tokenOf('carol');
  rig.do({ kind: 'disable' });
  rig.do({ kind: 'enable' });
  t.notOk(holds(third));
});

t.test('tokens are bounded: the one unused for longest goes first', async (t) => {
  const tokens = new SimpleTokens(new TestClock(), testRandom(), 1000, 3);
  for (const index of [1, 2, 3]) tokens.authenticated('u', prefix, index);
  tokens.judge(`${prefix}.1`, 1);
  tokens.authenticated('u', prefix, 4);
  t.equal(tokens.size, 3);
  t.same(
    [1, 2, 3, 4].map((index) => tokens.judge(`${prefix}.${index}`, 1) !== null),
    [true, false, true, true],
  );
});

t.test('a token of another kind of member is no simple token', async (t) => {
  const tokens = new SimpleTokens(new TestClock(), testRandom());
  tokens.authenticated('u', '', 1);
  t.equal(tokens.size, 0);
});

// maxTokenWaits of auth/token-waits
t.test('a call waits for the entry of its token, not for ever, and not in any number', async (t) => {
  const rig = await Rig.open();
  rig.auth.applied(10);
  const order: string[] = [];
  const wait = (index: number): void =>
    rig.auth.whenJudgeable(`${prefix}.${index}`, () => order.push(String(index)));
  wait(10);
  t.same(order, ['10'], 'at once');
  wait(12);
  wait(11);
  wait(13);
  rig.auth.applied(11);
  t.same(order, ['10', '11']);
  rig.auth.applied(12);
  t.same(order, ['10', '11', '12']);
  rig.clock.turn(tokenWaitMs);
  t.same(order, ['10', '11', '12', '13'], 'the rest when time is over');
  t.equal(rig.clock.timerCount, 0);
  rig.auth.whenJudgeable('no token at all', () => order.push('none'));
  t.equal(order.at(-1), 'none');

  const clock = new TestClock();
  const waits = new TokenWaits(clock);
  let proceeded = 0;
  for (let i = 0; i < maxTokenWaits + 1; i++) waits.add(100, () => proceeded++);
  t.equal(proceeded, 1, 'what is too many does not wait');
  waits.close();
  clock.turn(2 * tokenWaitMs);
  t.equal(proceeded, 1);
  t.equal(clock.timerCount, 0, 'nothing is left behind');
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
const ec: Record<string, { publicKey: KeyObject; privateKey: KeyObject }> = Object.fromEntries(
  Object.entries(curves).map(([method, namedCurve]) => [method, generateKeyPairSync('ec', { namedCurve })]),
);
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed = generateKeyPairSync('ed25519');
const secret = Buffer.from('a secret of some length\n');

const publicPem = (key: KeyObject): Buffer => Buffer.from(key.export({ type: 'spki', format: 'pem' }));
const privatePem = (key: KeyObject): Buffer => Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }));

/** Tokens of an option's text, with files that are in memory. */
function open(spec: string, files: Record<string, Uint8Array> = {}, clock = new TestClock()): Tokens {
  const readFile = (path: string): Uint8Array => {
    const content = files[path];
    if (content === undefined) throw new Error(`ENOENT ${path}`);
    return content;
  };
  return openTokens(
    { spec, simpleTtlMs: 300_000, readFile },
    { clock, random: testRandom(), log: silentLogger },
  );
}

function pairOf(method: string): { publicKey: KeyObject; privateKey: KeyObject } {
  if (method === 'EdDSA') return ed;
  return ec[method] ?? rsa;
}

const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

t.test(
  'a JWT of every method of etcd is signed, verified, and refused when anything in it changed',
  async (t) => {
    for (const method of [...asymmetric, 'HS256', 'HS384', 'HS512']) {
      const { publicKey, privateKey } = pairOf(method);
      const priv = method.startsWith('HS') ? secret : privatePem(privateKey);
      const files = { priv, pub: publicPem(publicKey) };
      const signing = open(`jwt,sign-method=${method},priv-key=priv,ttl=1m`, files);
      t.equal(signing.newPrefix(), '');
      const token = signing.issue('alice', '', 29, 7);
      t.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/, method);
      t.same(JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()), {
        alg: method,
        typ: 'JWT',
      });
      t.match(signing.judge(token, 9), { user: 'alice', revision: 7 }, 'the revision at which it was made');
      const verifying = method.startsWith('HS')
        ? open(`jwt,sign-method=${method},priv-key=priv`, files)
        : open(`jwt,sign-method=${method},pub-key=pub`, files);
      t.match(verifying.judge(token, 9), { user: 'alice', revision: 7 });
      for (const part of [0, 1, 2]) {
        const parts = token.split('.');
        const changed = Buffer.from(parts[part]!, 'base64url');
        changed[5]! ^= 1;
        parts[part] = changed.toString('base64url');
        t.equal(verifying.judge(parts.join('.'), 9), null, `${method}, part ${part}`);
      }
    }
  },
);

t.test('a public key verifies and does not sign', async (t) => {
  const files = { pub: publicPem(rsa.publicKey) };
  const tokens = open('jwt,sign-method=RS256,pub-key=pub', files);
  t.equal(
    outcome(() => tokens.newPrefix()),
    'tokenVerifyOnly',
  );
  t.equal(
    outcome(() => tokens.issue('u', '', 1, 1)),
    'tokenVerifyOnly',
  );
});

t.test('a token ends when it says so, remembered or not', async (t) => {
  const clock = new TestClock();
  const files = { priv: secret };
  const tokens = open('jwt,sign-method=HS256,priv-key=priv,ttl=10s', files, clock);
  const token = tokens.issue('alice', '', 1, 1);
  t.ok(tokens.judge(token, 1));
  clock.turn(9999);
  t.ok(tokens.judge(token, 1));
  clock.turn(1);
  t.equal(tokens.judge(token, 1), null);
  t.equal(open('jwt,sign-method=HS256,priv-key=priv', files, clock).judge(token, 1), null);
});

function crafted(head: object, claims: unknown): string {
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

t.test('claims that are missing or of another type let nobody in', async (t) => {
  const clock = new TestClock();
  const tokens = open('jwt,sign-method=HS256,priv-key=priv', { priv: secret }, clock);
  const head = { alg: 'HS256', typ: 'JWT' };
  const now = clock.time / 1000;
  const judge = (claims: unknown): unknown => tokens.judge(crafted(head, claims), 1);
  t.match(judge({ username: 'u', revision: 3 }), { user: 'u', revision: 3 }, 'without an end');
  t.match(judge({ username: 'u', revision: 3.9, exp: now + 1, nbf: now - 1 }), { user: 'u', revision: 3 });
  for (const claims of [
    {},
    null,
    [],
    'u',
    { username: 'u' },
    { revision: 3 },
    { username: 7, revision: 3 },
    { username: 'u', revision: '3' },
    { username: 'u', revision: -1 },
    { username: 'u', revision: 3, exp: now },
    { username: 'u', revision: 3, exp: 'never' },
    { username: 'u', revision: 3, nbf: now + 1 },
  ]) {
    t.equal(judge(claims), null, JSON.stringify(claims));
  }
  for (const token of ['', 'a.b', 'a.b.c', '..', `${'x'.repeat(20_000)}.a.b`, `${crafted(head, {})}=`]) {
    t.equal(tokens.judge(token, 1), null);
  }
});

t.test('the method is chosen by the member, never by the token', async (t) => {
  const files = { pub: publicPem(rsa.publicKey), priv: privatePem(rsa.privateKey) };
  const tokens = open('jwt,sign-method=RS256,pub-key=pub', files);
  const claims = { username: 'root', revision: 1 };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const unsigned = `${encode({ alg: 'none' })}.${encode(claims)}.`;
  t.equal(tokens.judge(unsigned, 1), null, 'none');
  const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  const confused = `${text}.${createHmac('sha256', files.pub).update(text).digest('base64url')}`;
  t.equal(tokens.judge(confused, 1), null, 'the public key as a secret');
  const other = open('jwt,sign-method=RS512,priv-key=priv', files).issue('root', '', 1, 1);
  t.equal(tokens.judge(other, 1), null, 'another hash');
  const foreign = `${encode({ alg: 'RS256' })}.${encode(claims)}`;
  const forged = `${foreign}.${sign('sha256', Buffer.from(foreign), otherRsa.privateKey).toString('base64url')}`;
  t.equal(tokens.judge(forged, 1), null, 'another key');
});

t.test('verified tokens are remembered in bounded number', async (t) => {
  let verified = 0;
  const key = {
    method: 'HS256',
    sign: () => Buffer.from('signature'),
    verify: () => {
      verified++;
      return true;
    },
  };
  const tokens = new JwtTokens(new TestClock(), key, 60_000, 3);
  const made = ['a', 'b', 'c', 'd'].map((user) => tokens.issue(user, '', 1, 1));
  for (const token of made) tokens.judge(token);
  for (const token of made.slice(1)) tokens.judge(token);
  t.equal(verified, 4, 'each is verified once');
  t.equal(tokens.rememberedCount, 3);
  t.ok(tokens.judge(made[0]!), 'the oldest again');
  t.equal(verified, 5);
});

t.test('every mistake in the option is told, and no key is quoted', async (t) => {
  const files = {
    priv: privatePem(rsa.privateKey),
    other: publicPem(otherRsa.publicKey),
    p384: privatePem(p384.privateKey),
    junk: Buffer.from('SECRETSECRET'),
    empty: Buffer.alloc(0),
  };
  const mistakes: [string, RegExp][] = [
    ['bearer', /must be simple or jwt/],
    ['jwt', /sign-method must be one of/],
    ['jwt,sign-method', /name=value/],
    ['jwt,sign-method=RS256=x', /name=value/],
    ['jwt,ttl=1s,ttl=2s', /ttl is given twice/],
    ['jwt,sign-method=none,priv-key=priv', /sign-method must be one of/],
    ['jwt,sign-method=RS256', /needs priv-key or pub-key/],
    ['jwt,sign-method=HS256,pub-key=other', /needs priv-key/],
    ['jwt,sign-method=HS256,priv-key=empty', /needs priv-key/],
    ['jwt,sign-method=RS256,priv-key=gone', /priv-key gone cannot be read/],
    ['jwt,sign-method=RS256,priv-key=junk', /priv-key holds no key/],
    ['jwt,sign-method=RS256,pub-key=junk', /pub-key holds no key/],
    ['jwt,sign-method=RS256,priv-key=priv,pub-key=other', /do not belong together/],
    ['jwt,sign-method=RS256,priv-key=p384', /needs a key of type rsa/],
    ['jwt,sign-method=ES256,priv-key=p384', /on the curve prime256v1/],
    ['jwt,sign-method=EdDSA,priv-key=priv', /needs a key of type ed25519/],
    ['jwt,sign-method=RS256,priv-key=priv,ttl=soon', /ttl must be a duration/],
  ];
  for (const [spec, text] of mistakes) {
    try {
      open(spec, files);
      t.fail(spec);
    } catch (error) {
      t.match(error, { reason: 'badConfig', message: text }, spec);
      t.notMatch(String(error), /SECRET|BEGIN/);
    }
  }
  t.ok(open('simple') instanceof SimpleTokens);
  const none = open('');
  t.equal(none.judge('anything', 1), null);
  t.equal(
    outcome(() => none.newPrefix()),
    'authFailed',
  );
});
