/**
 * The generator's own process, so that neither the driver's work nor its garbage disturbs the figures. It takes
 * `LoadOptions` or a `WatchLoad` as IPC messages, answers each with a `LoadReply`, and ends when its parent goes away.
 */

import { type LoadOptions, type LoadResult, runLoad } from './generator.ts';
import { runWatchLoad, type WatchLoad } from './watch-load.ts';

export type LoadReply = { readonly result: LoadResult } | { readonly error: string };

function reply(message: LoadReply): void {
  process.send?.(message);
}

process.on('message', (options: LoadOptions | WatchLoad) => {
  const running = 'kind' in options ? runWatchLoad(options) : runLoad(options);
  running.then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => {});
