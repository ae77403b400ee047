import type { EtcdError } from '../../src/client/index.ts';
import { failing } from './failing.ts';
import type { Promises } from './suite.ts';

/** The last of the promises to one cluster: they turn authentication on, and off again. */
export const authPromises: Promises = (t, bench) => {
  t.test('users get what their roles permit, and tokens are renewed unseen', async (t) => {
    const admin = bench.client(t);
    const { auth } = admin;
    if (!(await bench.serves('authentication', () => auth.enable()))) return;
    await t.rejects(auth.enable(), failing({ reason: 'rootUserNotFound' }));
    await auth.users.add('root', 'rootpw');
    await auth.roles.add('root');
    await auth.users.grantRole('root', 'root');
    await auth.users.add('ann', 'annpw');
    await t.rejects(auth.users.add('ann', 'x'), failing({ reason: 'userExists' }));
    await auth.roles.add('reader');
    await auth.roles.grantPermission('reader', 'read', { prefix: 'auth/' });
    await auth.users.grantRole('ann', 'reader');
    t.same(await auth.users.list(), ['ann', 'root']);
    t.same(await auth.roles.list(), ['reader', 'root']);
    t.same(await auth.users.roles('ann'), ['reader']);
    t.match(await auth.roles.permissions('reader'), [
      { kind: 'read', key: Buffer.from('auth/'), rangeEnd: Buffer.from('auth0') },
    ]);
    await admin.put('auth/a', '1');

    const early = bench.client(t, { auth: { username: 'root', password: 'rootpw' } });
    t.equal((await early.get('auth/a'))!.text, '1', 'credentials do no harm while authentication is off');
    const earlyWatch = early.watch('auth/a');
    await earlyWatch.created;

    await auth.enable();
    await t.rejects(admin.get('auth/a'), failing({ reason: 'userNameEmpty', code: 3 }));
    t.equal((await early.get('auth/a'))!.text, '1', 'and the token is fetched once it is on');
    const root = bench.client(t, { auth: { username: 'root', password: 'rootpw' } });
    const ann = bench.client(t, { auth: { username: 'ann', password: 'annpw' } });
    const wrong = bench.client(t, { auth: { username: 'ann', password: 'guess' } });
    await t.rejects(wrong.get('auth/a'), failing({ reason: 'authFailed', code: 3 }));
    t.equal((await ann.get('auth/a'))!.text, '1');
    await t.rejects(
      ann.put('auth/a', '2'),
      failing({ reason: 'permissionDenied', code: 7, mayHaveHappened: false }),
    );
    await t.rejects(ann.watch('other').messages().next(), failing({ reason: 'permissionDenied', code: 7 }));
    const watch = ann.watch('auth/a');
    await watch.created;

    await t.test('a change of the auth state makes old tokens old: nobody notices', async (t) => {
      await root.auth.roles.add('more');
      await root.auth.roles.delete('more');
      t.equal((await ann.get('auth/a'))!.text, '1');
      await root.put('auth/a', '3');
      const next = await watch.messages().next();
      t.match(next.value, { kind: 'events' });
      const late = ann.watch('auth/a', { startRevision: 1 + (await ann.get('auth/a'))!.modRevision });
      await late.created;
    });

    await root.auth.users.changePassword('ann', 'new');
    t.match(
      await ann.get('auth/a').catch((error: unknown) => error),
      { reason: 'authFailed' },
      'a token that cannot be renewed ends in the reason why',
    );
    const health = await ann.health({ timeoutMs: 2000 }).catch((error: EtcdError) => error);
    t.match(health, [{ isHealthy: false }]);

    await root.auth.disable();
    await root.auth.users.revokeRole('ann', 'reader');
    await root.auth.roles.revokePermission('reader', { prefix: 'auth/' });
    await root.auth.users.delete('ann');
    await root.auth.roles.delete('reader');
    await root.auth.users.delete('root');
    await root.auth.roles.delete('root');
    t.same(await admin.auth.users.list(), []);
  });
};
