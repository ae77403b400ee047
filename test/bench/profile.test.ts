import t from 'tap';
import { type CpuProfile, profileShares } from '../../bench/profile.ts';

t.test('CPU time is charged to the room that asked for it', async (t) => {
  const frame = (functionName: string, url = ''): { functionName: string; url: string } => ({
    functionName,
    url,
  });
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 6, 7, 8] },
      { id: 2, callFrame: frame('processTicks', 'node:internal/process'), children: [3] },
      { id: 3, callFrame: frame('turn', 'file:///x/dist/member/member.js'), children: [4] },
      { id: 4, callFrame: frame('constructor', 'file:///x/dist/wal/wal.js'), children: [5] },
      { id: 5, callFrame: frame('writev', 'node:fs') },
      { id: 6, callFrame: frame('(idle)') },
      { id: 7, callFrame: frame('(garbage collector)') },
      { id: 8, callFrame: frame('onData', 'file:///x/node_modules/@grpc/grpc-js/build/src/server.js') },
    ],
    samples: [3, 5, 4, 6, 7, 8, 2],
    timeDeltas: [0, 10, 20, 30, 1000, 5, 7, 3],
  };
  t.same(profileShares(profile), [
    { owner: 'wal', microseconds: 50 },
    { owner: 'member', microseconds: 10 },
    { owner: '@grpc/grpc-js', microseconds: 7 },
    { owner: 'gc', microseconds: 5 },
    { owner: 'node', microseconds: 3 },
  ]);
});
