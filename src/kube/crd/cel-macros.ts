/**
 * Macros of CEL that the language lacks: comprehensions over two variables (index and item of a list, key and value of a map) and
 * `sortBy` (cel-go's extensions TwoVarComprehensions and Lists).
 *
 * `all` and `exists` are decided by an item that decides, whatever became of the others: an error counts only when none does.
 */

import { type Environment, Optional } from '@marcbachmann/cel-js';

/** What the language hands to a macro; its parts are the language's own. */
interface Type {
  readonly kind: string;
  readonly keyType: Type;
  readonly valueType: Type;
}

interface Scope {
  forkWithVariable(name: string, type: Type): Scope;
  reuse(parent: Scope): Scope;
  setIterValue(value: unknown, evaluator: Evaluator): Scope;
}

interface Node {
  readonly op: string;
  readonly args: unknown;
}

interface Checker {
  check(node: Node, scope: Scope): Type;
  getType(name: string): Type;
  readonly registry: { getListType(item: Type): Type; getMapType(key: Type, value: Type): Type };
}

interface Evaluator {
  run(node: Node, scope: Scope): unknown;
}

interface Call {
  readonly args: readonly Node[];
  readonly receiver: Node;
}

type Entry = readonly [unknown, unknown];

function variableOf(node: Node): string {
  if (node.op === 'id') return node.args as string;
  throw new Error('argument must be a simple name');
}

function entriesOf(range: unknown): Entry[] {
  if (Array.isArray(range)) return range.map((item, at): Entry => [BigInt(at), item]);
  if (range instanceof Map) return [...range];
  if (typeof range === 'object' && range !== null) return Object.entries(range);
  throw new Error('no such overload');
}

/** One macro over a range: what it gives, made of its bodies for each entry. */
class TwoVariables {
  readonly #call: Call;
  readonly #bodies: readonly Node[];
  readonly #result: (checker: Checker, range: Type, bodies: readonly Type[]) => Type;
  readonly #make: (entries: readonly Entry[], run: (body: number, entry: Entry) => unknown) => unknown;
  #first: Scope | null = null;
  #second: Scope | null = null;

  constructor(
    call: Call,
    result: (checker: Checker, range: Type, bodies: readonly Type[]) => Type,
    make: (entries: readonly Entry[], run: (body: number, entry: Entry) => unknown) => unknown,
  ) {
    this.#call = call;
    this.#bodies = call.args.slice(2);
    this.#result = result;
    this.#make = make;
  }

  typeCheck(checker: Checker, _macro: unknown, scope: Scope): Type {
    const { receiver, args } = this.#call;
    const range = checker.check(receiver, scope);
    const dyn = checker.getType('dyn');
    let types: readonly [Type, Type] = [dyn, dyn];
    if (range.kind === 'list') types = [checker.getType('int'), range.valueType];
    else if (range.kind === 'map') types = [range.keyType, range.valueType];
    this.#first = scope.forkWithVariable(variableOf(args[0]!), types[0]);
    this.#second = this.#first.forkWithVariable(variableOf(args[1]!), types[1]);
    const bodies = this.#bodies.map((body) => checker.check(body, this.#second!));
    return this.#result(checker, range, bodies);
  }

  evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
    const entries = entriesOf(evaluator.run(this.#call.receiver, scope));
    return this.#make(entries, (body, [key, value]) => {
      const first = this.#first!.reuse(scope).setIterValue(key, evaluator);
      const result = evaluator.run(
        this.#bodies[body]!,
        this.#second!.reuse(first).setIterValue(value, evaluator),
      );
      if (result instanceof Promise) throw new Error('the authorizer cannot be asked here');
      return result;
    });
  }

  get macro(): object {
    return {
      async: false,
      typeCheck: this.typeCheck.bind(this),
      evaluate: this.evaluate.bind(this),
    };
  }
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error('no such overload');
}

/** @param deciding the answer of one item that decides */
function decided(deciding: boolean) {
  return (entries: readonly Entry[], run: (body: number, entry: Entry) => unknown): boolean => {
    let problem: unknown = null;
    for (const entry of entries) {
      try {
        if (isTrue(run(0, entry)) === deciding) return deciding;
      } catch (error) {
        problem ??= error;
      }
    }
    if (problem !== null) throw problem;
    return !deciding;
  };
}

const boolean = (checker: Checker): Type => checker.getType('bool');

function putNew(map: Map<unknown, unknown>, key: unknown, value: unknown): void {
  if (map.has(key)) throw new Error(`insert failed: key ${JSON.stringify(String(key))} already exists`);
  map.set(key, value);
}

function keyTypeOf(checker: Checker, range: Type): Type {
  if (range.kind === 'list') return checker.getType('int');
  return range.kind === 'map' ? range.keyType : checker.getType('dyn');
}

