/** Elections: of many candidates one leads at a time, and everybody can watch who. */

import { CompactedError, EtcdError, StatusCode } from './errors.ts';
import { type HeldPlace, Holding, type PlaceOptions, takePlace } from './held-place.ts';
import type { Bytes } from './keys.ts';
import { toBytes } from './keys.ts';
import type { Leases } from './lease.ts';
import { op } from './operations.ts';
import type { CallOptions } from './options.ts';
import type { Pair } from './pair.ts';
import { type LineTools, linePrefix } from './waiting-line.ts';

export type CampaignOptions = PlaceOptions;

/** Being the leader. `signal` is aborted when that is lost. Leaving an `await using` resigns. */
export class Leadership extends Holding implements AsyncDisposable {
  readonly #tools: LineTools;

  constructor(tools: LineTools, held: HeldPlace) {
    super(held);
    this.#tools = tools;
  }

  /** Tells those who observe something new. @throws EtcdError 'electionNotLeader' when it leads no more */
  async proclaim(value: Bytes, options: CallOptions = {}): Promise<void> {
    const request = {
      compare: [this.guard],
      success: [op.put(this.key, value, { lease: this.lease.id })],
      failure: [],
    };
    const { succeeded } = await this.#tools.kv.commit(request, options, 'write');
    if (!succeeded) {
      const code = StatusCode.Unknown;
      throw new EtcdError('electionNotLeader', 'election: not leader', { code });
    }
  }

  /** Steps down for the next candidate. Of a leadership that is over, nothing. */
  resign(options: CallOptions = {}): Promise<void> {
    return this.giveBack(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resign();
  }
}

export class Election {
  readonly name: string;
  readonly #tools: LineTools;
  readonly #leases: Leases;

  constructor(tools: LineTools, leases: Leases, name: string) {
    this.#tools = tools;
    this.#leases = leases;
    this.name = name;
  }

  /**
   * Stands for election and waits to be elected.
   * @param value what observers are told of this candidate when it leads
   * @throws LeaseLostError, the signal's reason
   */
  async campaign(value: Bytes, options: CampaignOptions = {}): Promise<Leadership> {
    const held = await takePlace(this.#tools, this.#leases, this.name, value, options, true);
    const leadership = new Leadership(this.#tools, held!);
    const { oldValue } = held!.place;
    if (oldValue !== null && Buffer.compare(oldValue, toBytes(value)) !== 0) await leadership.proclaim(value);
    return leadership;
  }

  /** The leader's key with what it proclaims, or null when nobody leads. */
  async leader(options: CallOptions = {}): Promise<Pair | null> {
    const { pair } = await this.#head(options);
    return pair;
  }

  /**
   * Who leads now, if anybody does, and then each change: another leader, or something new that the leader proclaims. It
   * may pass over changes that were overtaken. Ends with the signal's reason.
   */
  async *observe(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Pair, void, undefined> {
    let told = 0;
    for (;;) {
      const { pair, revision } = await this.#head(options);
      const range = pair === null ? { prefix: linePrefix(this.name) } : pair.key;
      if (pair !== null && pair.modRevision > told) {
        told = pair.modRevision;
        yield pair;
      }
      await using watch = this.#tools.watch(range, { ...options, startRevision: revision + 1 });
      try {
        for await (const event of watch) {
          if (pair === null || event.type === 'delete') break;
          told = event.revision;
          yield event.pair;
        }
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
      }
    }
  }

  async #head(options: CallOptions): Promise<{ readonly pair: Pair | null; readonly revision: number }> {
    const { pairs, header } = await this.#tools.kv.range(
      { prefix: linePrefix(this.name) },
      { ...options, sortBy: 'createRevision', order: 'ascending', limit: 1 },
    );
    return { pair: pairs[0] ?? null, revision: header.revision };
  }
}
