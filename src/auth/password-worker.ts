/**
 * Passwords on a thread of their own: the adapter of `Passwords` that production uses.
 *
 * The thread starts with the first password and ends when there was none for a while; a member without auth never has it.
 * One thread is enough: whoever sends many passwords shall wait for each other, not for everybody else.
 */

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { Failure } from '../util/failure.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import { isTooLong, maxWaitingPasswords, newSalt, type Passwords, unmatchableHash } from './passwords.ts';

/** The thread ends after this long without work. */
const idleMs = 10_000;

/** What runs on the thread. A text, so that it is the same whether this file runs as TypeScript or as JavaScript. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { compareSync, hashSync } = require(workerData.library);
parentPort.on('message', ({ id, password, hash, salt }) => {
  let result;
  try {
    result = hash === null ? hashSync(password, salt) : compareSync(password, hash);
  } catch {
    result = null;
  }
  parentPort.postMessage({ id, result });
});
`;

interface Answer {
  readonly id: number;
  /** Null when the library gave up. */
  readonly result: string | boolean | null;
}

type Done = (error: Error | null, result: string | boolean) => void;

export class WorkerPasswords implements Passwords {
  readonly #runtime: Runtime;
  readonly #cost: number;
  readonly #waiting = new Map<number, Done>();
  #worker: Worker | null = null;
  #idle: Timer | null = null;
  #lastId = 0;
  #isClosed = false;

  /** @param cost of new hashes; see `bcryptCost`. */
  constructor(runtime: Runtime, cost: number) {
    this.#runtime = runtime;
    this.#cost = cost;
  }

  /** True while the thread is there. */
  get isRunning(): boolean {
    return this.#worker !== null;
  }

  hash(password: string, done: (error: Error | null, hash: string) => void): void {
    const whenDone: Done = (error, result) => done(error, error === null ? String(result) : '');
    if (isTooLong(password)) this.#refuse(new Failure('passwordTooLong'), whenDone);
    else this.#ask({ password, hash: null, salt: newSalt(this.#cost, this.#runtime.random) }, whenDone);
  }

  compare(
    password: string,
    hash: string | null,
    done: (error: Error | null, matches: boolean) => void,
  ): void {
    const asked = { password, hash: hash ?? unmatchableHash(this.#cost), salt: '' };
    this.#ask(asked, (error, result) => done(error, error === null && result === true));
  }

  /** What waits is answered 'stopped'. */
  close(): void {
    this.#isClosed = true;
    this.#end(new Failure('stopped'));
  }

  #refuse(failure: Failure, done: Done): void {
    this.#runtime.scheduler.defer(() => done(failure, false));
  }

  #ask(asked: { password: string; hash: string | null; salt: string }, done: Done): void {
    const isFull = this.#waiting.size >= maxWaitingPasswords;
    if (this.#isClosed || isFull) {
      this.#refuse(new Failure(this.#isClosed ? 'stopped' : 'tooManyRequests'), done);
      return;
    }
    this.#idle?.cancel();
    this.#idle = null;
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    this.#waiting.set(id, done);
    this.#worker.postMessage({ id, ...asked });
  }

  #start(): Worker {
    const library = createRequire(import.meta.url).resolve('bcryptjs');
    const worker = new Worker(program, { eval: true, workerData: { library }, execArgv: [], stdin: false });
    worker.on('message', (answer: Answer) => this.#onAnswer(answer));
    worker.on('error', (error) => {
      if (worker === this.#worker)
        this.#end(new Error('the thread that hashes passwords failed', { cause: error }));
    });
    return worker;
  }

  #onAnswer({ id, result }: Answer): void {
    const done = this.#waiting.get(id);
    if (done === undefined) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      this.#idle = this.#runtime.clock.setTimer(idleMs, () => this.#end(new Failure('stopped')));
    }
    if (result === null) done(new Error('a password could not be hashed'), false);
    else done(null, result);
  }

  #end(error: Error): void {
    this.#idle?.cancel();
    this.#idle = null;
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const done of waiting) done(error, false);
  }
}
