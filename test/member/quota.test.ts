import t from 'tap';
import type { Backend } from '../../src/backend/backend.ts';
import { Quota } from '../../src/member/quota.ts';
import { RequestKind } from '../../src/member/types.ts';
import { encodePutRequest, locatePut } from '../../src/wire/kv-codec.ts';
import { put } from '../mvcc/requests.ts';

/** A state of some size, and how often it was looked at. */
function rig(quotaBytes: number): { quota: Quota; state: { bytes: number; looks: number } } {
  const state = { bytes: 0, looks: 0 };
  const backend = {
    get sizeBytes(): number {
      state.looks++;
      return state.bytes;
    },
    pendingBytes: 0,
  };
  return { quota: new Quota(backend as unknown as Backend, quotaBytes), state };
}

t.test(
  'what one member asks for is let in as long as there is room for all of it, and no longer',
  async (t) => {
    for (const quotaBytes of [1000, 10_000, 5_000_000]) {
      const { quota, state } = rig(quotaBytes);
      while (quota.hasRoom(300)) state.bytes += 300;
      t.ok(state.bytes + 300 >= quotaBytes && state.bytes < quotaBytes, `${state.bytes} of ${quotaBytes}`);
      t.equal(quota.hasRoom(300), false);
      state.bytes -= 1000;
      t.equal(quota.hasRoom(300), true, 'room that was made is seen');
    }
  },
);

t.test(
  'grantedBytesMax of member/quota: the state is looked at once for so much, and again after each turn',
  async (t) => {
    const { quota, state } = rig(2 ** 40);
    quota.hasRoom(1000);
    t.equal(state.looks, 1);
    for (let asked = 1024; asked <= 1 << 20; asked += 1024) quota.hasRoom(1024);
    t.equal(state.looks, 1);
    quota.hasRoom(1);
    t.equal(state.looks, 2);
    state.bytes = 2 ** 40;
    t.equal(quota.hasRoom(1), true, 'what somebody else has added is overlooked for a while');
    t.equal(quota.outgrownAt(7), true);
    t.equal(quota.hasRoom(1), false, 'but not for longer than a turn');
    t.equal(quota.outgrownAt(7), false, 'told once per revision');
  },
);

t.test('a put costs the same, decoded or where it stands', async (t) => {
  const { quota } = rig(1e9);
  const request = put('some key', 'and a value');
  const bytes = encodePutRequest(request);
  const cost = quota.costOf(RequestKind.Put, request);
  t.equal(cost, 256 + 8 + 11);
  t.equal(quota.costOf(RequestKind.Put, locatePut(bytes, 0, bytes.length)), cost);
});
