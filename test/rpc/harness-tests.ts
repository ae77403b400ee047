/** Tests with a harness of their own. Apart from the harness, which programs without a test runner use as well. */

import t, { type Test } from 'tap';
import type { RpcMethods } from '../../src/rpc/transport.ts';
import { Harness, type MakeTransport } from './grpc-harness.ts';

/** What makes tests of it: each gets a harness of its own, which is closed behind it. */
export function harnessTests(
  make: MakeTransport,
  methods: RpcMethods,
): (title: string, body: (t: Test, harness: Harness) => Promise<void>) => void {
  return (title, body) => {
    t.test(title, async (t) => {
      const harness = await Harness.open(make, methods);
      try {
        await body(t, harness);
      } finally {
        await harness.close();
      }
    });
  };
}
