import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { decodeHashKvResponse, encodeHashKvRequest } from '../../src/wire/client-messages.ts';
import {
  decodePutResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeTxnRequest,
} from '../../src/wire/kv-codec.ts';
import { Caller } from '../etcd/served.ts';
import { del, delOp, put, putOp, txn } from '../mvcc/requests.ts';
import { missingPrograms, startServers } from './harness.ts';

/** Small and good enough; the same numbers on both systems. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

t.test('the same past has the hashes that etcd gives it', { skip: missingPrograms('etcd') }, async (t) => {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  const systems = await Promise.all(
    (['etcd', 'keelson'] as const).map(async (system) => startServers(system, 1, workplace)),
  );
  const callers = systems.map(({ endpoints }) => new Caller(endpoints[0]!));
  t.teardown(() => {
    for (const caller of callers) caller.closeClient();
  });
  const [etcd, keelson] = callers as [Caller, Caller];
  const both = async (path: string, body: Uint8Array): Promise<Buffer> => {
    const [answer] = await Promise.all([etcd.response(path, body), keelson.response(path, body)]);
    return answer!;
  };
  const pick = random(20_261);
  const key = (): string => `k${pick(12)}`;
  let compared = 0;
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 40; i++) {
      const kind = pick(10);
      if (kind < 6) await both('KV/Put', encodePutRequest(put(key(), 'v'.repeat(pick(40)))));
      else if (kind < 9)
        await both('KV/DeleteRange', encodeDeleteRangeRequest(del(key(), pick(2) === 0 ? '' : 'k3')));
      else
        await both(
          'KV/Txn',
          encodeTxnRequest(txn([putOp(put('t', `${i}`)), delOp(del(key())), putOp(put('u', ''))])),
        );
    }
    if (round === 4) await both('KV/DeleteRange', encodeDeleteRangeRequest(del('\0', '\0')));
    const { header } = decodePutResponse(await both('KV/Put', encodePutRequest(put(key(), 'last'))));
    if (round === 4) await both('KV/DeleteRange', encodeDeleteRangeRequest(del('\0', '\0')));
    const compactRevision = header.revision - 1 - pick(20);
    for (const at of round === 0 ? [0, 1, 2, 20] : [0, 1, 2, 9].map((back) => header.revision - back)) {
      const [theirs, ours] = await Promise.all(
        callers.map(async (caller) =>
          decodeHashKvResponse(await caller.response('Maintenance/HashKV', encodeHashKvRequest(at))),
        ),
      );
      t.equal(ours!.hash, theirs!.hash, `round ${round}, revision ${at}`);
      t.equal(ours!.compactRevision, theirs!.compactRevision);
      t.equal(ours!.header.revision, theirs!.header.revision);
      compared++;
    }
    await both('KV/Compact', encodeCompactionRequest({ revision: compactRevision, physical: true }));
    const after = await Promise.all(
      callers.map(async (caller) =>
        decodeHashKvResponse(await caller.response('Maintenance/HashKV', encodeHashKvRequest(0))),
      ),
    );
    t.equal(after[1]!.hash, after[0]!.hash, `round ${round}, after its compaction at ${compactRevision}`);
  }
  t.equal(compared, 24);
});
