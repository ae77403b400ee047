/**
 * Requests that were right until somebody changed them: bytes flipped, ends cut off, pieces repeated or moved, numbers made
 * huge, messages nested deep. They come over gRPC and over the JSON gateway, many at a time; a member may answer or refuse
 * each, but must answer, and serve on.
 */

import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { gatewayMethods } from '../../src/http/gateway-paths.ts';
import { protoRoot } from './bad-input.ts';
import { RandomDraws } from './random-draws.ts';

/** What would end the run: calls that wait for others. */
const left = /Watch$|Observe$|Snapshot$|Lock$|Campaign$|KeepAlive$/;
const atOnce = 16;
const patienceMs = 60_000;
const hugeVarint = Buffer.from('ffffffffffffffff7f', 'hex');

/** A path of gRPC and its types. */
interface Target {
  readonly path: string;
  readonly gatewayPath: string | null;
  readonly type: protobuf.Type;
}

export interface MutationCounts {
  requests: number;
  answered: number;
  refused: number;
  /** Those that got no answer: there must be none. */
  lost: string[];
}

function targetsOf(): readonly Target[] {
  const byMethod = new Map([...gatewayMethods].map(([path, method]) => [method.path, path]));
  return [...byMethod.keys()]
    .filter((path) => !left.test(path))
    .map((path) => {
      const [, service, name] = path.split('/') as [string, string, string];
      const method = protoRoot.lookupService(service).methods[name]!.resolve() as protobuf.Method;
      return { path, gatewayPath: byMethod.get(path) ?? null, type: method.resolvedRequestType! };
    });
}

class Mutator extends RandomDraws {
  readonly #targets = targetsOf();

  target(): Target {
    return this.one(this.#targets);
  }

  /** A message with something in every field, to a depth. */
  message(type: protobuf.Type, depth: number): Record<string, unknown> {
    const message: Record<string, unknown> = {};
    for (const field of type.fieldsArray) {
      if (this.chance(3) || (field.partOf !== null && this.chance(2))) continue;
      const value = this.#value(field, depth);
      if (value !== undefined) message[field.name] = field.repeated ? [value, value] : value;
    }
    return message;
  }

  #value(field: protobuf.Field, depth: number): unknown {
    const type = field.resolve().resolvedType;
    if (type instanceof protobuf.Type) return depth > 0 ? this.message(type, depth - 1) : undefined;
    if (type instanceof protobuf.Enum) return this.below(4);
    if (field.type === 'bytes') return Buffer.from(this.one(['', 'a', 'b', '\0', 'x'.repeat(200)]));
    if (field.type === 'string')
      return this.one(['', 'root', 'a', 'http://127.0.0.1:1', '\u00fc'.repeat(50)]);
    if (field.type === 'bool') return this.chance(2);
    return this.one(['0', '1', '7', '4294967296', '9223372036854775807']);
  }

  /** One to four changes. */
  bytes(right: Buffer): Buffer {
    let bytes: Buffer = Buffer.from(right);
    for (let changes = 1 + this.below(4); changes > 0; changes--) bytes = this.#change(bytes);
    return bytes;
  }

  #change(bytes: Buffer): Buffer {
    const at = this.below(bytes.length + 1);
    const to = at + this.below(bytes.length - at + 1);
    const [before, piece, behind] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
    switch (this.below(7)) {
      case 0: {
        const flipped = Buffer.from(bytes);
        if (at < flipped.length) flipped[at]! ^= 1 << this.below(8);
        return flipped;
      }
      case 1:
        return before;
      case 2:
        return Buffer.concat([before, piece, piece, behind]);
      case 3:
        return Buffer.concat([before, hugeVarint, behind]);
      case 4:
        return Buffer.concat([before, behind, piece]);
      case 5:
        return this.#nested(bytes);
      default:
        return Buffer.concat([before, Buffer.from(piece.map(() => this.below(256))), behind]);
    }
  }

  /** As a field of itself, up to 200 times, while it is small. */
  #nested(bytes: Buffer): Buffer {
    let whole = bytes;
    for (let depth = this.below(200); depth > 0 && whole.length < 20_000; depth--) {
      const length = whole.length;
      const head = [(1 + this.below(6)) * 8 + 2];
      for (let rest = length; ; rest >>>= 7) {
        head.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
        if (rest < 0x80) break;
      }
      whole = Buffer.concat([Buffer.from(head), whole]);
    }
    return whole;
  }

  text(right: string): string {
    const changed = this.bytes(Buffer.from(right));
    return this.chance(10)
      ? '{"success":[{"request_txn":'.repeat(this.below(300))
      : changed.toString('latin1');
  }
}

const identity = (bytes: Buffer): Buffer => bytes;

function byGrpc(client: Client, path: string, body: Buffer): Promise<boolean | null> {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + patienceMs };
    const call = client.makeUnaryRequest(path, identity, identity, body, new Metadata(), options, () => {});
    // Given up by ourselves, or without a connection: no answer.
    call.on('status', ({ code, details }: StatusObject) => {
      const isLost = code === 4 || (code === 14 && !details.startsWith('etcdserver'));
      resolve(isLost ? null : code === 0);
    });
  });
}

async function byGateway(url: string, body: string): Promise<boolean | null> {
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await fetch(url, { method: 'POST', body, signal });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return null;
  }
}

/** @param onProgress told of every thousand */
export async function sendMutations(
  url: string,
  seed: number,
  requests: number,
  onProgress: (sent: number) => void = () => {},
): Promise<MutationCounts> {
  const mutator = new Mutator(seed);
  const client = new Client(new URL(url).host, credentials.createInsecure());
  const counts: MutationCounts = { requests: 0, answered: 0, refused: 0, lost: [] };
  const one = async (): Promise<void> => {
    const { path, gatewayPath, type } = mutator.target();
    const message = type.fromObject(mutator.message(type, 3));
    const isJson = gatewayPath !== null && mutator.chance(3);
    const body = isJson
      ? mutator.text(JSON.stringify(type.toObject(message, { longs: String, bytes: String, enums: String })))
      : mutator.bytes(Buffer.from(type.encode(message).finish()));
    const result = isJson
      ? await byGateway(`${url}${gatewayPath}`, body as string)
      : await byGrpc(client, path, body as Buffer);
    if (result === null) counts.lost.push(`${path} ${Buffer.from(body as string, 'latin1').toString('hex')}`);
    else if (result) counts.answered++;
    else counts.refused++;
  };
  const lane = async (): Promise<void> => {
    while (counts.requests < requests && counts.lost.length < 10) {
      counts.requests++;
      if (counts.requests % 1000 === 0) onProgress(counts.requests);
      await one();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  client.close();
  return counts;
}
