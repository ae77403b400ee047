/**
 * `grpc.reflection.v1.ServerReflection`, and the same as `v1alpha` for older tools: which services there are, and the
 * .proto files behind them. etcd does not have it; with it, `grpcurl` needs no files.
 *
 * A question that cannot be answered gets an error as its answer, and the stream goes on. As in grpc-go a file brings those
 * it imports, unless they were sent on this stream before.
 */

import type { RpcStatus, RpcStream } from '../rpc/transport.ts';
import { decodeCold, encodeCold } from '../wire/cold-codec.ts';
import { protoDescriptor } from '../wire/proto-descriptor.ts';
import { protoFiles } from '../wire/proto-files.ts';
import { catalog } from './catalog.ts';
import type { ServiceContext } from './context.ts';
import { Code } from './errors.ts';
import { type ServiceMethods, stream } from './guard.ts';

export type ReflectionVersion = 'v1' | 'v1alpha';

/** A decoded ServerReflectionRequest; of the questions at most one is there. */
interface ReflectionRequest {
  readonly host: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: { readonly containing_type: string };
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
}

/** A declaration of a .proto file, as protobufjs has it. */
interface Declaration {
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly oneofs?: Readonly<Record<string, unknown>>;
  readonly methods?: Readonly<Record<string, unknown>>;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly nested?: Readonly<Record<string, Declaration>>;
}

const packageOfFile: ReadonlyMap<string, string> = new Map(
  Object.entries(protoFiles).map(([packageName, { name }]) => [name, packageName]),
);
/** Names of all services, as grpc-go lists them: in order. */
const serviceNames: readonly string[] = [...catalog.keys()].sort();

export function reflectionMethods(context: ServiceContext, version: ReflectionVersion): ServiceMethods {
  return {
    ServerReflectionInfo: stream((rpc) => new ReflectionSession(context, version, rpc).start(), true),
  };
}

/** Splits a full name behind its package. Packages of which one begins another are told apart. */
function declarationOf(symbol: string): { packageName: string; path: string[]; top: Declaration } | null {
  const parts = symbol.split('.');
  for (let length = parts.length - 1; length > 0; length--) {
    const packageName = parts.slice(0, length).join('.');
    const json = Object.hasOwn(protoDescriptor, packageName) ? protoDescriptor[packageName]! : null;
    const name = parts[length]!;
    if (json === null || !Object.hasOwn(json, name)) continue;
    return { packageName, path: parts.slice(length + 1), top: JSON.parse(json[name]!) as Declaration };
  }
  return null;
}

function holds(declaration: Declaration, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  const { fields, oneofs, methods, values, nested } = declaration;
  if (nested !== undefined && Object.hasOwn(nested, name)) return holds(nested[name]!, rest);
  const own = [fields, oneofs, methods, values];
  return rest.length === 0 && own.some((names) => names !== undefined && Object.hasOwn(names, name));
}

/** The package of the file that declares a symbol: a service, method, message, field, oneof, enum or value of one. */
export function packageOfSymbol(symbol: string): string | null {
  const found = declarationOf(symbol);
  return found !== null && holds(found.top, found.path) ? found.packageName : null;
}

function isMessage(symbol: string): boolean {
  const found = declarationOf(symbol);
  if (found === null) return false;
  let declaration: Declaration | undefined = found.top;
  for (const name of found.path) declaration = declaration?.nested?.[name];
  return declaration?.fields !== undefined;
}

class ReflectionSession {
  readonly #context: ServiceContext;
  readonly #type: string;
  readonly #rpc: RpcStream;
  /** Packages whose files were sent. */
  readonly #sent = new Set<string>();

  constructor(context: ServiceContext, version: ReflectionVersion, rpc: RpcStream) {
    this.#context = context;
    this.#type = `grpc.reflection.${version}.ServerReflection`;
    this.#rpc = rpc;
  }

  start(): void {
    this.#rpc.onDrain(() => this.#rpc.resume());
    this.#rpc.onHalfClose(() => this.#rpc.end(null));
    this.#rpc.onMessage((body) => {
      try {
        const request = decodeCold<ReflectionRequest>(`${this.#type}Request`, body);
        const answer = this.#answer(request);
        if ('code' in answer) this.#rpc.end(answer);
        else this.#send(request, answer);
      } catch (error) {
        this.#rpc.end(this.#context.streamStatusOf(error));
      }
    });
  }

  #send(request: ReflectionRequest, answer: object): void {
    const response = { valid_host: request.host, original_request: request, ...answer };
    if (!this.#rpc.write(encodeCold(`${this.#type}Response`, response))) this.#rpc.pause();
  }

  /** What is answered, or the status that ends the stream. */
  #answer(request: ReflectionRequest): object | RpcStatus {
    if (request.list_services !== undefined) {
      return { list_services_response: { service: serviceNames.map((name) => ({ name })) } };
    }
    if (request.file_by_filename !== undefined) {
      const name = request.file_by_filename;
      return this.#files(packageOfFile.get(name) ?? null, `file ${JSON.stringify(name)}`);
    }
    if (request.file_containing_symbol !== undefined) {
      const symbol = request.file_containing_symbol;
      return this.#files(packageOfSymbol(symbol), `symbol ${JSON.stringify(symbol)}`);
    }
    if (request.file_containing_extension !== undefined) {
      const { containing_type: type } = request.file_containing_extension;
      return notFound(`an extension of ${JSON.stringify(type)}`);
    }
    if (request.all_extension_numbers_of_type !== undefined) {
      const type = request.all_extension_numbers_of_type;
      if (!isMessage(type)) return notFound(`message ${JSON.stringify(type)}`);
      return { all_extension_numbers_response: { base_type_name: type, extension_number: [] } };
    }
    return { code: Code.InvalidArgument, message: 'the request asks nothing' };
  }

  /** The file of a package, and what it imports. */
  #files(packageName: string | null, wanted: string): object {
    if (packageName === null) return notFound(wanted);
    const found: Uint8Array[] = [];
    const queue = [packageName];
    for (const next of queue) {
      const { imports, descriptor } = protoFiles[next]!;
      if (found.length === 0 || !this.#sent.has(next)) found.push(Buffer.from(descriptor, 'base64'));
      this.#sent.add(next);
      queue.push(...imports.map((name) => packageOfFile.get(name)!));
    }
    return { file_descriptor_response: { file_descriptor_proto: found } };
  }
}

function notFound(wanted: string): object {
  return { error_response: { error_code: Code.NotFound, error_message: `${wanted} not found` } };
}
