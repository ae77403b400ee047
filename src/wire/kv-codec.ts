/** Everything that turns the messages of `etcdserverpb.KV` into bytes and back. */

export * from './kv-answers.ts';
export * from './kv-requests.ts';
export * from './kv-responses.ts';
export type { DecodedHeader } from './response-header.ts';
export { headerIdBytes } from './response-header.ts';
