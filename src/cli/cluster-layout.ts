/**
 * The shape of a local cluster: names, ports and files. Pure; `cluster-folder.ts` is what touches the disk.
 *
 *     <dir>/cluster.json       what this file describes, so that a second start finds the same cluster
 *     <dir>/data/m1            data directory of member 1
 *     <dir>/log/m1.log         what member 1 logged
 *     <dir>/kube/              certificates and kubeconfig of the Kubernetes API
 *     <dir>/run/m1.pid         "<process id> <start time>" of member 1, see processes.ts
 */

export const MEMBERS_MAX = 5;
export const DEFAULT_DIR = '.keelson';

export interface LocalMember {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Where it serves the Kubernetes API; 0 for nowhere. */
  readonly apiPort: number;
}

/** The content of cluster.json. */
export interface LocalCluster {
  readonly format: 1;
  /** First port of consecutive ones; 0 for etcd's usual ports. */
  readonly basePort: number;
  readonly members: readonly LocalMember[];
}

const HOST = '127.0.0.1';
const USUAL_CLIENT_PORT = 2379;
const USUAL_PEER_PORT = 2380;
const USUAL_API_PORT = 6443;

/**
 * Without a base port the members have the ports of etcd's own local cluster: 2379 and 2380, then 22379 and 22380,
 * 32379 and 32380, and so on. With one they have consecutive ports: client, peer, client, peer.
 */
export function localCluster(nodes: number, basePort: number, servesKubernetes = true): LocalCluster {
  const members = Array.from({ length: nodes }, (_, index): LocalMember => {
    const number = index + 1;
    const leap = index === 0 ? 0 : number * 10_000;
    return {
      number,
      name: `m${number}`,
      clientPort: basePort === 0 ? USUAL_CLIENT_PORT + leap : basePort + 2 * index,
      peerPort: basePort === 0 ? USUAL_PEER_PORT + leap : basePort + 2 * index + 1,
      apiPort: servesKubernetes ? apiPortOf(nodes, basePort, index) : 0,
    };
  });
  return { format: 1, basePort, members };
}

/** Kubernetes' usual port and others a leap apart, or those behind the ports of all members. */
function apiPortOf(nodes: number, basePort: number, index: number): number {
  return basePort === 0 ? USUAL_API_PORT + index * 10_000 : basePort + 2 * nodes + index;
}

export function clientUrl(member: LocalMember): string {
  return `http://${HOST}:${member.clientPort}`;
}

function peerUrl(member: LocalMember): string {
  return `http://${HOST}:${member.peerPort}`;
}

/** Every member's client address, as `etcdctl --endpoints` takes it. */
export function endpoints(cluster: LocalCluster): string {
  return cluster.members.map((member) => `${HOST}:${member.clientPort}`).join(',');
}

/** The flags of `keelson server` for one member. */
export function serverArguments(
  cluster: LocalCluster,
  member: LocalMember,
  dataDir: string,
  kubeDir: string,
): string[] {
  const initialCluster = cluster.members.map((one) => `${one.name}=${peerUrl(one)}`).join(',');
  return [
    ...['--name', member.name, '--data-dir', dataDir],
    ...['--listen-client-urls', clientUrl(member), '--advertise-client-urls', clientUrl(member)],
    ...['--listen-peer-urls', peerUrl(member), '--initial-advertise-peer-urls', peerUrl(member)],
    ...['--initial-cluster', initialCluster, '--initial-cluster-token', 'keelson-local'],
    ...['--initial-cluster-state', 'new', '--log-format', 'json'],
    ...(member.apiPort > 0 ? ['--apiserver-port', `${member.apiPort}`, '--apiserver-dir', kubeDir] : []),
  ];
}
