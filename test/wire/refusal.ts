import { Failure } from '../../src/util/failure.ts';

/** The reason of the Failure that `run` throws, or null when it returns; any other error goes through. */
export function refusal(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.reason;
    throw error;
  }
}
