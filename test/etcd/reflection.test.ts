import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import t, { type Test } from 'tap';
import { describeProtoFiles, loadProto } from '../../proto/generate.ts';
import { catalog } from '../../src/etcd/catalog.ts';
import { packageOfSymbol } from '../../src/etcd/reflection.ts';
import { decodeCold, encodeCold } from '../../src/wire/cold-codec.ts';
import { protoFiles } from '../../src/wire/proto-files.ts';
import { until } from '../waiting.ts';
import { Served, type StreamLog } from './served.ts';

/** Which protobufjs does not declare. */
const { FileDescriptorProto, FileDescriptorSet } = descriptor as unknown as Record<string, protobuf.Type>;

interface Answer {
  readonly original_request: object;
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Uint8Array[] };
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly all_extension_numbers_response?: object;
  readonly error_response?: { readonly error_code: number; readonly error_message: string };
}

class Reflection {
  readonly stream: StreamLog;
  readonly #type: string;

  constructor(served: Served, version: string) {
    this.#type = `grpc.reflection.${version}.ServerReflection`;
    this.stream = served.stream(`/${this.#type}/ServerReflectionInfo`);
  }

  async ask(request: object): Promise<Answer> {
    const { messages } = this.stream;
    const before = messages.length;
    this.stream.send(encodeCold(`${this.#type}Request`, request));
    await until('an answer', () => messages.length > before || this.stream.ended !== null);
    if (messages.length === before) throw new Error(this.stream.ended!);
    return decodeCold<Answer>(`${this.#type}Response`, messages[before]!);
  }

  /** Names of the files of an answer. */
  async files(request: object): Promise<string[]> {
    const { file_descriptor_response: response, error_response: error } = await this.ask(request);
    if (response === undefined) return [`${error!.error_code} ${error!.error_message}`];
    return response.file_descriptor_proto.map((bytes) => {
      const file = FileDescriptorProto!.decode(bytes) as unknown as { name: string };
      return file.name;
    });
  }
}

/** Without what protobufjs changes when it makes a name of JSON one of its own. */
function plainName(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** All messages, enums and services with their parts, without what only text has. */
function contentsOf(root: protobuf.Root): Record<string, unknown> {
  const contents: Record<string, unknown> = {};
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const child of namespace.nestedArray) {
      if (child instanceof protobuf.Enum) contents[child.fullName] = { ...child.values };
      else if (child instanceof protobuf.Service) {
        contents[child.fullName] = child.methodsArray.map((method) => {
          method.resolve();
          const { name, requestStream, responseStream, resolvedRequestType, resolvedResponseType } = method;
          const types = [resolvedRequestType!.fullName, resolvedResponseType!.fullName];
          return [name, ...types, requestStream === true, responseStream === true];
        });
      } else if (child instanceof protobuf.Type) {
        contents[child.fullName] = child.fieldsArray.map((field) => {
          field.resolve();
          const type = field.resolvedType?.fullName ?? field.type;
          return [
            plainName(field.name),
            field.id,
            type,
            field.repeated,
            field.partOf === null ? null : plainName(field.partOf.name),
          ];
        });
        visit(child);
      } else if (child instanceof protobuf.Namespace) visit(child);
    }
  };
  visit(root);
  return contents;
}

t.test('what is checked in is what proto/generate.ts makes of the .proto files', async (t) => {
  t.strictSame(protoFiles, describeProtoFiles());
});

t.test('the encoded files say all that the .proto files say', async (t) => {
  const file = Object.values(protoFiles).map(({ descriptor: text }) =>
    FileDescriptorProto!.decode(Buffer.from(text, 'base64')),
  );
  const set = FileDescriptorSet!.create({ file } as object);
  const fromDescriptor = protobuf.Root as unknown as { fromDescriptor(set: unknown): protobuf.Root };
  const root = fromDescriptor.fromDescriptor(set);
  root.resolveAll();
  const contents = contentsOf(root);
  t.strictSame(contents, contentsOf(loadProto()));
  t.ok(Object.keys(contents).length > 150);
  const kv = FileDescriptorProto!.decode(Buffer.from(protoFiles['mvccpb']!.descriptor, 'base64')).toJSON();
  t.match(kv, {
    name: 'mvccpb/kv.proto',
    package: 'mvccpb',
    syntax: 'proto3',
    messageType: [
      { name: 'KeyValue', field: [{ name: 'key' }, { name: 'create_revision', jsonName: 'createRevision' }] },
    ],
  });
});

