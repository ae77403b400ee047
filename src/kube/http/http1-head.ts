/**
 * The head of a request of HTTP/1.1 as clients of an API server send it (RFC 9112 §3, §5). Whatever is not as plain as that
 * is nobody's here, and `null`: node's own parser, which knows all of the protocol and its words of refusal, takes the connection.
 *
 * Invariant: a head that is read here means the same to node's parser. Counter-examples: a name that comes twice (node joins some
 * and drops others), a body in chunks, an expectation, a wish to leave the protocol.
 */

/** Names in lower case. */
export type Http1Headers = Readonly<Record<string, string>>;

export interface Http1Head {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: Http1Headers;
  /** Bytes of the body. */
  readonly length: number;
}

const requestLine = /^(GET|POST|PUT|PATCH|DELETE|HEAD) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const headerLine =
  /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*((?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?)[ \t]*$/;
const decimal = /^(0|[1-9][0-9]{0,9})$/;

/** With one of these a request is more than a head and a body of known length. */
const unusual: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'proxy-connection',
  'keep-alive',
  'cookie',
]);

function headersOf(text: string): Http1Headers | null {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of text.split('\r\n')) {
    const match = headerLine.exec(line);
    if (match === null) return null;
    const name = match[1]!.toLowerCase();
    if (unusual.has(name) || headers[name] !== undefined) return null;
    headers[name] = match[2]!;
  }
  const { host, connection = 'keep-alive' } = headers;
  return host === undefined || connection.toLowerCase() !== 'keep-alive' ? null : headers;
}

/** Reads the heads of one connection: one that sends the same headers again has them known. */
export class Http1HeadReader {
  #text = '';
  #headers: Http1Headers = {};

  /** @param head without the empty line at its end @returns null: it is not plain */
  read(head: string): Http1Head | null {
    const end = head.indexOf('\r\n');
    if (end < 0) return null;
    const line = requestLine.exec(head.slice(0, end));
    if (line === null) return null;
    const text = head.slice(end + 2);
    if (text !== this.#text) {
      const read = headersOf(text);
      if (read === null) return null;
      this.#text = text;
      this.#headers = read;
    }
    const headers = this.#headers;
    const announced = headers['content-length'] ?? '0';
    if (!decimal.test(announced)) return null;
    return { method: line[1]!, target: line[2]!, headers, length: Number(announced) };
  }
}
