/** Words of a command line, and what is different in the answers of two clusters that behave alike. */

/** Splits at blanks; double quotes hold words together. */
export function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

export interface Names {
  /** Client address (`host:port`) of each member, and its peer address. */
  readonly clientHosts: readonly string[];
  readonly peerHosts: readonly string[];
}

type Replacement = readonly [pattern: RegExp, by: string];

/** Fields whose value differs with every cluster: JSON (`"raft_term":4`) and fields (`"RaftTerm" : 4`) alike. */
const idFields = 'cluster_?id|member_?id|id|leader';
const raftFields = 'raft_?term|raft_?index|raft_?applied_?index';
const sizeFields = 'db_?size(?:_?in_?use)?';
const field = (names: string): RegExp => new RegExp(`("(?:${names})" ?: ?)\\d+`, 'gi');

const replacements: readonly Replacement[] = [
  [field(idFields), '$1<id>'],
  [field(raftFields), '$1<n>'],
  [field(sizeFields), '$1<size>'],
  [/("version" ?: ?)"[\d.]+"/gi, '$1"<version>"'],
  // Lines about a member begin with its id; lines about an endpoint end in sizes, terms and indexes.
  [/\b[0-9a-f]{13,16}\b/g, '<id>'],
  [/(?<![\d.])\d+\.\d+\.\d+(?![\d.])/g, '<version>'],
  [/\b\d+(?:\.\d+)? [kMG]?B\b/g, '<size>'],
  [/\b\d+(?:\.\d+)?[µnm]?s\b/g, '<time>'],
  [/"ts":"[^"]*"/g, '"ts":"<time>"'],
  [/endpoint:\/\/client-[0-9a-f-]+\//g, 'endpoint://client-<uuid>/'],
  [/etcd-endpoints:\/\/0x[0-9a-f]+\//g, 'etcd-endpoints://<pointer>/'],
  [/(LocalAddr: ')[^']*'/g, "$1<address>'"],
];

/** Columns that hold raft's numbers, or say who leads, in a line about an endpoint. */
function endpointLine(line: string): string {
  const isEndpoint = /^(?:\| )?(?:http:\/\/)?<client>.*<size>/.test(line);
  return isEndpoint ? line.replace(/\b(\d+)\b/g, '<n>').replace(/\b(true|false)\b/, '<leads>') : line;
}

const borders: Readonly<Record<string, string>> = { '─': '-', '│': '|' };

/** Some builds of etcdctl draw tables with lines, others with signs. Of the same width either way. */
export function plainTable(text: string): string {
  return text
    .replace(/[\u2500-\u257f]/g, (sign) => borders[sign] ?? '+')
    .replace(/^\+-[-+]*[+|]$/gm, (line) => line.replaceAll('|', '+'));
}

/** Tables are as wide as their cells. */
function tableLine(line: string): string {
  if (/^\+[-+]+\+$/.test(line)) return line.replace(/-+/g, '-');
  return line.startsWith('|') ? line.replace(/ +/g, ' ') : line;
}

/** Lines of a table that are about a member each, in an order of their own. */
function sortedRows(lines: readonly string[]): string[] {
  const isRow = (line: string) => /<client>|<peer>/.test(line);
  const rows = lines.filter(isRow).sort();
  return lines.map((line) => (isRow(line) ? rows.shift()! : line));
}

/** `text` with what must differ between clusters replaced by placeholders. */
export function comparable(text: string, names: Names): string {
  let plain = plainTable(text);
  for (const host of names.clientHosts) plain = plain.replaceAll(host, '<client>');
  for (const host of names.peerHosts) plain = plain.replaceAll(host, '<peer>');
  for (const [pattern, by] of replacements) plain = plain.replace(pattern, by);
  const lines = plain.split('\n').map((line) => tableLine(endpointLine(line)));
  return sortedRows(lines).join('\n');
}
