import { setImmediate as soon } from 'node:timers/promises';
import t from 'tap';
import { WorkerPasswords } from '../../src/auth/password-worker.ts';
import {
  bcryptCost,
  InlinePasswords,
  maxWaitingPasswords,
  newSalt,
  type Passwords,
  unmatchableHash,
} from '../../src/auth/passwords.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { scheduler, TestClock, testRandom } from './rig.ts';

const runtime = nodeRuntime();

const hash = (passwords: Passwords, password: string): Promise<string> =>
  new Promise((resolve, reject) =>
    passwords.hash(password, (error, hashed) => (error === null ? resolve(hashed) : reject(error))),
  );
const compare = (passwords: Passwords, password: string, hashed: string | null): Promise<boolean> =>
  new Promise((resolve, reject) =>
    passwords.compare(password, hashed, (error, matches) =>
      error === null ? resolve(matches) : reject(error),
    ),
  );

/** The reason of a refusal, or `ok`. */
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error) => error.reason as string,
  );

const kinds: Record<string, () => Passwords> = {
  worker: () => new WorkerPasswords(runtime, 4),
  inline: () => new InlinePasswords(testRandom(), scheduler),
};

for (const [name, make] of Object.entries(kinds)) {
  t.test(`${name}: a hash is bcrypt's as Go writes it, and only its password matches`, async (t) => {
    const passwords = make();
    t.teardown(() => passwords.close());
    const hashed = await hash(passwords, 's\u00e9cret\0');
    t.match(hashed, /^\$2a\$04\$[./A-Za-z0-9]{53}$/);
    t.not(await hash(passwords, 's\u00e9cret\0'), hashed, 'each has a salt of its own');
    t.equal(await compare(passwords, 's\u00e9cret\0', hashed), true);
    t.equal(await compare(passwords, 's\u00e9cret', hashed), false);
    t.equal(await compare(passwords, '', await hash(passwords, '')), true, 'an empty one is a password');
    for (const other of ['', 'no hash', unmatchableHash(4), null]) {
      t.equal(await compare(passwords, '', other), false, String(other));
    }
    t.equal(await refusal(hash(passwords, 'x'.repeat(73))), 'passwordTooLong');
    t.equal(await refusal(hash(passwords, '\u00e9'.repeat(37))), 'passwordTooLong', 'bytes count');
    t.equal(await compare(passwords, 'x'.repeat(72), await hash(passwords, 'x'.repeat(72))), true);
  });

  t.test(`${name}: hashes of other bcrypts are understood`, async (t) => {
    const passwords = make();
    t.teardown(() => passwords.close());
    // From the test vectors of OpenBSD's and of Go's bcrypt.
    const known = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    t.equal(await compare(passwords, 'U*U', known), true);
    t.equal(await compare(passwords, 'U*U', known.replace('$2a$', '$2b$')), true);
    t.equal(await compare(passwords, 'U*V', known), false);
  });
}

t.test('hashing leaves the thread that serves alone', async (t) => {
  const passwords = new WorkerPasswords(runtime, 11);
  t.teardown(() => passwords.close());
  await compare(passwords, '', null);
  let isDone = false;
  const hashing = hash(passwords, 'x').then(() => {
    isDone = true;
  });
  let turns = 0;
  while (!isDone) {
    await soon();
    turns++;
  }
  await hashing;
  t.ok(turns > 100, `${turns} turns while it was hashed`);
});

// maxWaitingPasswords of auth/passwords
t.test('passwords that wait are bounded, and told to stop', async (t) => {
  const passwords = new WorkerPasswords(runtime, 4);
  const all = Array.from({ length: maxWaitingPasswords }, () => refusal(hash(passwords, 'x')));
  t.equal(await refusal(hash(passwords, 'x')), 'tooManyRequests');
  passwords.close();
  t.same(new Set(await Promise.all(all)), new Set(['stopped']));
  t.equal(await refusal(hash(passwords, 'x')), 'stopped');
  t.notOk(passwords.isRunning);
});

t.test('the thread starts with the first password and ends when there is nothing to do', async (t) => {
  const clock = new TestClock();
  const passwords = new WorkerPasswords({ ...runtime, clock }, 4);
  t.teardown(() => passwords.close());
  t.notOk(passwords.isRunning);
  t.ok(await compare(passwords, 'x', await hash(passwords, 'x')));
  t.ok(passwords.isRunning);
  clock.turn(10_000);
  t.notOk(passwords.isRunning);
  t.ok(await compare(passwords, 'x', await hash(passwords, 'x')), 'and again');
  passwords.close();
  t.equal(clock.timerCount, 0, 'no timer is left behind');
});

t.test('the answer never comes before the call returns', async (t) => {
  for (const make of Object.values(kinds)) {
    const passwords = make();
    t.teardown(() => passwords.close());
    let isInside = true;
    const answers: boolean[] = [];
    const done = (): void => void answers.push(isInside);
    passwords.hash('x'.repeat(73), done);
    passwords.hash('x', done);
    passwords.compare('x', null, done);
    isInside = false;
    while (answers.length < 3) await soon();
    t.same(answers, [false, false, false]);
  }
});

t.test('a cost that bcrypt does not take is replaced by the default, with a warning', async (t) => {
  const lines: string[] = [];
  const log = { warn: (message: string): void => void lines.push(message) };
  t.same(
    [4, 10, 31].map((cost) => bcryptCost(cost, log)),
    [4, 10, 31],
  );
  t.equal(lines.length, 0);
  t.same(
    [3, 32, 0, 10.5].map((cost) => bcryptCost(cost, log)),
    [10, 10, 10, 10],
  );
  t.equal(lines.length, 4);
});

t.test('a salt has sixteen random bytes', async (t) => {
  const random = testRandom();
  t.match(newSalt(10, random), /^\$2a\$10\$[./A-Za-z0-9]{22}$/);
  t.not(newSalt(10, random), newSalt(10, random));
});
