/** Runs the plugins in order. What they return is awaited only where it is a promise: most answer at once. */

import type { AdmissionAttributes, AdmissionPlugin, Reservation } from './types.ts';

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
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
      commit: () => {
        for (const reservation of taken) reservation.commit();
      },
      release: () => {
        for (const reservation of taken) reservation.release();
      },
    };
    if (attributes.isDryRun) return all;
    try {
      for (const plugin of this.#plugins) {
        const reservation = await plugin.reserve?.(attributes);
        if (reservation != null) taken.push(reservation);
      }
    } catch (error) {
      all.release();
      throw error;
    }
    return all;
  }
}
