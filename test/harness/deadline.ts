// Every wait of the integration tests ends: with what it waited for, or with an error that names it.
// The deadline is there to fail loudly, never to measure: no test may pass because of how long something took.

export const deadlineMs: number = Number(process.env.TUNICORN_TEST_DEADLINE_MS ?? 30_000);

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The promise's outcome, or a DeadlineError that names what was waited for. */
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

/** Looks again and again, for states that announce themselves to nobody (such as /proc), until `look` gives something. */
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

/** Time between two looks, or between two blows of a storm; nothing may depend on it being enough. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
