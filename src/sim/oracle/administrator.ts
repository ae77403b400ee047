/**
 * Whoever runs the users of a simulated cluster: makes them, turns auth on, and then grants and revokes rights for as long
 * as clients work, so that every request may meet a change of what its caller may do.
 *
 * It looks at the replay of the log to see what was done, and asks for the next thing that is missing: an answer that is
 * lost costs nothing but another attempt.
 */

import type { AuthOperation } from '../../wire/auth-messages.ts';
import type { SimClock } from '../sim-clock.ts';
import type { SimRandom } from '../sim-random.ts';
import type { Swarm } from '../swarm.ts';
import type { AuthModel } from './auth-model.ts';

/** Asks some member for an operation as root; false when none could be asked. */
export type AskAuth = (operation: AuthOperation) => boolean;

const everything = { key: Buffer.from('k/'), rangeEnd: Buffer.from('k0') };

export function userName(at: number): string {
  return `u${at}`;
}

/** How many users there are besides root. */
export const userCount = 3;

export class Administrator {
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private readonly swarm: Swarm;
  private readonly model: AuthModel;
  private readonly ask: AskAuth;
  private running = false;
  readonly counts = { authAsked: 0 };

  constructor(clock: SimClock, random: SimRandom, swarm: Swarm, model: AuthModel, ask: AskAuth) {
    this.clock = clock;
    this.random = random;
    this.swarm = swarm;
    this.model = model;
    this.ask = ask;
  }

  start(): void {
    if (!this.swarm.auth) return;
    this.running = true;
    this.later();
  }

  /** What is to be seen now is that the cluster serves: who has no rights is to have some again soon. */
  hurry(): void {
    if (this.running && this.swarm.stretch > 1) this.later(1);
  }

  stop(): void {
    this.running = false;
  }

  private later(stretch = this.swarm.stretch): void {
    const mean = (this.model.enabled ? 1500 * stretch : 50) * this.swarm.pace;
    this.clock.schedule(this.random.exponential(mean), null, () => {
      if (!this.running) return;
      if (this.ask(this.missing() ?? this.draw())) this.counts.authAsked++;
      this.later(stretch);
    });
  }

  /** The next step on the way to users with rights and auth turned on; null when there. */
  private missing(): AuthOperation | null {
    const { model } = this;
    if (!model.hasUser('root'))
      return { kind: 'userAdd', name: 'root', hashedPassword: '', noPassword: true };
    if (!model.holds('root', 'root')) return { kind: 'userGrantRole', name: 'root', role: 'root' };
    for (let at = 0; at < userCount; at++) {
      const name = userName(at);
      if (!model.hasUser(name)) return { kind: 'userAdd', name, hashedPassword: '', noPassword: true };
      if (!model.hasRole(name)) return { kind: 'roleAdd', role: name };
      if (!model.enabled && !model.holds(name, name)) return { kind: 'userGrantRole', name, role: name };
      if (!model.enabled && model.rightsOfRole(name).length === 0) {
        return { kind: 'roleGrantPermission', role: name, permission: { type: 2, ...everything } };
      }
    }
    return model.enabled ? null : { kind: 'enable' };
  }

  private draw(): AuthOperation {
    const name = userName(this.random.below(userCount));
    const one = { key: Buffer.from(`k/${this.random.below(this.swarm.keys)}`), rangeEnd: Buffer.alloc(0) };
    const range = this.random.chance(0.6) ? everything : one;
    const dice = this.random.unit();
    if (dice < 0.02) return { kind: 'disable' };
    if (dice < 0.12) return { kind: 'userRevokeRole', name, role: name };
    if (dice < 0.3 || !this.model.holds(name, name)) return { kind: 'userGrantRole', name, role: name };
    if (dice < 0.5) return { kind: 'roleRevokePermission', role: name, ...range };
    const type = this.random.pick([0, 1, 2, 2, 2]);
    return { kind: 'roleGrantPermission', role: name, permission: { type, ...range } };
  }
}
