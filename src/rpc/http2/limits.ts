/**
 * Every bound of the HTTP/2 transport. What a peer can pin or make us do is limited by one of these, by
 * `maxConcurrentStreams` or by `maxReceiveBytes`; the comment says what happens beyond it.
 */

// Receiving

/** Bytes a client may send on one call before they are taken. HTTP/2's default of 64 KiB stalls large puts. */
export const STREAM_WINDOW_BYTES: number = 1024 * 1024;
/** The same for all calls of a connection together. */
export const CONNECTION_WINDOW_BYTES: number = 16 * 1024 * 1024;
/**
 * Request bytes that one connection may have waiting: parts of messages, and what paused readers have not taken.
 * A call that needs more is answered RESOURCE_EXHAUSTED.
 */
export const HELD_BYTES_MAX: number = 256 * 1024 * 1024;

// Headers

/** Size of one header list as RFC 7541 §4.1 counts it; grpc-go's server default. Beyond: RST FRAME_SIZE_ERROR. */
export const HEADER_LIST_BYTES_MAX: number = 16 * 1024 * 1024;
/** Encoded bytes of one header block, CONTINUATION frames included. Beyond: GOAWAY ENHANCE_YOUR_CALM. */
export const HEADER_BLOCK_BYTES_MAX: number = 16 * 1024 * 1024;
/** CONTINUATION frames of one header block; full ones fill the limit above. Beyond: GOAWAY ENHANCE_YOUR_CALM. */
export const CONTINUATION_FRAMES_MAX: number = 1024;
/**
 * Header bytes that came as literals, of all open calls of a connection together (what the table holds is shared).
 * Beyond: RST ENHANCE_YOUR_CALM.
 */
export const OPEN_HEADER_BYTES_MAX: number = 32 * 1024 * 1024;
/** Our side of the dynamic table (RFC 7541 §4.2): HTTP/2's default. */
export const HEADER_TABLE_BYTES: number = 4096;

// Sending

/** Bytes waiting in one streaming call from which `write` says false. One message may exceed it by its own size. */
export const STREAM_BUFFER_BYTES: number = 256 * 1024;
/**
 * The same for a call that tells many watchers, while all connections together have less than `ROOMY_OUTPUT_BYTES`
 * waiting: a thousand watchers of a call shall not have to be told in pieces.
 */
export const STREAM_BUFFER_BYTES_MAX: number = 4 * 1024 * 1024;
export const ROOMY_OUTPUT_BYTES: number = 64 * 1024 * 1024;
/** Largest DATA frame, so the turn that one stream has before the next. */
export const DATA_FRAME_BYTES_MAX: number = 16_384;
/** Answers that a connection frames per turn. The rest waits, so that a small answer never stands behind more. */
export const TURN_OUTPUT_BYTES: number = 256 * 1024;
/** Answers that wait for a slow reader, from which further calls of its connection wait before they are handled. */
export const WAITING_OUTPUT_BYTES_MAX: number = 64 * 1024 * 1024;
/**
 * Bytes of acknowledgements, resets and the like that wait while a peer does not read. Beyond, we do not read from
 * it either, until they have left.
 */
export const CONTROL_OUTPUT_BYTES_MAX: number = 64 * 1024;

// Rates: a burst, and what comes back per second. Beyond each: GOAWAY ENHANCE_YOUR_CALM.

/** Calls that were reset before their answer, by the client or because of its errors ("rapid reset"). */
export const RESET_BURST: number = 8192;
export const RESETS_PER_SECOND: number = 500;
/** SETTINGS frames: each is acknowledged, and may touch every open call. */
export const SETTINGS_BURST: number = 256;
export const SETTINGS_PER_SECOND: number = 8;
/** Frames that move nothing: empty DATA, PRIORITY, unknown types, frames for closed streams. */
export const IDLE_FRAME_BURST: number = 16_384;
export const IDLE_FRAMES_PER_SECOND: number = 1024;
/** WINDOW_UPDATE frames; each byte that we send earns one, besides. */
export const WINDOW_UPDATE_BURST: number = 65_536;
export const WINDOW_UPDATES_PER_SECOND: number = 8192;

// Pings, as grpc-go polices them

/** etcd's `--grpc-keepalive-min-time`. */
export const PING_INTERVAL_MIN_MS: number = 5000;
/** The same for a connection without a call. */
export const IDLE_PING_INTERVAL_MIN_MS: number = 2 * 60 * 60 * 1000;
/** Pings that may come too early. One more: GOAWAY ENHANCE_YOUR_CALM "too_many_pings". */
export const PING_STRIKES_MAX: number = 2;

// Times

/** etcd's `--grpc-keepalive-interval`: a connection that was silent so long is probed. */
export const KEEPALIVE_INTERVAL_MS: number = 2 * 60 * 60 * 1000;
/** etcd's `--grpc-keepalive-timeout`: a probe unanswered so long ends the connection. */
export const KEEPALIVE_TIMEOUT_MS: number = 20 * 1000;
/** Time for preface and first SETTINGS of a client. */
export const PREFACE_TIMEOUT_MS: number = 10 * 1000;
/** While closing: time for a client to learn that no new calls are taken. */
export const DRAIN_NOTICE_MS: number = 1000;
/** Time for a peer to read the last bytes and to close its side. */
export const LINGER_MS: number = 1000;

// Clients

/** Bytes of one call that may be under way to us: HTTP/2's 64 KiB would stall large ranges and snapshots. */
export const CLIENT_STREAM_WINDOW_BYTES: number = 4 * 1024 * 1024;
/** The same for all calls of a connection together. */
export const CLIENT_CONNECTION_WINDOW_BYTES: number = 64 * 1024 * 1024;
/** Calls that wait for others to end, where the server limits them. Beyond: RESOURCE_EXHAUSTED. */
export const WAITING_CALLS_MAX: number = 1_000_000;
/** Time for a connection to be made, TLS and the server's first SETTINGS included. */
export const CONNECT_TIMEOUT_MS: number = 20 * 1000;
