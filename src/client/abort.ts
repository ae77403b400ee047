/**
 * Who hears of the abort of a signal. Many calls may hang on one signal, and each signal is listened to once all the same: from
 * the eleventh listener on Node warns of a leak.
 */

interface Listening {
  readonly waiting: Set<() => void>;
  readonly tell: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Calls `heard` once when the signal is aborted, unless `offAbort` comes first. Not for a signal that is aborted already. */
export function onAbort(signal: AbortSignal, heard: () => void): void {
  let found = listening.get(signal);
  if (found === undefined) {
    found = listen(signal);
    listening.set(signal, found);
  }
  found.waiting.add(heard);
}

export function offAbort(signal: AbortSignal, heard: () => void): void {
  const found = listening.get(signal);
  if (found === undefined) return;
  found.waiting.delete(heard);
  if (found.waiting.size > 0) return;
  listening.delete(signal);
  signal.removeEventListener('abort', found.tell);
}

/** Who is told may take others out: a set that is walked passes over them. */
function listen(signal: AbortSignal): Listening {
  const waiting = new Set<() => void>();
  const tell = (): void => {
    listening.delete(signal);
    for (const heard of waiting) heard();
  };
  signal.addEventListener('abort', tell, { once: true });
  return { waiting, tell };
}
