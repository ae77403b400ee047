/** Times and random parts of metadata, from the injected clock and random source. */

import type { Clock, Random } from '../../util/runtime.ts';

/** `metav1.Time`: RFC 3339, whole seconds, Z. @param wallMs milliseconds since 1970 */
export function timeText(wallMs: number): string {
  return `${new Date(Math.floor(wallMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** `metav1.MicroTime`: six decimals. */
export function microTimeText(wallMs: number): string {
  const micros = Math.floor(wallMs * 1000) % 1_000_000;
  return `${timeText(wallMs).slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

export function nowText(clock: Clock): string {
  return timeText(clock.wallNow());
}

/** A UUID of version 4 (RFC 9562 §5.4). */
export function randomUid(random: Random): string {
  const words = [random.uint32(), random.uint32(), random.uint32(), random.uint32()];
  words[1] = ((words[1]! & 0xffff0fff) | 0x4000) >>> 0;
  words[2] = ((words[2]! & 0x3fffffff) | 0x80000000) >>> 0;
  const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** No vowels and nothing that looks like another: names made of these spell no words. */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export function randomNameSuffix(random: Random, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += nameAlphabet[random.uint32() % nameAlphabet.length]!;
  return text;
}
