/** A stream that passes everything on to another one: the ground for what stands between the transport and a service. */

import { type RpcStatus, type RpcStream, writeNumbered } from '../rpc/transport.ts';

export abstract class RelayedStream implements RpcStream {
  protected readonly stream: RpcStream;
  #cancelListener: (() => void) | null = null;
  #isCanceled = false;

  constructor(stream: RpcStream) {
    this.stream = stream;
  }

  get path(): string {
    return this.stream.path;
  }

  get peer(): string {
    return this.stream.peer;
  }

  get commonName(): string {
    return this.stream.commonName;
  }

  get bufferedBytes(): number {
    return this.stream.bufferedBytes;
  }

  metadata(key: string): string | undefined {
    return this.stream.metadata(key);
  }

  onMessage(listener: (request: Uint8Array) => void): void {
    this.stream.onMessage(listener);
  }

  onHalfClose(listener: () => void): void {
    this.stream.onHalfClose(listener);
  }

  onDrain(listener: () => void): void {
    this.stream.onDrain(listener);
  }

  onCancel(listener: () => void): void {
    this.#cancelListener = listener;
    if (this.#isCanceled) listener();
  }

  /** Tells the service that its client went away, now or as soon as it listens. */
  protected tellCanceled(): void {
    this.#isCanceled = true;
    this.#cancelListener?.();
  }

  write(response: Uint8Array): boolean {
    return this.stream.write(response);
  }

  writeNumbered(head: Uint8Array, number: number, tail: Uint8Array): boolean {
    return writeNumbered(this.stream, head, number, tail);
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  abstract end(status: RpcStatus | null): void;
}
