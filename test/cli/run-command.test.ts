import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../../src/cli/ctl/run-command.ts';

t.test('a command that cannot be started is told of in the words of Go', async (t) => {
  const folder = t.testdir({ plain: '#!/bin/sh\n' });
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  const problemOf = async (...words: string[]): Promise<string> => {
    const io = { env, out: () => {}, err: () => {} } as never;
    return (await runCommand(io, words, {})).problem;
  };
  t.equal(await problemOf('true'), '');
  const nowhere = (name: string): string => `exec: "${name}": executable file not found in $PATH`;
  t.equal(await problemOf('no-such-program'), nowhere('no-such-program'));
  // The system says EACCES of it, as of a name that it looks for in a folder which it may not read.
  t.equal(await problemOf('plain'), nowhere('plain'));
  const [plain, none] = [join(folder, 'plain'), join(folder, 'none')];
  t.equal(await problemOf(plain), `fork/exec ${plain}: permission denied`);
  t.equal(await problemOf(none), `fork/exec ${none}: no such file or directory`);
});
