/** What travels between this member and the others, under etcd's names. */

import type { MeteredPeerNetwork, PeerFigures } from '../rpc/metered-peer-network.ts';
import type { Metrics } from '../util/metrics.ts';

export function registerPeerMetrics(metrics: Metrics, memberId: string, network: MeteredPeerNetwork): void {
  const local = { Local: memberId };
  const others = () => network.known.filter((id) => id !== memberId);
  const perPeer = (
    name: string,
    help: string,
    labelsOf: (peer: string) => Record<string, string>,
    read: (figures: PeerFigures) => number,
  ): void =>
    metrics.family('counter', `etcd_network_${name}`, help, (add) => {
      for (const [id, figures] of network.peers) add(labelsOf(id), read(figures));
    });
  const to = (peer: string) => ({ To: peer });
  perPeer('peer_sent_bytes_total', 'Bytes sent to a member.', to, (peer) => peer.sentBytes);
  perPeer(
    'peer_received_bytes_total',
    'Bytes that came from a member.',
    (peer) => ({ From: peer }),
    (peer) => peer.receivedBytes,
  );
  perPeer(
    'peer_sent_failures_total',
    'Frames for a member that found no link, or a full one.',
    to,
    (peer) => peer.sendFailures,
  );
  metrics.histograms(
    'etcd_network_peer_round_trip_time_seconds',
    'How long a frame takes to a member and back.',
    (add) => {
      for (const [id, { roundTripSeconds }] of network.peers) add({ To: id }, roundTripSeconds);
    },
  );
  perPeer(
    'disconnected_peers_total',
    'Times that the link to a member was lost.',
    (peer) => ({ ...local, Remote: peer }),
    (peer) => peer.disconnects,
  );
  metrics.family('gauge', 'etcd_network_active_peers', '1 for each member that is connected.', (add) => {
    for (const id of others()) add({ ...local, Remote: id }, network.isConnected(id) ? 1 : 0);
  });
  metrics.family('gauge', 'etcd_network_known_peers', '1 for each member that links are kept to.', (add) => {
    for (const id of others()) add({ ...local, Remote: id }, 1);
  });
}
