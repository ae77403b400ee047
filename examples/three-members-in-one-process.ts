/**
 * A cluster of three in one process, on a network of its own: what one member was told, the others know; and when the
 * leader goes, the rest carry on.
 *
 *     node --import tsx examples/three-members-in-one-process.ts
 */

import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, type Member, startCluster } from 'keelson';
import { connect } from './grpc-from-proto.ts';

const key = Buffer.from('ship');

async function write(member: Member, value: string): Promise<void> {
  using kv = connect('etcdserverpb.KV', member.clientUrls[0]!);
  await kv.call('Put', { key, value: Buffer.from(value) });
}

/** A read is linearizable: it shows every write that was answered before, whichever member is asked. */
async function read(member: Member): Promise<string> {
  using kv = connect('etcdserverpb.KV', member.clientUrls[0]!);
  const { kvs } = (await kv.call('Range', { key })) as { kvs: { value: Buffer }[] };
  return String(kvs[0]?.value);
}

async function leaderOf(cluster: Cluster): Promise<Member> {
  for (;;) {
    const leader = cluster.leader();
    if (leader !== null) return leader;
    await pause(10);
  }
}

await using cluster = await startCluster({ members: 3, listen: true });
const leader = await leaderOf(cluster);
console.log(`${cluster.members.length} members, and one leads`);

await write(leader, 'on the stocks');
for (const member of cluster.members) console.log(`${member.name} says: ${await read(member)}`);

const others = cluster.members.filter((member) => member !== leader);
await leader.close();
console.log('the leader is gone');

await write(others[0]!, 'afloat');
for (const member of others) console.log(`one of the others says: ${await read(member)}`);
