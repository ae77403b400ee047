/**
 * The parts of `etcdserverpb.Maintenance` that go over all of a member's data: hashes, and giving space back. Each is done
 * beside other work, and one at a time.
 *
 * Defragment: nothing has to be stopped for it here; it answers when the space is free, as scripts expect.
 */

import type { UnaryReply } from '../rpc/transport.ts';
import {
  decodeDefragmentRequest,
  decodeHashKvRequest,
  decodeHashRequest,
  encodeDefragmentResponse,
  encodeHashKvResponse,
  encodeHashResponse,
} from '../wire/maintenance-messages.ts';
import type { ServiceContext } from './context.ts';
import { type ServiceMethods, unary } from './guard.ts';
import { OneByOne } from './one-by-one.ts';

export function wholeStateMethods(context: ServiceContext): ServiceMethods {
  const { member } = context;
  const hashes = new OneByOne();
  const defragmentations = new OneByOne();
  /** Answers with what `encode` makes, or with the error; `ended` either way. */
  const answered = (
    reply: UnaryReply,
    ended: () => void,
    error: Error | null,
    encode: () => Uint8Array,
  ): void => {
    try {
      if (error !== null) throw error;
      reply(null, encode());
    } catch (error) {
      reply(context.statusOf(error), null);
    }
    ended();
  };
  return {
    Hash: unary((body, _call, reply) => {
      decodeHashRequest(body);
      hashes.run((ended) => {
        const measured = context.work.begin('hash');
        member.hashState((error, hash) => {
          measured();
          answered(reply, ended, error, () =>
            encodeHashResponse(context.header(context.store.revision), hash),
          );
        });
      });
    }),
    HashKV: unary((body, _call, reply) => {
      const revision = decodeHashKvRequest(body);
      hashes.run((ended) => {
        const done = (error: Error | null, encode: () => Uint8Array): void =>
          answered(reply, ended, error, encode);
        try {
          const { store } = context;
          const measured = context.work.begin('hashRevision');
          store.hashKv(revision, (error, result) => {
            measured();
            done(error, () => encodeHashKvResponse(context.header(store.revision), result!));
          });
        } catch (error) {
          done(error as Error, () => body);
        }
      });
    }),
    Defragment: unary((body, _call, reply) => {
      decodeDefragmentRequest(body);
      defragmentations.run((ended) =>
        member.defragment((error) => answered(reply, ended, error, encodeDefragmentResponse)),
      );
    }),
  };
}
