import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tellServiceManager } from '../../src/cli/service-manager.ts';
import { silentLogger } from '../../src/util/runtime.ts';
import { until } from '../waiting.ts';

t.test('systemd is told once a member serves, if it asked for it', async (t) => {
  const dir = t.testdir({ said: '' });
  const program = join(dir, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $@" >> '${dir}/said'\n`);
  chmodSync(program, 0o755);
  const said = (): string => readFileSync(join(dir, 'said'), 'utf8');
  tellServiceManager({ PATH: `${dir}:/bin:/usr/bin` }, silentLogger);
  tellServiceManager({ PATH: `${dir}:/bin:/usr/bin`, NOTIFY_SOCKET: '/run/x' }, silentLogger);
  await until('systemd is told', () => said() !== '');
  t.equal(said(), '/run/x --ready\n');
});

t.test('where that is not possible, the log says what to do', async (t) => {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => warnings.push(message) };
  tellServiceManager({ PATH: t.testdir(), NOTIFY_SOCKET: '/run/x' }, log);
  await until('a warning', () => warnings.length > 0);
  t.match(warnings, [/Type=exec/]);
});
