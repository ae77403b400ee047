/** Runs the plugins in order. What they return is awaited only where it is a promise: most answer at once. */

import type { AdmissionAttributes, AdmissionPlugin, Reservation } from './types.ts';

/** Nothing was taken. */
const nothing: Reservation = { commit: () => {}, release: () => {} };

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #reserving: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
    this.#reserving = plugins.filter((plugin) => plugin.reserve !== undefined);
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.mutate?.(attributes);
      if (pending !== undefined) await pending;
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      const pending = plugin.validate?.(attributes);
      if (pending !== undefined) await pending;
    }
  }

  /** All that was taken, as one. What was taken before a plugin refused is released. */
  async reserve(attributes: AdmissionAttributes): Promise<Reservation> {
    const taken: Reservation[] = [];
    const all: Reservation = {
      commit: async () => {
        for (const reservation of taken) await reservation.commit();
      },
      release: async () => {
        for (const reservation of taken) await reservation.release();
      },
    };
    if (attributes.isDryRun || this.#reserving.length === 0) return nothing;
    try {
      for (const plugin of this.#reserving) {
        const reservation = await plugin.reserve?.(attributes);
        if (reservation != null) taken.push(reservation);
      }
    } catch (error) {
      await all.release();
      throw error;
    }
    return taken.length === 0 ? nothing : all;
  }
}
