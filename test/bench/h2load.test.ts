/** What is done about an h2load that goes on for ever, as it does with connections that are made too late. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import type { LoadOptions } from '../../bench/generator.ts';
import { runH2load } from '../../bench/h2load.ts';
import { fakeServer } from './fake-server.ts';

t.test('an h2load that does not end is ended, and the benchmark says why', async (t) => {
  const server = await fakeServer();
  const workplace = new Workplace();
  const path = process.env['PATH'];
  t.teardown(async () => {
    process.env['PATH'] = path;
    await workplace.close();
    await server.close();
  });
  const program = join(workplace.folder, 'h2load');
  writeFileSync(program, '#!/bin/sh\nexec sleep 600\n');
  chmodSync(program, 0o755);
  process.env['PATH'] = `${workplace.folder}:${path}`;
  const load: LoadOptions = {
    ...{ targets: [{ host: '127.0.0.1', port: server.port }], connections: 1, streams: 1, rate: null },
    ...{ valueBytes: 8, keyBytes: 8, keySpace: 1, keyOrder: 'random', keyFrom: 0, warmUpMs: 0, measureMs: 1 },
  };
  await t.rejects(runH2load(load, workplace, 100), /h2load does not end/);
});
