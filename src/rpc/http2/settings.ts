/** SETTINGS frames (RFC 9113 §6.5): what a peer may say, and what we say. */

import { ConnectionError, ErrorCode, FRAME_PAYLOAD_BYTES_MAX, Setting, WINDOW_BYTES_MAX } from './frames.ts';
import { STREAM_WINDOW_BYTES } from './limits.ts';

const ENTRY_BYTES = 6;
const FRAME_PAYLOAD_BYTES_LIMIT = 2 ** 24 - 1;
const UINT32_MAX = 0xffff_ffff;

/** What of a peer's settings matters; -1 where the frame does not say. The last of equal ones counts. */
export interface PeerSettings {
  readonly initialWindowBytes: number;
  /** The smallest that was said: a table is emptied by it, even when a larger one follows. */
  readonly headerTableBytes: number;
  readonly maxConcurrentStreams: number;
  readonly enablePush: number;
}

/** @throws ConnectionError with the code that RFC 9113 names for each fault */
export function readSettings(bytes: Buffer, from: number, to: number): PeerSettings {
  if ((to - from) % ENTRY_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.FrameSizeError, `SETTINGS of ${to - from} bytes`);
  }
  let initialWindowBytes = -1;
  let headerTableBytes = -1;
  let maxConcurrentStreams = -1;
  let enablePush = -1;
  for (let at = from; at < to; at += ENTRY_BYTES) {
    const setting = bytes.readUInt16BE(at);
    const value = bytes.readUInt32BE(at + 2);
    if (setting === Setting.HeaderTableSize) {
      headerTableBytes = headerTableBytes < 0 ? value : Math.min(headerTableBytes, value);
    } else if (setting === Setting.InitialWindowSize) {
      if (value > WINDOW_BYTES_MAX) {
        throw new ConnectionError(ErrorCode.FlowControlError, `an initial window of ${value} bytes`);
      }
      initialWindowBytes = value;
    } else if (setting === Setting.EnablePush) {
      if (value > 1) throw new ConnectionError(ErrorCode.ProtocolError, `ENABLE_PUSH is ${value}`);
      enablePush = value;
    } else if (setting === Setting.MaxConcurrentStreams) {
      maxConcurrentStreams = value;
    } else if (setting === Setting.MaxFrameSize) {
      if (value < FRAME_PAYLOAD_BYTES_MAX || value > FRAME_PAYLOAD_BYTES_LIMIT) {
        throw new ConnectionError(ErrorCode.ProtocolError, `frames of at most ${value} bytes`);
      }
    }
  }
  return { initialWindowBytes, headerTableBytes, maxConcurrentStreams, enablePush };
}

/** The payload of a server's first frame. */
export function ownSettings(maxConcurrentStreams: number, maxHeaderListBytes: number): Buffer {
  const entries: [setting: number, value: number][] = [
    [Setting.MaxConcurrentStreams, Math.min(maxConcurrentStreams, UINT32_MAX)],
    [Setting.InitialWindowSize, STREAM_WINDOW_BYTES],
    [Setting.MaxHeaderListSize, maxHeaderListBytes],
  ];
  return settingsPayload(entries);
}

/** What a client says first: no pushes, and its windows. */
export function clientSettings(streamWindowBytes: number, maxHeaderListBytes: number): Buffer {
  return settingsPayload([
    [Setting.EnablePush, 0],
    [Setting.InitialWindowSize, streamWindowBytes],
    [Setting.MaxHeaderListSize, maxHeaderListBytes],
  ]);
}

function settingsPayload(entries: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(entries.length * ENTRY_BYTES);
  for (const [index, [setting, value]] of entries.entries()) {
    payload.writeUInt16BE(setting, index * ENTRY_BYTES);
    payload.writeUInt32BE(value, index * ENTRY_BYTES + 2);
  }
  return payload;
}
