/**
 * The recipe under locks and elections: a line in which the one who came first has its turn.
 *
 * Each member of the line has a key `<name>/<lease in hex>`, bound to its lease. Who has the key with the lowest create
 * revision is at the head; the others each wait for the one right before them to go, so that one departure wakes one.
 * The keys are those of Go's clientv3 and of etcd's Lock and Election services: all of them can stand in one line.
 *
 * The create revision only grows from holder to holder, which makes it a fencing token: a store that refuses tokens lower
 * than one it has seen cannot be written to by a holder that does not know yet that its lease ran out.
 */

import { compare } from './compare.ts';
import { CompactedError, LeaseLostError } from './errors.ts';
import type { KeyRange } from './keys.ts';
import type { Kv } from './kv.ts';
import type { Lease } from './lease.ts';
import { type Answer, op, type RangeAnswer } from './operations.ts';
import type { CallOptions } from './options.ts';
import type { Watch, WatchOptions } from './watch.ts';

/** What the recipe needs of a client. */
export interface LineTools {
  readonly kv: Kv;
  watch(range: KeyRange, options: WatchOptions): Watch;
}

/** A place in the line. */
export interface Place {
  readonly key: string;
  /** Create revision of the key. */
  readonly revision: number;
  /** Nobody was before it when it was taken. */
  readonly isFirst: boolean;
  /** The value that the key had already, when this lease was in the line before; null: it is new. */
  readonly oldValue: Uint8Array | null;
}

export function linePrefix(name: string): string {
  return `${name}/`;
}

function rangeOf(answer: Answer | undefined): RangeAnswer {
  if (answer?.kind !== 'range')
    throw new Error('the transaction was answered with something else than a range');
  return answer;
}

export class WaitingLine {
  readonly #tools: LineTools;
  readonly #prefix: string;

  constructor(tools: LineTools, name: string) {
    this.#tools = tools;
    this.#prefix = linePrefix(name);
  }

  /** Gets in line; the place a lease has already is kept. @throws EtcdError 'leaseNotFound' */
  async enter(lease: Lease, value: Uint8Array | string, options: CallOptions): Promise<Place> {
    const key = this.#prefix + BigInt.asUintN(64, lease.id).toString(16);
    const head = op.get({ prefix: this.#prefix }, { sortBy: 'createRevision', order: 'ascending', limit: 1 });
    const request = {
      compare: [compare.missing(key)],
      success: [op.put(key, value, { lease: lease.id }), head],
      failure: [op.get(key), head],
    };
    const { succeeded, answers, revision } = await this.#tools.kv.commit(request, options, 'idempotent');
    const first = rangeOf(answers[1]).pairs[0];
    const own = succeeded ? null : (rangeOf(answers[0]).pairs[0] ?? null);
    const createRevision = own?.createRevision ?? revision;
    const isFirst = first === undefined || first.createRevision === createRevision;
    return { key, revision: createRevision, isFirst, oldValue: own?.value ?? null };
  }

  /**
   * Waits until everybody before is gone.
   * @throws LeaseLostError when the place is lost meanwhile; the signal's reason
   */
  async waitTurn(place: Place, lease: Lease, options: CallOptions): Promise<void> {
    while (await this.#waitForOneBefore(place, options)) {
      // The next one before it may have come to be the last one meanwhile.
    }
    const own = await this.#tools.kv.get(place.key, options);
    if (own?.createRevision !== place.revision) {
      throw new LeaseLostError(lease.id, 'its key in the line is gone');
    }
  }

  /** Waits for the one right before to go. False: there is none. */
  async #waitForOneBefore({ revision }: Place, options: CallOptions): Promise<boolean> {
    const before = await this.#tools.kv.range(
      { prefix: this.#prefix },
      {
        ...options,
        sortBy: 'createRevision',
        order: 'descending',
        limit: 1,
        maxCreateRevision: revision - 1,
        keysOnly: true,
      },
    );
    const [last] = before.pairs;
    if (last === undefined) return false;
    const { signal } = options;
    await using watch = this.#tools.watch(last.key, {
      startRevision: before.header.revision + 1,
      puts: false,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      for await (const { type } of watch) if (type === 'delete') return true;
    } catch (error) {
      // What was missed shows when the line is read again.
      if (!(error instanceof CompactedError)) throw error;
    }
    return true;
  }

  /** Leaves the line. A place that is gone already is fine. */
  async leave({ key, revision }: Place, options: CallOptions = {}): Promise<void> {
    const request = {
      compare: [compare.createRevision(key, '=', revision)],
      success: [op.delete(key)],
      failure: [],
    };
    await this.#tools.kv.commit(request, options, 'idempotent');
  }
}
