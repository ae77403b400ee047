/**
 * Makes `google.protobuf.FileDescriptorProto` of the .proto files: what the reflection service answers with.
 *
 * Written by hand over the few features that the contracts use; what is not among them is refused, not left out.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

/** A file as reflection knows it. */
export interface FileDescriptor {
  /** As others import it. */
  readonly name: string;
  readonly imports: readonly string[];
  /** Base64 of an encoded FileDescriptorProto. */
  readonly descriptor: string;
}

/** Numbers of FieldDescriptorProto.Type. */
const scalarTypes: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const messageType = 11;
const enumType = 14;
const optional = 1;
const repeated = 3;

/** A part of a message: its fields in order. */
class Fields {
  readonly #writer = protobuf.Writer.create();

  text(field: number, value: string): this {
    this.#writer.uint32(field * 8 + 2).string(value);
    return this;
  }

  number(field: number, value: number): this {
    this.#writer.uint32(field * 8).int32(value);
    return this;
  }

  flag(field: number, value: boolean): this {
    return value ? this.number(field, 1) : this;
  }

  parts(field: number, values: readonly Fields[]): this {
    for (const value of values) this.#writer.uint32(field * 8 + 2).bytes(value.finish());
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** The name of a field in JSON, as protoc makes it: `range_end` is `rangeEnd`. */
function jsonName(name: string): string {
  return name.replace(/_+([^_])/g, (_, letter: string) => letter.toUpperCase()).replace(/_+$/, '');
}

function describeField(field: protobuf.Field): Fields {
  field.resolve();
  const { resolvedType, partOf } = field;
  if (field.map || field.declaringField !== null)
    throw new Error(`${field.fullName}: a feature that is not handled`);
  const type =
    resolvedType === null
      ? scalarTypes[field.type]
      : resolvedType instanceof protobuf.Enum
        ? enumType
        : messageType;
  if (type === undefined) throw new Error(`${field.fullName}: no type ${field.type}`);
  const fields = new Fields()
    .text(1, field.name)
    .number(3, field.id)
    .number(4, field.repeated ? repeated : optional)
    .number(5, type);
  if (resolvedType !== null) fields.text(6, resolvedType.fullName);
  if (partOf !== null)
    fields.number(9, partOf.parent instanceof protobuf.Type ? partOf.parent.oneofsArray.indexOf(partOf) : -1);
  return fields.text(10, jsonName(field.name));
}

function describeEnum(declared: protobuf.Enum): Fields {
  const values = Object.entries(declared.values).map(([name, number]) =>
    new Fields().text(1, name).number(2, number),
  );
  return new Fields().text(1, declared.name).parts(2, values);
}

function describeMessage(type: protobuf.Type): Fields {
  const nested = type.nestedArray;
  return new Fields()
    .text(1, type.name)
    .parts(2, type.fieldsArray.map(describeField))
    .parts(3, nested.filter((child) => child instanceof protobuf.Type).map(describeMessage))
    .parts(4, nested.filter((child) => child instanceof protobuf.Enum).map(describeEnum))
    .parts(
      8,
      type.oneofsArray.map(({ name }) => new Fields().text(1, name)),
    );
}

function describeService(service: protobuf.Service): Fields {
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    return new Fields()
      .text(1, method.name)
      .text(2, method.resolvedRequestType!.fullName)
      .text(3, method.resolvedResponseType!.fullName)
      .flag(5, method.requestStream === true)
      .flag(6, method.responseStream === true);
  });
  return new Fields().text(1, service.name).parts(2, methods);
}

/**
 * Package to its file.
 * @param root of all files together
 * @throws Error when two files share a package: then a package would not tell the file
 */
export function describeFiles(
  directory: string,
  files: readonly string[],
  root: protobuf.Root,
): Record<string, FileDescriptor> {
  const described: Record<string, FileDescriptor> = {};
  for (const name of files) {
    const source = readFileSync(join(directory, name), 'utf8');
    const { package: packageName, imports = [] } = protobuf.parse(source, new protobuf.Root(), {
      keepCase: true,
    });
    if (packageName === undefined || described[packageName] !== undefined)
      throw new Error(`${name}: its package`);
    const declared = root.lookup(packageName, [protobuf.Namespace]) as protobuf.Namespace;
    const children = declared.nestedArray;
    const file = new Fields().text(1, name).text(2, packageName);
    for (const imported of imports) file.text(3, imported);
    file
      .parts(4, children.filter((child) => child instanceof protobuf.Type).map(describeMessage))
      .parts(5, children.filter((child) => child instanceof protobuf.Enum).map(describeEnum))
      .parts(6, children.filter((child) => child instanceof protobuf.Service).map(describeService))
      .text(12, 'proto3');
    described[packageName] = { name, imports, descriptor: Buffer.from(file.finish()).toString('base64') };
  }
  return described;
}
