/** The protobuf wire format: what every hand-written codec of the house is made of. */

export { emptyBytes, malformed, maxMessageDepth, Reader, WireType } from './proto-reader.ts';
export { bigVarintBytes, varintBytes, Writer, writeBigVarint, writeVarint } from './proto-writer.ts';
