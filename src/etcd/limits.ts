/** Limits of what a client may send and be sent. */

/** What a gRPC message may have on top of the largest request: room for keys and other fields around the value. */
const messageOverheadBytes: number = 512 * 1024;

/** Largest message in bytes that the transport takes: 2 MiB by default. */
export function maxReceiveBytes(limits: { readonly maxRequestBytes: number }): number {
  return limits.maxRequestBytes + messageOverheadBytes;
}

/** Largest message that etcd's servers send. */
export const maxSendBytes: number = 2 ** 31 - 1;

/** grpc-go's words, with code 8, for an answer beyond it. */
export function sendTooLargeText(lengthBytes: number): string {
  return `grpc: trying to send message larger than max (${lengthBytes} vs. ${maxSendBytes})`;
}
