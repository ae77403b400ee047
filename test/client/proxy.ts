/** A TCP proxy in front of a member, to break what is between it and a client. */

import { connect, createServer, type Server, type Socket } from 'node:net';

export class MemberProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isRefusing = false;
  #isSilent = false;

  private constructor(target: URL) {
    this.#target = { host: target.hostname, port: Number(target.port) };
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(targetUrl: string): Promise<MemberProxy> {
    const proxy = new MemberProxy(new URL(targetUrl));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Breaks every connection; new ones are let in. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks every connection and lets none in, until `mend`. */
  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  /** Lets connections be, and passes nothing on, until `mend`. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  mend(): void {
    this.#isRefusing = false;
    this.#isSilent = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    this.#track(socket);
    if (this.#isRefusing) {
      socket.destroy();
      return;
    }
    const onward = connect({ ...this.#target, noDelay: true });
    socket.setNoDelay(true);
    this.#track(onward);
    this.#pass(socket, onward);
    this.#pass(onward, socket);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#isSilent) socket.pause();
  }

  #pass(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => to.write(chunk));
    from.on('close', () => to.destroy());
    if (this.#isSilent) from.pause();
  }
}
