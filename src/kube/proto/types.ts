/**
 * Protobuf bodies: 4 bytes `k8s\0`, then `runtime.Unknown` around the object, by the numbers in `schema/`.
 */

import type { JsonObject } from '../api/objects.ts';

export interface ProtobufCodec {
  /**
   * The JSON an envelope stands for, `kind` and `apiVersion` set. An empty Time is left out, as are zero values of
   * fields that are no pointers.
   * @throws StatusError 400
   */
  decode(body: Uint8Array): JsonObject;
  /** An envelope, or null: the kind has no protobuf form. */
  encode(object: JsonObject): Uint8Array | null;
  /** One frame of a watch: its length in four bytes, then a WatchEvent around the object's envelope. Null as above. */
  encodeFrame(type: string, object: JsonObject): Uint8Array | null;
  /** False: the kind is spoken in JSON and YAML only. */
  speaks(group: string, version: string, kind: string): boolean;
}
