import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workplace } from '../../bench/children.ts';
import { run } from '../clients/harness.ts';
import type { Promises } from './suite.ts';

const clientUrl = new URL('../../src/client/index.ts', import.meta.url).href;

export const closePromises: Promises = (t, bench) => {
  t.test(
    'closing the client ends everything: no timer, stream or connection keeps the process',
    async (t) => {
      const workplace = new Workplace();
      t.teardown(() => workplace.close());
      const program = `
      import { connect } from '${clientUrl}';
      const client = connect({ endpoints: ${JSON.stringify([...bench.cluster.endpoints, 'http://127.0.0.1:1'])} });
      const lease = await client.lease(60);
      await client.lock('close/lock');
      const watch = client.watch('close/watch');
      await watch.created;
      await watch.requestProgress();
      client.election('close/election').observe().next().catch((error) => console.log('observer:', error.reason));
      client.lock('close/lock').catch((error) => console.log('waiting:', error.reason));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const start = performance.now();
      await client.close();
      await lease.lost;
      console.log('closed');
      process.on('exit', () => console.log(performance.now() - start < 9000 ? 'at once' : 'late'));
    `;
      const file = join(workplace.folder, 'close.mts');
      writeFileSync(file, program);
      const ran = await run(workplace, [process.execPath, '--import', import.meta.resolve('tsx'), file]);
      t.equal(ran.err, '');
      t.equal(ran.code, 0);
      const lines = ran.out.trim().split('\n').sort();
      t.same(lines, ['at once', 'closed', 'observer: clientClosed', 'waiting: clientClosed']);
    },
  );
};
