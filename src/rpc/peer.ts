/**
 * Links between members: frames of bytes, in order per link while it lives, possibly lost when it breaks. The
 * consensus above repairs every loss, so a link never blocks and never buffers without bound.
 */

export interface PeerHandler {
  /** `frame` is the handler's to keep. */
  onFrame(from: string, frame: Uint8Array): void;
  onConnect(peer: string): void;
  onDisconnect(peer: string): void;
}

export interface PeerAddress {
  /** Member id, 16 hexadecimal digits. */
  readonly id: string;
  /** Peer URLs, tried in turn. */
  readonly urls: readonly string[];
}

/** The network as one member sees it. */
export interface PeerNetwork {
  /** Called once, before anything else; frames arrive only afterwards. */
  start(handler: PeerHandler): void;
  /** Whom to keep a link to (self excluded). Links to others are closed. */
  setPeers(peers: readonly PeerAddress[]): void;
  /**
   * Queues a frame; its bytes must not change afterwards. False: it was dropped because there is no link or the
   * link's queue is full.
   */
  send(to: string, frame: Uint8Array): boolean;
  /** As `send` of a frame that is these pieces, none of which is copied. Where it is missing, they are to be put together. */
  sendPieces?(to: string, pieces: readonly Uint8Array[]): boolean;
  /** What was sent leaves now. Where it is missing, or nobody calls it, it leaves when the work at hand is done. */
  flush?(): void;
  isConnected(peer: string): boolean;
  close(done: () => void): void;
}