async function session(t: Test, version: string): Promise<void> {
  const served = await Served.open(t);
  served.member.isLearner = true;
  const reflection = new Reflection(served, version);
  const list = await reflection.ask({ host: 'h', list_services: '*' });
  t.strictSame(
    list.list_services_response!.service.map(({ name }) => name),
    [...catalog.keys()].sort(),
  );
  t.match(list, { valid_host: 'h', original_request: { host: 'h', list_services: '*' } });
  const kv = ['etcdserverpb/rpc.proto', 'authpb/auth.proto', 'mvccpb/kv.proto'];
  t.strictSame(
    await reflection.files({ file_containing_symbol: 'etcdserverpb.KV' }),
    kv,
    'with what it imports',
  );
  t.strictSame(
    await reflection.files({ file_containing_symbol: 'etcdserverpb.KV.Put' }),
    kv.slice(0, 1),
    'once',
  );
  t.strictSame(await reflection.files({ file_by_filename: 'mvccpb/kv.proto' }), kv.slice(2));
  t.strictSame(await reflection.files({ file_containing_symbol: 'v3lockpb.Lock' }), ['v3lockpb/lock.proto']);
  t.strictSame(await reflection.files({ file_containing_symbol: 'a.B' }), ['5 symbol "a.B" not found']);
  t.strictSame(await reflection.files({ file_by_filename: 'b.proto' }), ['5 file "b.proto" not found']);
  t.match(await reflection.ask({ file_containing_extension: { containing_type: 'mvccpb.Event' } }), {
    error_response: { error_code: 5 },
  });
  const numbers = await reflection.ask({ all_extension_numbers_of_type: 'mvccpb.Event' });
  t.strictSame(numbers.all_extension_numbers_response, {
    base_type_name: 'mvccpb.Event',
    extension_number: [],
  });
  t.match(await reflection.ask({ all_extension_numbers_of_type: 'etcdserverpb.KV' }), {
    error_response: { error_code: 5 },
  });
  reflection.stream.call.end();
  await until('the end', () => reflection.stream.ended !== null);
  t.equal(reflection.stream.ended, '0 ');
  const silent = new Reflection(served, version);
  await t.rejects(silent.ask({}), new Error('3 the request asks nothing'));
}

t.test('services and files are told, each question answered once', (t) => session(t, 'v1'));
t.test('older tools are told the same', (t) => session(t, 'v1alpha'));

t.test('every kind of name is found, and no name that is not there', async (t) => {
  for (const symbol of [
    'etcdserverpb.RangeRequest',
    'etcdserverpb.RangeRequest.key',
    'etcdserverpb.RangeRequest.SortOrder',
    'etcdserverpb.RangeRequest.SortOrder.NONE',
    'etcdserverpb.Compare.target_union',
    'etcdserverpb.Watch.Watch',
    'etcdserverpb.AlarmType',
  ]) {
    t.equal(packageOfSymbol(symbol), 'etcdserverpb', symbol);
  }
  t.equal(packageOfSymbol('grpc.reflection.v1alpha.ServerReflection'), 'grpc.reflection.v1alpha');
  for (const symbol of [
    '',
    '.',
    'etcdserverpb',
    'etcdserverpb.',
    'etcdserverpb.toString',
    'etcdserverpb.RangeRequest.nothing',
    'etcdserverpb.RangeRequest.key.more',
    'etcdserverpb.RangeRequest.hasOwnProperty',
    'constructor.name',
    '.etcdserverpb.KV',
  ]) {
    t.equal(packageOfSymbol(symbol), null, symbol);
  }
});
