import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import t from 'tap';
import { describeProto, loadProto, protoFiles } from '../../proto/generate.ts';
import { protoDescriptor } from '../../src/wire/proto-descriptor.ts';
import { fieldTable, serviceTable } from './etcd-tables.ts';

const root = loadProto();

t.test('every .proto file is loaded', async (t) => {
  const directory = join(import.meta.dirname, '../../proto');
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const found = files.map((file) => file.replaceAll('\\', '/')).filter((file) => file.endsWith('.proto'));
  t.same(found.sort(), [...protoFiles].sort());
});

t.test('the checked-in descriptor is what proto/generate.ts makes of the .proto files', async (t) => {
  t.same(protoDescriptor, describeProto());
});

t.test('every rpc of etcd is there with its messages and kind of streaming, and no other', async (t) => {
  const services: string[] = [];
  for (const [name, methods] of Object.entries(serviceTable)) {
    services.push(name);
    const actual = root.lookupService(name).methodsArray.map((method) => {
      method.resolve();
      const kind = method.requestStream ? 'BS' : method.responseStream ? 'SS' : 'U';
      return `${method.name} ${kind} ${method.resolvedRequestType!.name} ${method.resolvedResponseType!.name}`;
    });
    t.same(
      actual.sort(),
      methods
        .trim()
        .split(/\s*\n\s*/)
        .sort(),
      name,
    );
  }
  t.same(declared(root, protobuf.Service), services.sort());
});

t.test('every field has the number, name and type that etcd gives it', async (t) => {
  const seen: string[] = [];
  for (const line of fieldTable.trim().split('\n')) {
    const [name, rest] = line.split(': ') as [string, string | undefined];
    const type = root.lookupType(name.replace(':', ''));
    seen.push(type.fullName.slice(1));
    const fields = [...type.fieldsArray]
      .sort((a, b) => a.id - b.id)
      .map((field) => {
        const typeName = field.resolvedType === null ? short(field.type) : field.resolvedType.name;
        const oneof = field.partOf === null ? '' : `@${field.partOf.name}`;
        return `${field.id} ${field.name} ${typeName}${field.repeated ? '*' : ''}${oneof}`;
      });
    t.equal(fields.join('; '), rest ?? '', type.name);
  }
  t.same(declared(root, protobuf.Type), seen.sort(), 'and there is no message beside them');
});

t.test('every enum has the names and numbers of etcd', async (t) => {
  const values = (name: string): unknown => root.lookupEnum(name).values;
  t.same(values('etcdserverpb.RangeRequest.SortOrder'), { NONE: 0, ASCEND: 1, DESCEND: 2 });
  t.same(values('etcdserverpb.RangeRequest.SortTarget'), { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 });
  t.same(values('etcdserverpb.Compare.CompareResult'), { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 });
  t.same(values('etcdserverpb.Compare.CompareTarget'), { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 });
  t.same(values('etcdserverpb.WatchCreateRequest.FilterType'), { NOPUT: 0, NODELETE: 1 });
  t.same(values('mvccpb.Event.EventType'), { PUT: 0, DELETE: 1 });
  t.same(values('etcdserverpb.AlarmType'), { NONE: 0, NOSPACE: 1, CORRUPT: 2 });
  t.same(values('etcdserverpb.AlarmRequest.AlarmAction'), { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 });
  t.same(values('etcdserverpb.DowngradeRequest.DowngradeAction'), { VALIDATE: 0, ENABLE: 1, CANCEL: 2 });
  t.same(values('authpb.Permission.Type'), { READ: 0, WRITE: 1, READWRITE: 2 });
  t.same(values('grpc.health.v1.HealthCheckResponse.ServingStatus'), {
    UNKNOWN: 0,
    SERVING: 1,
    NOT_SERVING: 2,
    SERVICE_UNKNOWN: 3,
  });
});

function short(type: string): string {
  return { int64: 'i64', uint64: 'u64', uint32: 'u32', string: 'str' }[type] ?? type;
}

/** Full names of all declarations of a kind, outside of other messages. */
function declared(
  namespace: protobuf.NamespaceBase,
  kind: typeof protobuf.Type | typeof protobuf.Service,
): string[] {
  const names = namespace.nestedArray.flatMap((child) => {
    if (child instanceof kind) return [child.fullName.slice(1)];
    const deeper = child instanceof protobuf.Namespace && !(child instanceof protobuf.Type);
    return deeper ? declared(child, kind) : [];
  });
  return names.sort();
}
