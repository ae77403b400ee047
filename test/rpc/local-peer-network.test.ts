import t from 'tap';
import { LocalNetwork } from '../../src/rpc/local-peer-network.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { peerNetworkSuite } from '../suites/peer-network.ts';

const { scheduler } = nodeRuntime();

peerNetworkSuite(t, (limits) => {
  const network = new LocalNetwork({ scheduler, ...limits });
  return {
    join: async (id) => network.join(id),
    address: (id) => ({ id, urls: [] }),
  };
});

t.test('two members of one id are refused', async (t) => {
  const network = new LocalNetwork({ scheduler });
  const a = network.join('a');
  t.throws(() => network.join('a'), /in this network already/);
  await new Promise<void>((resolve) => a.close(resolve));
  t.ok(network.join('a'));
});

t.test('all frames of a turn are handed over together', async (t) => {
  const jobs: (() => void)[] = [];
  const network = new LocalNetwork({ scheduler: { defer: (job) => jobs.push(job) } });
  const frames: string[] = [];
  const members = ['a', 'b'].map((id) => {
    const member = network.join(id);
    member.start({
      onFrame: (_from, frame) => frames.push(Buffer.from(frame).toString()),
      onConnect: () => {},
      onDisconnect: () => {},
    });
    return member;
  });
  for (const member of members) member.setPeers(['a', 'b'].map((id) => ({ id, urls: [] })));
  for (const job of jobs.splice(0)) job();
  for (const text of ['1', '2', '3']) members[0]!.send('b', Buffer.from(text));
  t.equal(jobs.length, 1, 'one job for the turn');
  jobs[0]!();
  t.same(frames, ['1', '2', '3']);
});
