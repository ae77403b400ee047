/**
 * Links between members that lose and delay, where the kernel has no netem: a proxy of ours before each member's peer port.
 *
 * Members speak TCP, so what a link does to packets reaches them as TCP makes it: a lost packet holds back everything behind
 * it until it is sent again, which takes 200 ms or more; a packet that comes twice or out of order is put right by the kernel
 * and shows as a delay. So the proxy holds back bytes of one direction, lets them trickle, and resets connections in the
 * middle of a frame. (Frames that come twice, late and in another order are the simulator's.)
 */

import { connect, createServer, type Server, type Socket } from 'node:net';

export interface LinkFaults {
  /** Of each piece of data, at least; and a random part of this much more. */
  readonly delayMs: number;
  /** Probability that a piece is lost and sent again: it and all behind it come 200 to 1200 ms later. */
  readonly lossChance: number;
  /** Probability that a connection is reset at a piece, which is cut in the middle. */
  readonly resetChance: number;
}

export const soundLinks: LinkFaults = { delayMs: 0, lossChance: 0, resetChance: 0 };

export class LossyLinks {
  faults: LinkFaults = soundLinks;
  readonly counts = { pieces: 0, late: 0, lost: 0, resets: 0 };
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** Listens for the member at `port` of `host`. Resolves with the port that the others are to dial. */
  async before(host: string, port: number): Promise<number> {
    const server = createServer((near) => this.#join(near, connect(port, host)));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  #join(near: Socket, far: Socket): void {
    const end = (): void => {
      near.destroy();
      far.destroy();
      this.#sockets.delete(near);
      this.#sockets.delete(far);
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    this.#carry(near, far, end);
    this.#carry(far, near, end);
  }

  /** One direction: pieces leave in the order in which they came. */
  #carry(from: Socket, to: Socket, end: () => void): void {
    let freeAt = 0;
    from.on('data', (piece: Buffer) => {
      const { delayMs, lossChance, resetChance } = this.faults;
      this.counts.pieces++;
      let due = performance.now() + delayMs * (1 + Math.random());
      if (delayMs > 0) this.counts.late++;
      if (Math.random() < lossChance) {
        this.counts.lost++;
        due += 200 + Math.random() * 1000;
      }
      const isReset = Math.random() < resetChance;
      freeAt = Math.max(freeAt, due);
      const wait = freeAt - performance.now();
      const pass = (): void => {
        if (isReset) {
          this.counts.resets++;
          to.write(piece.subarray(0, piece.length / 2), end);
        } else to.write(piece);
      };
      if (wait < 1) pass();
      else setTimeout(pass, wait);
    });
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
