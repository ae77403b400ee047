/** Lists and watches that cannot be: tokens, revisions, selectors and shapes, in the words of apiserver 0.36. */

import t from 'tap';
import { startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

const token = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

t.test('a token of a list says what is wrong about it, and goes on with or without a slash', async (t) => {
  const api = await startApi(t);
  for (const name of ['a', 'b']) await api.send('POST', maps, { metadata: { name } });
  const refusal = async (text: string): Promise<string> => {
    const { code, body } = await api.get(`${maps}?continue=${text}`);
    t.equal(code, 400);
    return body.message.replace('invalid continue token: continue key is not valid: ', '');
  };
  const v = 'meta.k8s.io/v1';
  t.equal(
    await refusal(token({ v: 'meta.k8s.io/v2', rv: 1, start: 'x' })),
    'server does not recognize this encoded version meta.k8s.io/v2',
  );
  t.equal(
    await refusal(token({ v, rv: 0, start: 'x' })),
    'incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
  );
  t.equal(await refusal(token({ v, rv: 9, start: '' })), 'encoded start key empty (version meta.k8s.io/v1)');
  for (const start of ['../x', 'a/../../x', 'a//b', './a']) {
    t.equal(await refusal(token({ v, rv: 9, start })), start, 'nobody leaves the list');
  }
  t.equal(await refusal('x'), 'illegal base64 data at input byte 0');
  for (const start of ['a\0', '/a\0']) {
    const rest = await api.get(`${maps}?continue=${token({ v, rv: -1, start })}`);
    t.same(
      rest.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['b', 'kube-root-ca.crt'].slice(0, rest.body.items.length),
    );
  }
});

t.test('a version that is no number is a bad request of a list, and a failure of all else', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  const why = 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax';
  const list = await api.get(`${maps}?resourceVersion=x`);
  t.equal(list.code, 400);
  t.equal(list.body.message, `invalid resource version: ${why}`);
  for (const path of [`${maps}/a?resourceVersion=x`, `${maps}?watch=1&resourceVersion=x`]) {
    const answer = await api.get(path);
    t.equal(answer.code, 500);
    t.equal(answer.body.message, why);
  }
});

t.test('a watch takes no token, and tells in its stream of a state that does not come', async (t) => {
  const api = await startApi(t);
  const refused = await api.get(`${maps}?watch=1&continue=abc`);
  t.equal(refused.code, 422);
  t.match(refused.body.message, /resourceVersionMatch is forbidden when continue is provided$/);
  const future = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999';
  const [frame] = await api.frames(`${maps}?watch=1&${future}`, 1);
  t.equal(frame.type, 'ERROR');
  t.equal(frame.object.reason, 'Timeout');
  t.match(frame.object.message, /^Timeout: Too large resource version: 99999999, current: \d+$/);
});

t.test('a stream of what has no such shape ends, and is not cut off', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  const answer = await api.get(`${maps}?watch=1`, { accept });
  t.equal(answer.code, 200);
  t.equal(answer.body, '');
});

t.test('selectors are refused as a real server refuses them', async (t) => {
  const api = await startApi(t);
  const message = async (selector: string): Promise<string> =>
    (await api.get(`${maps}?labelSelector=${encodeURIComponent(selector)}`)).body.message;
  t.equal(await message('=x'), "found '=', expected: !, identifier, or 'end of string'");
  t.equal(
    await message('a>x'),
    `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
  );
  t.match(
    await message('a/b/c'),
    /^unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a valid label key/,
  );
});

t.test('what is accepted is named for the request that was made', async (t) => {
  const api = await startApi(t);
  const message = async (path: string): Promise<string> =>
    (await api.get(path, { accept: 'text/css' })).body.message;
  const accepted = 'only the following media types are accepted: ';
  t.equal(
    await message(`${maps}?watch=1`),
    `${accepted}application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
  );
  t.equal(
    await message(maps),
    `${accepted}application/json, application/yaml, application/vnd.kubernetes.protobuf`,
  );
});

t.test('bodies of deletes are explained in fewer words', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  const garbage = await api.send('DELETE', `${maps}/a`, '{');
  t.equal(garbage.code, 400);
  t.equal(garbage.body.message, "couldn't get version/kind; json parse error: unexpected end of JSON input");
});
