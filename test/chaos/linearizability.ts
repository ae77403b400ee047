/**
 * Whether a history of concurrent operations is linearizable: whether there is an order of them, each at a point between
 * its call and its return, in which a plain sequential model gives the answers that were given.
 *
 * The search is that of Wing and Gong with the improvement of Lowe ("Testing for linearizability", 2017), as in
 * Porcupine: operations are taken one by one from those that may come next, a state that was reached with the same set
 * of operations before is not tried again, and on a dead end the last one is put back. Parts of a history that have
 * nothing to do with each other are checked one by one, which is what keeps it short.
 *
 * An operation without an answer may have happened at any time after its call, or not at all: it returns at infinity,
 * and the model says for it what may be.
 */

export interface Operation<Input, Output> {
  readonly call: number;
  /** Infinity when there was no answer. */
  readonly return: number;
  readonly input: Input;
  /** Null when there was no answer. */
  readonly output: Output | null;
}

export interface SequentialModel<State, Input, Output> {
  readonly initial: State;
  /** The state afterwards, or null when the model would not answer so. An operation without an output may always be. */
  step(state: State, input: Input, output: Output | null): State | null;
  /** Equal texts mean equal states. */
  show(state: State): string;
}

export type Verdict = 'linearizable' | 'not linearizable' | 'given up';

/** A call or a return in the list of what is left, in order of time. */
interface Mark {
  readonly operation: number;
  /** The return that belongs to a call; null in a return. */
  readonly match: Mark | null;
  before: Mark | null;
  after: Mark | null;
}

interface Taken<State> {
  readonly mark: Mark;
  readonly state: State;
}

/** @param maxSteps how long to search before giving up */
export function checkLinearizable<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  maxSteps = 5_000_000,
): Verdict {
  const head = listOf(history);
  const open = history.filter((operation) => operation.return !== Number.POSITIVE_INFINITY).length;
  const done = new DoneSet(history.length);
  const seen = new Set<string>();
  const taken: Taken<State>[] = [];
  let state = model.initial;
  let answered = 0;
  let at = head.after;
  for (let steps = 0; steps < maxSteps; steps++) {
    // What has no answer need not have happened.
    if (answered === open) return 'linearizable';
    if (at !== null && at.match !== null) {
      const { input, output } = history[at.operation]!;
      const next = model.step(state, input, output);
      if (next !== null && isNew(seen, done, at.operation, model.show(next))) {
        taken.push({ mark: at, state });
        done.add(at.operation);
        if (output !== null) answered++;
        state = next;
        lift(at);
        at = head.after;
      } else at = at.after;
      continue;
    }
    // A return is reached: what returned must have been taken before, so the last choice was wrong.
    const last = taken.pop();
    if (last === undefined) return 'not linearizable';
    state = last.state;
    done.delete(last.mark.operation);
    if (history[last.mark.operation]!.output !== null) answered--;
    putBack(last.mark);
    at = last.mark.after;
  }
  return 'given up';
}

/** Which operations are taken. Nearly always all up to some, but for a few: so it is told by those that are not. */
class DoneSet {
  private readonly isDone: Uint8Array;
  /** All below it are taken. */
  private floor = 0;

  constructor(size: number) {
    this.isDone = new Uint8Array(size);
  }

  add(operation: number): void {
    this.isDone[operation] = 1;
    while (this.isDone[this.floor] === 1) this.floor++;
  }

  delete(operation: number): void {
    this.isDone[operation] = 0;
    this.floor = Math.min(this.floor, operation);
  }

  /** Equal texts mean equal sets. */
  show(): string {
    let last = this.isDone.length - 1;
    while (last >= this.floor && this.isDone[last] === 0) last--;
    let text = String(last);
    for (let at = this.floor; at < last; at++) if (this.isDone[at] === 0) text += `,${at}`;
    return text;
  }
}

function isNew(seen: Set<string>, done: DoneSet, operation: number, state: string): boolean {
  done.add(operation);
  const key = `${done.show()}|${state}`;
  done.delete(operation);
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function listOf<Input, Output>(history: readonly Operation<Input, Output>[]): Mark {
  const marks: { readonly at: number; readonly isReturn: boolean; readonly mark: Mark }[] = [];
  for (const [operation, { call, return: returned }] of history.entries()) {
    const end: Mark = { operation, match: null, before: null, after: null };
    marks.push({ at: returned, isReturn: true, mark: end });
    marks.push({ at: call, isReturn: false, mark: { operation, match: end, before: null, after: null } });
  }
  // Of what happens at one time calls come first: overlapping is what the benefit of the doubt means.
  marks.sort((a, b) => (a.at === b.at ? Number(a.isReturn) - Number(b.isReturn) : a.at < b.at ? -1 : 1));
  const head: Mark = { operation: -1, match: null, before: null, after: null };
  let last = head;
  for (const { mark } of marks) {
    last.after = mark;
    mark.before = last;
    last = mark;
  }
  return head;
}

/** Takes a call and its return out of the list. */
function lift(call: Mark): void {
  for (const mark of [call, call.match!]) {
    mark.before!.after = mark.after;
    if (mark.after !== null) mark.after.before = mark.before;
  }
}

function putBack(call: Mark): void {
  for (const mark of [call.match!, call]) {
    mark.before!.after = mark;
    if (mark.after !== null) mark.after.before = mark;
  }
}

/** What can be asked of one register. Values are used once; '' is what is there before the first write. */
export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: string }
  | { readonly kind: 'swap'; readonly expected: string; readonly value: string };

export interface RegisterOutput {
  /** What a read saw. */
  readonly value: string;
  /** Whether a swap was made. */
  readonly swapped: boolean;
}

export const registerModel: SequentialModel<string, RegisterInput, RegisterOutput> = {
  initial: '',
  step(state, input, output) {
    switch (input.kind) {
      case 'read':
        return output === null || output.value === state ? state : null;
      case 'write':
        return input.value;
      default:
        if (output !== null && output.swapped !== (state === input.expected)) return null;
        return state === input.expected ? input.value : state;
    }
  },
  show: (state) => state,
};
