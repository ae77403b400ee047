/**
 * What the members have reported of themselves, on the leader, and who is wrong by it.
 *
 *     leader and those who agree with it are a majority     the others are wrong
 *     a majority agrees with each other, and not with it    the leader is wrong, and whoever is not of that majority
 *     everybody has been heard, and neither holds           undecided
 *
 * Two members agree when they report the same value of the same place. A place is an index with its digest, or a revision
 * with its hash; later ones are greater. That two of them both differ from the leader says nothing of each other, and that
 * one agreed with it before the place where another differs says nothing either: it may differ there as well.
 */

import type { NodeId } from '../raft/types.ts';

/** Reports without a majority that are waited for, of each member: their places may still meet. */
const patience = 4;
/** Places that are remembered of a member. */
const maxPlaces = 256;

interface Witness {
  agrees: boolean;
  /** The last place at which it agreed, or the first at which it differs. */
  place: number;
  /** Place → value, the newest last. Only of one that differs. */
  readonly values: Map<number, number>;
  reports: number;
}

export interface Judgement {
  readonly wrong: readonly NodeId[];
  /** Somebody is wrong, and nobody can tell who. */
  readonly isUndecided: boolean;
}

const nothingWrong: Judgement = { wrong: [], isUndecided: false };

export class Testimony {
  readonly #witnesses = new Map<NodeId, Witness>();

  clear(): void {
    this.#witnesses.clear();
  }

  /**
   * @param values place and value in turn, the place in question first
   * @param own the leader's value of a place; undefined where it has none
   */
  give(
    id: NodeId,
    agrees: boolean,
    values: readonly number[],
    own: (place: number) => number | undefined,
  ): void {
    const witness = this.#witnesses.get(id) ?? { agrees: true, place: 0, values: new Map(), reports: 0 };
    this.#witnesses.set(id, witness);
    const place = values[0]!;
    if (agrees || witness.agrees || place < witness.place) witness.place = place;
    witness.agrees = agrees;
    witness.reports++;
    if (agrees) {
      witness.values.clear();
      witness.reports = 0;
      return;
    }
    for (let i = 0; i + 1 < values.length; i += 2) {
      const [place, value] = [values[i]!, values[i + 1]!];
      if (own(place) === value) continue;
      witness.values.delete(place);
      witness.values.set(place, value);
      if (witness.values.size > maxPlaces) witness.values.delete(witness.values.keys().next().value!);
    }
  }

  /** @param members all of the cluster, the leader included */
  judge(members: readonly NodeId[], leader: NodeId): Judgement {
    const known = members.filter((id) => this.#witnesses.has(id) && id !== leader);
    const differing = known.filter((id) => !this.#witnesses.get(id)!.agrees);
    if (differing.length === 0) return nothingWrong;
    const majority = Math.floor(members.length / 2) + 1;
    const outvoted = differing.filter(
      (id) => this.#withLeader(known, this.#witnesses.get(id)!.place) >= majority,
    );
    if (outvoted.length > 0) return { wrong: outvoted, isUndecided: false };
    const agreed = this.#largestGroup(differing);
    if (agreed.length >= majority) {
      const wrong = [leader, ...known].filter((id) => !agreed.includes(id));
      return { wrong, isUndecided: false };
    }
    // Those who have not reported yet decide, or what is reported next.
    const isHeard = known.length === members.length - 1;
    if (1 + known.length - differing.length >= majority) return nothingWrong;
    const isPatient = differing.some((id) => this.#witnesses.get(id)!.reports < patience);
    const canAgree = differing.length >= majority;
    return { wrong: [], isUndecided: isHeard && !(canAgree && isPatient) };
  }

  /** How many are known to agree with the leader up to a place, itself included. */
  #withLeader(known: readonly NodeId[], place: number): number {
    const agreeing = known.filter((id) => {
      const witness = this.#witnesses.get(id)!;
      return witness.agrees && witness.place >= place;
    });
    return 1 + agreeing.length;
  }

  #largestGroup(ids: readonly NodeId[]): readonly NodeId[] {
    const groups = new Map<string, NodeId[]>();
    let largest: NodeId[] = [];
    for (const id of ids) {
      for (const [place, value] of this.#witnesses.get(id)!.values) {
        const name = `${place}=${value}`;
        const group = groups.get(name) ?? [];
        groups.set(name, group);
        group.push(id);
        if (group.length > largest.length) largest = group;
      }
    }
    return largest;
  }
}
