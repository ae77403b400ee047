/** The driver's end of the generator process: one process, one measurement at a time. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Workplace } from './children.ts';
import type { LoadOptions, LoadResult } from './generator.ts';
import type { LoadReply } from './load-process.ts';
import type { WatchLoad } from './watch-load.ts';

const LOAD_PROCESS = fileURLToPath(new URL('./load-process.ts', import.meta.url));

export class Loader {
  readonly #child: ChildProcess;

  constructor(workplace: Workplace) {
    const child = fork(LOAD_PROCESS, { execArgv: ['--import', 'tsx'] });
    this.#child = workplace.adopt(child);
  }

  run(options: LoadOptions | WatchLoad): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the generator process ended by itself'));
      this.#child.once('exit', onExit);
      this.#child.once('message', (reply: LoadReply) => {
        this.#child.off('exit', onExit);
        if ('result' in reply) resolve(reply.result);
        else reject(new Error(reply.error));
      });
      this.#child.send(options);
    });
  }

  close(): void {
    this.#child.disconnect();
  }
}
