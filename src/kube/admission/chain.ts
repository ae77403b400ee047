/**
 * Runs the plugins in order, and after them what users have configured. What plugins return is awaited only where it is a promise:
 * most answer at once.
 */

import { ownSpec } from '../storage/template-specs.ts';
import type { AdmissionFigures } from './figures.ts';
import type { AdmissionAttributes, AdmissionPlugin, DynamicAdmission, Reservation } from './types.ts';

/** Nothing was taken. */
const nothing: Reservation = { commit: () => {}, release: () => {} };

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #checking: readonly AdmissionPlugin[];
  readonly #reserving: readonly AdmissionPlugin[];
  readonly #dynamic: DynamicAdmission | null;
  /** Null: nothing is counted. */
  readonly figures: AdmissionFigures | null;

  constructor(
    plugins: readonly AdmissionPlugin[],
    dynamic: DynamicAdmission | null = null,
    figures: AdmissionFigures | null = null,
  ) {
    this.figures = figures;
    this.#plugins = plugins;
    this.#dynamic = dynamic;
    this.#checking = plugins.filter((plugin) => plugin.check !== undefined);
    this.#reserving = plugins.filter((plugin) => plugin.reserve !== undefined);
  }

  /** Users have configured who may change what is written. */
  get isMutatedByOthers(): boolean {
    return this.#dynamic?.mayMutate === true;
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    const begin = this.figures?.now() ?? 0;
    let isRejected = true;
    try {
      for (const plugin of this.#checking) {
        const pending = plugin.check?.(attributes);
        if (pending !== undefined) await pending;
      }
      for (const plugin of this.#plugins) {
        const pending = plugin.mutate?.(attributes);
        if (pending !== undefined) await pending;
      }
      if (this.isMutatedByOthers) await this.#mutateByOthers(attributes);
      isRejected = false;
    } finally {
      this.figures?.step('admit', attributes.operation, begin, isRejected);
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const begin = this.figures?.now() ?? 0;
    let isRejected = true;
    try {
      for (const plugin of this.#plugins) {
        const pending = plugin.validate?.(attributes);
        if (pending !== undefined) await pending;
      }
      if (this.#dynamic?.mayValidate === true) await this.#dynamic.validate(attributes);
      isRejected = false;
    } finally {
      this.figures?.step('validate', attributes.operation, begin, isRejected);
    }
  }

  async #mutateByOthers(attributes: AdmissionAttributes): Promise<void> {
    const dynamic = this.#dynamic;
    if (dynamic === null) return;
    if (attributes.object !== null) ownSpec(attributes.object);
    await dynamic.mutate(attributes, async () => {
      for (const plugin of this.#plugins) await plugin.mutate?.(attributes);
    });
  }

  /** Asks only checks and what users have configured, of what is not written as it is sent: bindings, evictions, connections. */
  async askDynamic(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#checking) await plugin.check?.(attributes);
    const dynamic = this.#dynamic;
    if (dynamic === null) return;
    if (dynamic.mayMutate) await dynamic.mutate(attributes, () => Promise.resolve());
    if (dynamic.mayValidate) await dynamic.validate(attributes);
  }

  /** All that was taken, as one. What was taken before a plugin refused is released. */
  async reserve(attributes: AdmissionAttributes): Promise<Reservation> {
    if (attributes.isDryRun) return nothing;
    const taken: Reservation[] = [];
    try {
      for (const plugin of this.#reserving) {
        const pending = plugin.reserve?.(attributes);
        const reservation = pending instanceof Promise ? await pending : pending;
        if (reservation != null) taken.push(reservation);
      }
    } catch (error) {
      for (const reservation of taken) await reservation.release();
      throw error;
    }
    if (taken.length === 0) return nothing;
    return {
      commit: async () => {
        for (const reservation of taken) await reservation.commit();
      },
      release: async () => {
        for (const reservation of taken) await reservation.release();
      },
    };
  }
}
