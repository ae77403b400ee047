/** Numbers of HTTP/2 (RFC 9113): frame types (§6), flags, settings (§6.5.2), error codes (§7), sizes. */

export const FRAME_HEADER_BYTES = 9;
/** Largest payload that we take and send: HTTP/2's default, which both sides must support (§4.2). */
export const FRAME_PAYLOAD_BYTES_MAX = 16_384;
export const STREAM_ID_MAX = 0x7fff_ffff;
export const WINDOW_BYTES_MAX = 0x7fff_ffff;
/** Both windows before anybody says otherwise (§6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;

/** What a client sends first (§3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  Goaway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

export const Flag = { EndStream: 1, Ack: 1, EndHeaders: 4, Padded: 8, Priority: 32 } as const;

export const Setting = {
  HeaderTableSize: 1,
  EnablePush: 2,
  MaxConcurrentStreams: 3,
  InitialWindowSize: 4,
  MaxFrameSize: 5,
  MaxHeaderListSize: 6,
} as const;

export const ErrorCode = {
  NoError: 0,
  ProtocolError: 1,
  InternalError: 2,
  FlowControlError: 3,
  SettingsTimeout: 4,
  StreamClosed: 5,
  FrameSizeError: 6,
  RefusedStream: 7,
  Cancel: 8,
  CompressionError: 9,
  ConnectError: 10,
  EnhanceYourCalm: 11,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What ends a connection: told to the peer in a GOAWAY frame with `code` and the message as debug data. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
