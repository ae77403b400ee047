/**
 * `@grpc/grpc-js`, loaded when it is asked for the first time: a member that serves with its own HTTP/2 never does, and
 * keeps some megabytes and some start time for itself.
 */

import { createRequire } from 'node:module';

type GrpcJs = typeof import('@grpc/grpc-js');

let loaded: GrpcJs | null = null;

export function grpcJs(): GrpcJs {
  loaded ??= createRequire(import.meta.url)('@grpc/grpc-js') as GrpcJs;
  return loaded;
}
