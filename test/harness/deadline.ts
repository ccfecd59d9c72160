// Bounds every wait of the integration tests: it ends with the awaited event or with an error that names it. Deadlines exist to fail
// loudly, never to measure: no test may pass because of a duration.

export const deadlineMs: number = Number(process.env.TUNICORN_TEST_DEADLINE_MS ?? 30_000);

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The promise's outcome, or a DeadlineError that names the awaited event. */
export async function within<T>(what: string, promise: Promise<T>, limitMs: number = deadlineMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`waited ${limitMs} ms in vain for ${what}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until `look` returns something, for states without notification, such as those in /proc. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs: number = deadlineMs,
): Promise<T> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > endMs) throw new DeadlineError(`looked for ${limitMs} ms in vain for ${what}`);
    await pause(20);
  }
}

/** A pause between two polls, or between two blows of a storm. No test may depend on it being long enough. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
