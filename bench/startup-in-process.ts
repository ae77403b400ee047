/**
 * A cluster in one process and in memory, from `startMember` to its first accepted write. Run by `bench startup` in a
 * process of its own; prints one line of JSON. Argument: the number of members.
 *
 * It uses the built library, as a user would, and asks over the client port, so that the figure means the same as
 * that of a cluster of processes.
 */

import { Asker } from './asker.ts';
import { PUT_PATH, putRequest } from './messages.ts';
import { freePorts } from './ports.ts';

export interface InProcessStart {
  /** `startMember` called to the first write accepted. */
  readonly startMs: number;
  /** Loading the library before that. */
  readonly importMs: number;
}

/** What is used of the library; the built one has no types here. */
interface Library {
  startMember(options: {
    readonly name: string;
    readonly memory: true;
    readonly listenClientUrls: string[];
    readonly listenPeerUrls: string[];
    readonly initialCluster: Record<string, string[]>;
  }): Promise<{ close(): Promise<void> }>;
}

const PROBE_EVERY_MS = 2;
const LIBRARY: string = new URL('../dist/index.js', import.meta.url).href;

function firstAccepted(askers: readonly Asker[]): Promise<void> {
  const message = putRequest(Buffer.from('first'), Buffer.from('write'));
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      for (const asker of askers) {
        asker.ask(PUT_PATH, message, (answer) => {
          if (answer.code !== 0) return;
          clearInterval(timer);
          resolve();
        });
      }
    }, PROBE_EVERY_MS);
  });
}

async function measure(nodes: number): Promise<InProcessStart> {
  const ports = await freePorts(2 * nodes);
  const names = Array.from({ length: nodes }, (_, index) => `m${index + 1}`);
  const peerUrls = (index: number): string[] => [`http://127.0.0.1:${ports[nodes + index]}`];
  const initialCluster = Object.fromEntries(names.map((name, index) => [name, peerUrls(index)]));
  const importFrom = performance.now();
  const library = (await import(LIBRARY)) as Library;
  const startFrom = performance.now();
  const starting = names.map((name, index) =>
    library.startMember({
      name,
      memory: true,
      listenClientUrls: [`http://127.0.0.1:${ports[index]}`],
      listenPeerUrls: peerUrls(index),
      initialCluster,
    }),
  );
  const askers = ports.slice(0, nodes).map((port) => new Asker(port));
  await firstAccepted(askers);
  const end = performance.now();
  for (const asker of askers) asker.close();
  await Promise.all((await Promise.all(starting)).map((member) => member.close()));
  return { startMs: end - startFrom, importMs: startFrom - importFrom };
}

measure(Number(process.argv[2] ?? 3)).then(
  (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
