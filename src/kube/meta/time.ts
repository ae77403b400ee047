/** Times and random parts of metadata, from the injected clock and random source. */

import type { Clock, Random } from '../../util/runtime.ts';

/** `metav1.Time`: RFC 3339, whole seconds, Z. @param wallMs milliseconds since 1970 */
export function timeText(wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000);
  if (seconds !== lastSeconds) {
    lastSeconds = seconds;
    lastText = secondsText(seconds);
  }
  return lastText;
}

/** Most times are now, and now is a second long. */
let lastSeconds = Number.NaN;
let lastText = '';

function secondsText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** `metav1.MicroTime`: six decimals. */
export function microTimeText(wallMs: number): string {
  const micros = Math.floor(wallMs * 1000) % 1_000_000;
  return `${timeText(wallMs).slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

export function nowText(clock: Clock): string {
  return timeText(clock.wallNow());
}

const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The lower half of a word. */
function hex16(word: number): string {
  return hexBytes[(word >>> 8) & 0xff]! + hexBytes[word & 0xff]!;
}

/** A UUID of version 4 (RFC 9562 §5.4). */
export function randomUid(random: Random): string {
  const a = random.uint32();
  const b = ((random.uint32() & 0xffff0fff) | 0x4000) >>> 0;
  const c = ((random.uint32() & 0x3fffffff) | 0x80000000) >>> 0;
  const d = random.uint32();
  return `${hex16(a >>> 16)}${hex16(a)}-${hex16(b >>> 16)}-${hex16(b)}-${hex16(c >>> 16)}-${hex16(c)}${hex16(d >>> 16)}${hex16(d)}`;
}

/** No vowels and nothing that looks like another: names made of these spell no words. */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export function randomNameSuffix(random: Random, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += nameAlphabet[random.uint32() % nameAlphabet.length]!;
  return text;
}
