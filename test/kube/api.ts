/** A control plane and plain requests to it, for tests. */

import type t from 'tap';
import { type ControlPlane, startControlPlane } from '../../src/kube/control-plane.ts';
import type { ControlPlaneOptions } from '../../src/kube/control-plane-options.ts';
import { freezeSharedObjects } from '../../src/kube/storage/shared-objects.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

// Who changes what others hold is caught wherever a test goes.
freezeSharedObjects();

export interface Answer {
  readonly code: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests as they come
  readonly body: any;
}

export class Api {
  readonly plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  /** @param body sent as JSON unless it is a string */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const hasBody = body !== undefined;
    const response = await fetch(this.plane.url + path, {
      method,
      headers: hasBody ? { 'content-type': 'application/json', ...headers } : headers,
      ...(hasBody ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      code: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  merge(path: string, patch: unknown): Promise<Answer> {
    return this.send('PATCH', path, patch, { 'content-type': 'application/merge-patch+json' });
  }

  /** Frames of a watch as they come, until `count` of them have. */
  async frames(path: string, count: number): Promise<Answer['body'][]> {
    const abort = new AbortController();
    const response = await fetch(this.plane.url + path, { signal: abort.signal });
    const frames: Answer['body'][] = [];
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      frames.push(...lines.map((line) => JSON.parse(line)));
      if (frames.length >= count) break;
    }
    abort.abort();
    return frames;
  }
}

/** A control plane that ends with the test. */
export async function startApi(
  test: Pick<typeof t, 'teardown'>,
  options: ControlPlaneOptions = {},
): Promise<Api> {
  const plane = await startControlPlane({ runtime: nodeRuntime(), ...options });
  test.teardown(() => plane.close());
  return new Api(plane);
}
