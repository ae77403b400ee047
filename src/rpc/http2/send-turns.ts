/**
 * Whose turn it is to send: streams with something to send stand in a row, each sends one frame and goes to its end
 * if it has more. So the wait of a small answer is one frame of each other stream, however much those have to send.
 *
 * Streams that can do nothing without the connection's window wait aside until it opens.
 */

import type { SendingStream } from './sending-stream.ts';
import { Place } from './sending-stream.ts';

/** Places of streams that had their turn, which may stay at the head of the row. */
const GARBAGE_MAX = 1024;

export class SendTurns {
  private row: SendingStream[] = [];
  private first = 0;
  private aside: SendingStream[] = [];

  get isEmpty(): boolean {
    return this.first === this.row.length;
  }

  add(stream: SendingStream): void {
    if (!stream.canSend || stream.place === Place.Row) return;
    if (stream.place === Place.Aside && stream.needsWindow) return;
    stream.place = Place.Row;
    this.row.push(stream);
  }

  /** Gives one stream its turn. `windowBytes` is what the connection may send. */
  turn(windowBytes: number): void {
    const stream = this.row[this.first]!;
    this.first += 1;
    if (this.first === this.row.length) {
      this.row = [];
      this.first = 0;
    } else if (this.first === GARBAGE_MAX) {
      this.row.splice(0, this.first);
      this.first = 0;
    }
    if (windowBytes <= 0 && stream.needsWindow && stream.canSend) {
      stream.place = Place.Aside;
      this.aside.push(stream);
      return;
    }
    stream.place = Place.None;
    if (!stream.canSend) return;
    stream.send();
    this.add(stream);
  }

  /** The connection's window opened. */
  windowOpened(): void {
    const { aside } = this;
    this.aside = [];
    for (const stream of aside) {
      if (stream.place !== Place.Aside) continue;
      stream.place = Place.None;
      this.add(stream);
    }
  }

  clear(): void {
    this.row = [];
    this.first = 0;
    this.aside = [];
  }
}
