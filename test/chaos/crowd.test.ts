/** A crowd in small; `npm run crowd` has ten thousand connections and a million watchers on one member. */

import t from 'tap';
import { connect } from '../../src/client/index.ts';
import { startMember } from '../../src/embed/start-member.ts';
import { openConnections, openWatchers } from './crowd.ts';

t.setTimeout(600_000);

t.test(
  'idle connections, halves of frames and idle watchers keep nobody else from being served',
  async (t) => {
    await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
    const url = member.clientUrls[0]!;
    const client = connect({ endpoints: [url], timeoutMs: 60_000 });
    const sockets = [...(await openConnections(url, 150)), ...(await openConnections(url, 50, true))];
    const crowd = await openWatchers(url, 3000, 10);
    try {
      t.equal(crowd.created, 3000);
      const { revision } = await client.put('crowd/7', 'x');
      t.equal((await client.range('crowd/7')).pairs[0]?.modRevision, revision);
      while (crowd.told() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await client.put('other', 'x');
      t.equal(crowd.told(), 1, 'one watcher of three thousand is told');
    } finally {
      crowd.close();
      for (const socket of sockets) socket.removeAllListeners('close').destroy();
      await client.close();
    }
  },
);