/** Transformations have a filter before their last argument, or none. */
function registerTransforms(register: (signature: string, make: (call: Call) => object) => void): void {
  for (const [parameters, hasFilter] of [
    ['ast, ast, ast', false],
    ['ast, ast, ast, ast', true],
  ] as const) {
    const [kept, value] = hasFilter ? [0, 1] : [-1, 0];
    type Run = (body: number, entry: Entry) => unknown;
    const chosen = (entries: readonly Entry[], run: Run): readonly Entry[] =>
      kept < 0 ? entries : entries.filter((entry) => isTrue(run(kept, entry)));
    register(`list.transformList(${parameters}): list<dyn>`, (call) => {
      const list = (checker: Checker, _range: Type, bodies: readonly Type[]): Type =>
        checker.registry.getListType(bodies[value]!);
      return new TwoVariables(call, list, (entries, run) =>
        chosen(entries, run).map((entry) => run(value, entry)),
      ).macro;
    });
    register(`list.transformMap(${parameters}): map<dyn, dyn>`, (call) => {
      const map = (checker: Checker, range: Type, bodies: readonly Type[]): Type =>
        checker.registry.getMapType(keyTypeOf(checker, range), bodies[value]!);
      return new TwoVariables(call, map, (entries, run) => {
        const made = new Map<unknown, unknown>();
        for (const entry of chosen(entries, run)) made.set(entry[0], run(value, entry));
        return made;
      }).macro;
    });
    register(`list.transformMapEntry(${parameters}): map<dyn, dyn>`, (call) => {
      const map = (_checker: Checker, _range: Type, bodies: readonly Type[]): Type => bodies[value]!;
      return new TwoVariables(call, map, (entries, run) => {
        const made = new Map<unknown, unknown>();
        for (const entry of chosen(entries, run)) {
          for (const [key, one] of entriesOf(run(value, entry))) putNew(made, key, one);
        }
        return made;
      }).macro;
    });
  }
}

/** `0`, `''`, `[]`, …: values that are as good as none. */
function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  if (value === 0 || value === 0n) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}

/** What optional values are changed with; @param isFlat the change gives an optional value itself */
function optionalMacro({ args, receiver }: Call, isFlat: boolean): object {
  let inner: Scope | null = null;
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, scope: Scope): Type {
      checker.check(receiver, scope);
      inner = scope.forkWithVariable(variableOf(args[0]!), checker.getType('dyn'));
      const type = checker.check(args[1]!, inner);
      return isFlat ? type : checker.getType('optional<dyn>');
    },
    evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
      const value = evaluator.run(receiver, scope);
      if (!(value instanceof Optional)) throw new Error('no such overload');
      if (!value.hasValue()) return Optional.none();
      const next = inner!.reuse(scope).setIterValue(value.value(), evaluator);
      const made = evaluator.run(args[1]!, next);
      return isFlat ? made : Optional.of(made);
    },
  };
}

function registerOptionals(
  language: Environment,
  register: (signature: string, make: (call: Call) => object) => void,
): void {
  register('list.optMap(ast, ast): dyn', (call) => optionalMacro(call, false));
  register('list.optFlatMap(ast, ast): dyn', (call) => optionalMacro(call, true));
  language.registerFunction(
    'OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>',
    (_names: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
  );
}

/** @param compare the order of values */
export function registerMacros(
  language: Environment,
  compare: (left: unknown, right: unknown) => number,
): void {
  const register = (signature: string, make: (call: Call) => object): void => {
    language.registerFunction(signature, make as never);
  };
  register('list.all(ast, ast, ast): bool', (call) => new TwoVariables(call, boolean, decided(false)).macro);
  register(
    'list.exists(ast, ast, ast): bool',
    (call) => new TwoVariables(call, boolean, decided(true)).macro,
  );
  for (const name of ['exists_one', 'existsOne']) {
    register(`list.${name}(ast, ast, ast): bool`, (call) => {
      return new TwoVariables(call, boolean, (entries, run) => {
        return entries.filter((entry) => isTrue(run(0, entry))).length === 1;
      }).macro;
    });
  }
  registerTransforms(register);
  registerOptionals(language, register);
  register('list.sortBy(ast, ast): list<dyn>', ({ args, receiver }) => {
    let inner: Scope | null = null;
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, scope: Scope): Type {
        const range = checker.check(receiver, scope);
        const item = range.kind === 'list' ? range.valueType : checker.getType('dyn');
        inner = scope.forkWithVariable(variableOf(args[0]!), item);
        checker.check(args[1]!, inner);
        return range;
      },
      evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope): unknown {
        const list = entriesOf(evaluator.run(receiver, scope)).map(([, item]) => item);
        return list
          .map((item) => ({
            item,
            key: evaluator.run(args[1]!, inner!.reuse(scope).setIterValue(item, evaluator)),
          }))
          .sort((a, b) => compare(a.key, b.key))
          .map(({ item }) => item);
      },
    };
  });
}
