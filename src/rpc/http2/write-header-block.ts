/** A header block as frames: HEADERS, and CONTINUATION for what one frame cannot hold (RFC 9113 §6.2, §6.10). */

import { Flag, FRAME_PAYLOAD_BYTES_MAX, FrameType } from './frames.ts';
import type { Output } from './output.ts';

/** @param endFlag `Flag.EndStream` or 0 */
export function writeHeaderBlock(output: Output, id: number, endFlag: number, block: Buffer): void {
  if (block.length <= FRAME_PAYLOAD_BYTES_MAX) {
    output.headers(id, endFlag | Flag.EndHeaders, block);
    return;
  }
  for (let from = 0; from < block.length; from += FRAME_PAYLOAD_BYTES_MAX) {
    const part = block.subarray(from, from + FRAME_PAYLOAD_BYTES_MAX);
    const last = from + part.length === block.length ? Flag.EndHeaders : 0;
    if (from === 0) output.headers(id, endFlag | last, part);
    else output.frame(FrameType.Continuation, last, id, part);
  }
}
