/**
 * Protobuf bodies: 4 bytes `k8s\0`, then `runtime.Unknown` around the object, by the numbers in `schema/`.
 */

import type { JsonObject } from '../api/objects.ts';

/** Of a kind; the core group is empty. */
export interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ProtobufCodec {
  /**
   * The JSON an envelope stands for, `kind` and `apiVersion` set. An empty Time is left out, as are zero values of
   * fields that are no pointers.
   * @param wanted what an envelope without kind or apiVersion has @default nothing
   * @throws ProtobufError
   */
  decode(body: Uint8Array, wanted?: KindName): JsonObject;
  /** An envelope, or null: the kind has no protobuf form. */
  encode(object: JsonObject): Uint8Array | null;
  /** One frame of a watch: its length in four bytes, then a WatchEvent around the object's envelope. Null as above. */
  encodeFrame(type: string, object: JsonObject): Uint8Array | null;
  /** False: the kind is spoken in JSON and YAML only. */
  speaks(group: string, version: string, kind: string): boolean;
}
