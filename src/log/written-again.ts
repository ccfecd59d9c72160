// What a log says when it can be written again, after a full disk or a reader that did not read. python/tunicorn/log/log.py says the same.

export function writtenAgain(name: 'access log' | 'error log', dropped: number): string {
  return `The ${name} is written again; lines dropped so far: ${dropped}`;
}
