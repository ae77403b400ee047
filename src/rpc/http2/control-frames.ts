/** The frames that a server sends besides answers. */

import { type ErrorCode, Flag, FrameType } from './frames.ts';
import type { Output } from './output.ts';

export function writeReset(output: Output, id: number, code: ErrorCode): void {
  output.control(FrameType.RstStream, 0, id, [code]);
}

/** @param id 0: the connection */
export function writeWindowUpdate(output: Output, id: number, bytes: number): void {
  output.control(FrameType.WindowUpdate, 0, id, [bytes]);
}

export function writeSettings(output: Output, payload: Uint8Array): void {
  output.frame(FrameType.Settings, 0, 0, payload);
}

export function writeSettingsAck(output: Output): void {
  output.control(FrameType.Settings, Flag.Ack, 0, []);
}

/** @param data eight bytes */
export function writePing(output: Output, data: Uint8Array, ack: boolean): void {
  output.frame(FrameType.Ping, ack ? Flag.Ack : 0, 0, data);
}

/** @param lastId the last stream that was or will be served */
export function writeGoaway(output: Output, lastId: number, code: ErrorCode, text: string): void {
  const payload = Buffer.alloc(8 + Buffer.byteLength(text));
  payload.writeUInt32BE(lastId, 0);
  payload.writeUInt32BE(code, 4);
  payload.write(text, 8);
  output.frame(FrameType.Goaway, 0, 0, payload);
}
