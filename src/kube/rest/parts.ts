/** What the handlers of resources work with: one bundle per running API server. */

import type { Runtime } from '../../util/runtime.ts';
import type { AdmissionChain } from '../admission/chain.ts';
import type { FieldManagement } from '../apply/types.ts';
import type { Patches } from '../patch/types.ts';
import type { ProtobufCodec } from '../proto/types.ts';
import type { Registry } from '../registry/registry.ts';
import type { Storages } from '../storage/resource-storage.ts';

export interface ServerParts {
  readonly runtime: Runtime;
  readonly registry: Registry;
  readonly storages: Storages;
  readonly admission: AdmissionChain;
  readonly patches: Patches;
  /** Null: managedFields are kept as they are, and server-side apply is not served. */
  readonly fields: FieldManagement | null;
  /** Null: protobuf bodies are not served. */
  readonly protobuf: ProtobufCodec | null;
  /** False: no container may be privileged. */
  readonly allowsPrivileged: boolean;
}
