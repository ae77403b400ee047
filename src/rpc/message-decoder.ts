/**
 * Cuts a stream of bytes into gRPC messages (gRPC over HTTP/2, "Length-Prefixed-Message").
 *
 *     | compressed: u8 | length: u32, big endian | message: length bytes |
 *
 * The invariant: nothing is kept for a message before its length was compared with the limit, so a peer can pin
 * at most `maxBytes` per call. A message that lies whole within a chunk is handed on as a view of that chunk.
 *
 * The text of the refusal is grpc-go's, which is what clients of etcd know (code 8).
 */

export const MESSAGE_PREFIX_BYTES = 5;

export class MessageDecoder {
  private readonly maxBytes: number;
  /** Bytes of a prefix that is not complete yet. */
  private readonly prefix: Buffer = Buffer.allocUnsafe(MESSAGE_PREFIX_BYTES);
  private prefixBytes = 0;
  /** A message, prefix included, whose length is known and whose bytes are still arriving. */
  private partial: Buffer | null = null;
  private partialBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * @returns the messages that `chunk` completes, each with its prefix. They may be views of `chunk`.
   * @throws Error in grpc-go's words when a message announces more than the limit.
   */
  write(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.partial !== null) {
        at = this.fillPartial(this.partial, chunk, at, messages);
      } else if (this.prefixBytes > 0 || chunk.length - at < MESSAGE_PREFIX_BYTES) {
        at = this.fillPrefix(chunk, at, messages);
      } else {
        const total = MESSAGE_PREFIX_BYTES + this.checked(chunk.readUInt32BE(at + 1));
        if (chunk.length - at >= total) {
          messages.push(chunk.subarray(at, at + total));
          at += total;
        } else {
          this.startPartial(chunk, at, total);
          at = chunk.length;
        }
      }
    }
    return messages;
  }

  private checked(length: number): number {
    if (length > this.maxBytes) throw new Error(tooLargeText(length, this.maxBytes));
    return length;
  }

  private startPartial(chunk: Buffer, at: number, total: number): void {
    this.partial = Buffer.allocUnsafeSlow(total);
    this.partialBytes = chunk.copy(this.partial, 0, at);
  }

  private fillPartial(partial: Buffer, chunk: Buffer, at: number, messages: Buffer[]): number {
    const copied = chunk.copy(partial, this.partialBytes, at);
    this.partialBytes += copied;
    if (this.partialBytes === partial.length) {
      messages.push(partial);
      this.partial = null;
    }
    return at + copied;
  }

  private fillPrefix(chunk: Buffer, at: number, messages: Buffer[]): number {
    const copied = chunk.copy(this.prefix, this.prefixBytes, at);
    this.prefixBytes += copied;
    if (this.prefixBytes < MESSAGE_PREFIX_BYTES) return at + copied;
    this.prefixBytes = 0;
    const length = this.checked(this.prefix.readUInt32BE(1));
    this.startPartial(this.prefix, 0, MESSAGE_PREFIX_BYTES + length);
    if (length === 0) {
      messages.push(this.partial!);
      this.partial = null;
    }
    return at + copied;
  }
}

/** What grpc-go answers, with code 8, to a request message beyond its limit. */
export function tooLargeText(lengthBytes: number, maxBytes: number): string {
  return `grpc: received message larger than max (${lengthBytes} vs. ${maxBytes})`;
}
