/**
 * gzip for messages, where a client asks for it. Small ones are done at once; what might take longer goes to the
 * thread pool, so that a message that grows a thousandfold delays nobody.
 */

import { constants, gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';

/** Uncompressed bytes that are worked on within the turn. */
const AT_ONCE_BYTES = 16 * 1024;
/** Go's gzip compressor of grpc uses its default level; the fastest one is enough for a server that is asked to. */
const LEVEL = constants.Z_BEST_SPEED;

/** `done` may be called before this returns. */
export function compress(message: Uint8Array, done: (compressed: Uint8Array) => void): void {
  if (message.length <= AT_ONCE_BYTES) {
    done(gzipSync(message, { level: LEVEL }));
    return;
  }
  gzip(message, { level: LEVEL }, (error, compressed) => {
    // Only a lack of memory stops a compressor whose input is in hand.
    if (error !== null) throw error;
    done(compressed);
  });
}

export interface Decompressed {
  /** Null: the bytes were not what they should be, or `tooLarge`. */
  readonly message: Buffer | null;
  readonly tooLarge: boolean;
  readonly fault: string;
}

/** `done` may be called before this returns. */
export function decompress(
  compressed: Uint8Array,
  maxBytes: number,
  done: (result: Decompressed) => void,
): void {
  try {
    const limit = Math.min(maxBytes, AT_ONCE_BYTES);
    done({ message: gunzipSync(compressed, { maxOutputLength: limit }), tooLarge: false, fault: '' });
  } catch (error) {
    if (!isTooLarge(error) || maxBytes <= AT_ONCE_BYTES) {
      done(failed(error));
      return;
    }
    gunzip(compressed, { maxOutputLength: maxBytes }, (failure, message) => {
      done(failure === null ? { message, tooLarge: false, fault: '' } : failed(failure));
    });
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
}

function failed(error: unknown): Decompressed {
  return {
    message: null,
    tooLarge: isTooLarge(error),
    fault: error instanceof Error ? error.message : String(error),
  };
}
