/**
 * A member that keeps its data: each start finds what the one before has written, however that one ended.
 *
 *     node --import tsx examples/member-on-a-directory.ts              # a directory for this run, removed at its end
 *     node --import tsx examples/member-on-a-directory.ts my-data      # run it again, and it goes on counting
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMember } from 'keelson';
import { connect } from './grpc-from-proto.ts';

/** Starts a member on the directory, counts this start in a key, and closes the member. */
async function visit(dataDir: string): Promise<void> {
  await using member = await startMember({ dataDir, listenClientUrls: ['http://127.0.0.1:0'] });
  using kv = connect('etcdserverpb.KV', member.clientUrls[0]!);

  const key = Buffer.from('visits');
  const { kvs } = (await kv.call('Range', { key })) as { kvs: { value: Buffer }[] };
  const visits = Number(kvs[0]?.value ?? 0) + 1;
  await kv.call('Put', { key, value: Buffer.from(String(visits)) });
  // When the put is answered, it is on the disk.
  console.log(`visit ${visits} of member ${member.id}`);
}

const given = process.argv[2];
const dataDir = given ?? (await mkdtemp(join(tmpdir(), 'keelson-example-')));
await visit(dataDir);
await visit(dataDir);
if (given === undefined) await rm(dataDir, { recursive: true });
