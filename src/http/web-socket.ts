/**
 * The messages of a WebSocket (RFC 6455), as a server reads and writes them: whole messages in, one text frame per message
 * out. No extension is offered, so that no reserved bit may be set.
 *
 * Invariant: what is kept of a message that is not complete never exceeds the bound; after a fault nothing is read.
 */

import { isUtf8 } from 'node:buffer';

export const Opcode = { More: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** Why a connection is closed (RFC 6455 §7.4.1). */
export const CloseCode = { Normal: 1000, Protocol: 1002, NoText: 1007, TooLarge: 1009 } as const;

/** Of a ping, a pong or a close. */
const maxControlBytes = 125;
const maxHeadBytes = 14;

export interface WebSocketHooks {
  message(payload: Buffer): void;
  ping(payload: Buffer): void;
  /** The client says that it is done. Nothing follows. */
  closed(): void;
  /** The client broke the protocol. Nothing follows. */
  fault(code: number, reason: string): void;
}

interface Head {
  readonly isLast: boolean;
  readonly opcode: number;
  readonly mask: Buffer;
  readonly headBytes: number;
  readonly bytes: number;
}

export class WebSocketReader {
  readonly #hooks: WebSocketHooks;
  readonly #maxBytes: number;
  #unread: Buffer = Buffer.alloc(0);
  /** Frames of the message that is under way. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #opcode: number = Opcode.More;
  #isOver = false;

  /** @param maxBytes of one message */
  constructor(maxBytes: number, hooks: WebSocketHooks) {
    this.#maxBytes = maxBytes;
    this.#hooks = hooks;
  }

  read(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (!this.#isOver) {
      const head = headOf(this.#unread);
      if (head === null) return;
      if (typeof head === 'string') {
        this.#end(CloseCode.Protocol, head);
        return;
      }
      const isControl = head.opcode >= Opcode.Close;
      if (!isControl && this.#partBytes + head.bytes > this.#maxBytes) {
        this.#end(CloseCode.TooLarge, `a message has at most ${this.#maxBytes} bytes`);
        return;
      }
      const end = head.headBytes + head.bytes;
      if (this.#unread.length < end) return;
      const payload = unmasked(this.#unread.subarray(head.headBytes, end), head.mask);
      this.#unread = this.#unread.subarray(end);
      this.#take(head, payload);
    }
  }

  #take({ opcode, isLast }: Head, payload: Buffer): void {
    if (opcode === Opcode.Close) {
      this.#isOver = true;
      this.#hooks.closed();
    } else if (opcode === Opcode.Ping) this.#hooks.ping(payload);
    else if (opcode !== Opcode.Pong) this.#takePart(opcode, isLast, payload);
  }

  #takePart(opcode: number, isLast: boolean, payload: Buffer): void {
    const isFirst = opcode !== Opcode.More;
    if (isFirst !== (this.#opcode === Opcode.More)) {
      this.#end(CloseCode.Protocol, 'a message within another one, or a part of none');
      return;
    }
    if (isFirst) this.#opcode = opcode;
    this.#parts.push(payload);
    this.#partBytes += payload.length;
    if (!isLast) return;
    const message = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    const isText = this.#opcode === Opcode.Text;
    this.#parts = [];
    this.#partBytes = 0;
    this.#opcode = Opcode.More;
    if (isText && !isUtf8(message)) this.#end(CloseCode.NoText, 'the text is no UTF-8');
    else this.#hooks.message(message);
  }

  #end(code: number, reason: string): void {
    this.#isOver = true;
    this.#hooks.fault(code, reason);
  }
}

/** Null: it is not complete. Text: what is wrong with it. */
function headOf(bytes: Buffer): Head | string | null {
  if (bytes.length < 2) return null;
  const [first, second] = [bytes[0]!, bytes[1]!];
  const opcode = first & 0x0f;
  const isLast = (first & 0x80) !== 0;
  if ((first & 0x70) !== 0) return 'a reserved bit is set';
  if (!(Object.values(Opcode) as number[]).includes(opcode)) return `there is no opcode ${opcode}`;
  if ((second & 0x80) === 0) return 'a frame of a client is masked';
  const short = second & 0x7f;
  if (opcode >= Opcode.Close && (!isLast || short > maxControlBytes))
    return 'a control frame is short and whole';
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const headBytes = 2 + lengthBytes + 4;
  if (bytes.length < Math.min(headBytes, maxHeadBytes)) return null;
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return { isLast, opcode, headBytes, bytes: length, mask: bytes.subarray(headBytes - 4, headBytes) };
}

function unmasked(payload: Buffer, mask: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(payload.length);
  for (let at = 0; at < payload.length; at++) plain[at] = payload[at]! ^ mask[at & 3]!;
  return plain;
}

/** A message of one frame, or a control frame. */
export function webSocketFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + lengthBytes + length);
  frame[0] = 0x80 | opcode;
  frame[1] = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127;
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, 2 + lengthBytes);
  return frame;
}

export function closeFrame(code: number, reason: string): Buffer {
  const payload = wholeCharacters(Buffer.from(`  ${reason}`), maxControlBytes);
  payload.writeUInt16BE(code, 0);
  return webSocketFrame(Opcode.Close, payload);
}

/** The first `max` bytes at most, and no half of a character: a reason that is no UTF-8 would be a fault of its own. */
function wholeCharacters(text: Buffer, max: number): Buffer {
  let end = Math.min(text.length, max);
  while (end < text.length && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}
