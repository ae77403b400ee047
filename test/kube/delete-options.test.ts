/** Where a delete looks for its options: in the body where there is one, and else in the query, as a kube-apiserver does. */

import t from 'tap';
import { startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.test('a body speaks for itself: what the query says besides is not heard', async (t) => {
  const api = await startApi(t);
  const made = await api.send('POST', maps, { metadata: { name: 'a' } });
  const kept = await api.send('DELETE', `${maps}/a`, { dryRun: ['All'] });
  t.equal(kept.code, 200);
  t.equal((await api.get(`${maps}/a`)).code, 200);
  const other = await api.send('DELETE', `${maps}/a?dryRun=All&uid=other`, {
    propagationPolicy: 'Background',
  });
  t.equal(other.code, 200);
  t.equal(other.body.details.uid, made.body.metadata.uid);
  t.equal((await api.get(`${maps}/a`)).code, 404);
  await api.send('POST', maps, { metadata: { name: 'b' } });
  t.equal((await api.send('DELETE', `${maps}/b?propagationPolicy=Foreground`, {})).body.status, 'Success');
  await api.send('POST', maps, { metadata: { name: 'c' } });
  t.equal((await api.send('DELETE', `${maps}?dryRun=All`, {})).code, 200);
  t.equal((await api.get(`${maps}/c`)).code, 404, 'of collections, too');
});

t.test('without a body the query has them all, preconditions as well', async (t) => {
  const api = await startApi(t);
  const { metadata } = (await api.send('POST', maps, { metadata: { name: 'a' } })).body;
  t.equal((await api.send('DELETE', `${maps}/a?dryRun=All`)).code, 200);
  const uid = await api.send('DELETE', `${maps}/a?uid=other`);
  t.equal(uid.code, 409);
  t.match(uid.body.message, 'the UID in the precondition (other) does not match the UID in record');
  const version = await api.send('DELETE', `${maps}/a?resourceVersion=1`);
  t.equal(version.code, 409);
  t.match(version.body.message, 'the ResourceVersion in the precondition (1) does not match');
  const exact = `uid=${metadata.uid}&resourceVersion=${metadata.resourceVersion}`;
  const marked = await api.send('DELETE', `${maps}/a?${exact}&propagationPolicy=Foreground`);
  t.strictSame(marked.body.metadata.finalizers, ['foregroundDeletion']);
});

t.test('options that are no options are refused, wherever they stand', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  const message = async (query: string, body?: object): Promise<string> =>
    (await api.send('DELETE', `${maps}/a${query}`, body)).body.message;
  const invalid = 'DeleteOptions.meta.k8s.io "" is invalid: ';
  const policies = 'supported values: "Foreground", "Background", "Orphan", "nil"';
  const unknown = (text: string): string =>
    `${invalid}propagationPolicy: Unsupported value: "${text}": ${policies}`;
  t.equal(await message('?propagationPolicy='), unknown(''));
  t.equal(await message('', { propagationPolicy: '' }), unknown(''));
  t.equal(await message('', { propagationPolicy: 'x' }), unknown('x'));
  t.match(
    await message('', { propagationPolicy: 'x', orphanDependents: true }),
    /orphanDependents and deletionPropagation cannot be both set, propagationPolicy: Unsupported value/,
  );
  t.match(
    await message('?dryRun='),
    /^DeleteOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value/,
  );
  t.equal((await api.get(`${maps}/a`)).code, 200);
});

t.test('what waits for finalizers is accepted where its dependents are to go with it', async (t) => {
  const api = await startApi(t);
  for (const [query, code] of [
    ['?orphanDependents=false', 202],
    ['?propagationPolicy=Background', 200],
  ] as const) {
    const name = `w${code}`;
    await api.send('POST', maps, { metadata: { name, finalizers: ['example.com/wait'] } });
    const answer = await api.send('DELETE', `${maps}/${name}${query}`);
    t.equal(answer.code, code);
    t.equal(answer.body.metadata.name, name);
  }
  await api.send('POST', maps, { metadata: { name: 'gone' } });
  t.equal((await api.send('DELETE', `${maps}/gone?orphanDependents=false`)).code, 200);
});
