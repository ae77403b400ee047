/**
 * Whom this member keeps links to: the other members, and for a while those that were removed, so that they still learn
 * of it.
 */

import type { NodeId } from '../raft/types.ts';
import type { PeerAddress, PeerNetwork } from '../rpc/peer.ts';
import type { Clock, Timer } from '../util/runtime.ts';
import type { MemberRecord } from './types.ts';

export class PeerLinks {
  readonly #id: NodeId;
  readonly #network: PeerNetwork;
  readonly #clock: Clock;
  readonly #lingerMs: number;
  #peers: ReadonlyMap<NodeId, PeerAddress> = new Map();
  /** Removed members, and the timer that ends their link. */
  readonly #leaving = new Map<NodeId, { readonly address: PeerAddress; readonly timer: Timer }>();

  constructor(id: NodeId, network: PeerNetwork, clock: Clock, lingerMs: number) {
    this.#id = id;
    this.#network = network;
    this.#clock = clock;
    this.#lingerMs = lingerMs;
  }

  /** @param members everybody, this member included or not */
  set(members: readonly MemberRecord[]): void {
    const peers = new Map<NodeId, PeerAddress>();
    for (const { id, peerUrls } of members) if (id !== this.#id) peers.set(id, { id, urls: peerUrls });
    for (const address of this.#peers.values()) if (!peers.has(address.id)) this.#letGo(address);
    for (const id of peers.keys()) this.#forget(id);
    this.#peers = peers;
    this.#apply();
  }

  #letGo(address: PeerAddress): void {
    const timer = this.#clock.setTimer(this.#lingerMs, () => {
      this.#leaving.delete(address.id);
      this.#apply();
    });
    this.#leaving.set(address.id, { address, timer });
  }

  #forget(id: NodeId): void {
    this.#leaving.get(id)?.timer.cancel();
    this.#leaving.delete(id);
  }

  #apply(): void {
    const leaving = [...this.#leaving.values()].map(({ address }) => address);
    this.#network.setPeers([...this.#peers.values(), ...leaving]);
  }

  stop(): void {
    for (const { timer } of this.#leaving.values()) timer.cancel();
    this.#leaving.clear();
  }
}
