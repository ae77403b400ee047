/** The protobuf codec that is in force. Null: protobuf bodies are answered with 415, and answers are JSON. */

import { kubernetesProtobuf } from './envelope.ts';
import type { ProtobufCodec } from './types.ts';

export const protobufCodec: ProtobufCodec | null = kubernetesProtobuf;
