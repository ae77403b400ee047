/** A running server's log can be made to say more, and to go on in other files. */

import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type LogTarget, ServerLog } from '../../src/cli/server-log.ts';

function linesOf(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

const target = (path: string, logLevel: LogTarget['logLevel']): LogTarget => ({
  logOutputs: [path],
  logFormat: 'json',
  logLevel,
});

t.test('the level is switched to debug and back, and both is told', async (t) => {
  const path = join(t.testdir(), 'log');
  const log = new ServerLog(target(path, 'warn'), 'server');
  log.logger.debug('a');
  log.switchLevel();
  log.logger.debug('b');
  log.logger.info('c');
  log.switchLevel();
  log.logger.info('d');
  log.logger.warn('e');
  t.same(linesOf(path), ['log level changed', 'b', 'c', 'log level changed', 'e']);
});

t.test('a log of everything is switched to info and back', async (t) => {
  const path = join(t.testdir(), 'log');
  const log = new ServerLog(target(path, 'debug'), 'server');
  log.switchLevel();
  log.logger.debug('a');
  log.logger.info('b');
  log.switchLevel();
  log.logger.debug('c');
  t.same(linesOf(path), ['log level changed', 'b', 'log level changed', 'c']);
});

t.test('a file that was moved away is opened anew, and nothing is lost', async (t) => {
  const path = join(t.testdir(), 'log');
  const log = new ServerLog(target(path, 'info'), 'server');
  log.logger.info('first');
  renameSync(path, `${path}.1`);
  log.logger.info('second');
  log.reopen();
  log.logger.info('third');
  t.same(linesOf(`${path}.1`), ['first', 'second']);
  t.same(linesOf(path), ['log files opened anew', 'third']);
});
