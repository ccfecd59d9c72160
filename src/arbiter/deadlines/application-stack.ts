// What a killed worker was doing, from what faulthandler wrote: the application's frames, without Tunicorn's own around them. Pure.

/** `text` as faulthandler writes it, `ownDir` the folder of Tunicorn's Python modules. Empty when there is no stack in it. */
export function applicationStack(text: string, ownDir: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !/^(?:Fatal Python error|Extension modules:)/.test(line));
  const own = `  File "${ownDir}/`;
  const kept = lines.filter(
    (line) => !line.startsWith(own) && !line.startsWith('  File "<string>"') && !isThreadStart(line),
  );
  // The arbiter's numbers mean nothing to a reader, and a heading without frames says nothing.
  const told = kept
    .map((line) => line.replace(/^Ticket \d+ \(/, 'A request ('))
    .filter((line, at, all) => !line.startsWith('A request (') || all[at + 1]?.startsWith('  File "') === true);
  // A worker between two requests has no frames but our own: then those are what there is to tell.
  const hasFrames = kept.some((line) => line.startsWith('  File "'));
  return (hasFrames ? told : lines).join('\n');
}

/** The part of `text` that is about the worker's end: what a fatal signal has had it write, else what was written after `told` characters. */
export function lastStacks(text: string, told: number): string {
  const fatal = text.slice(Math.max(0, text.lastIndexOf('Fatal Python error')));
  return fatal !== text && fatal.includes('  File "') ? fatal : text.slice(told);
}

/** Whether `stack` has frames, and every one of them is in `logged`, whose form may be traceback's. */
export function hasSameFrames(stack: string, logged: string): boolean {
  const known = new Set(framesOf(logged));
  const frames = framesOf(stack);
  return frames.length > 0 && frames.every((frame) => known.has(frame));
}

function framesOf(text: string): string[] {
  return [...text.matchAll(/^ {2}File "(.*)", line (\d+),? in /gm)].map(([, file, line]) => `${file}:${line}`);
}

/** What every thread of Python begins with. */
function isThreadStart(line: string): boolean {
  return /^ {2}File ".*\/threading\.py", line \d+ in (?:_bootstrap|_bootstrap_inner|run)$/.test(line);
}
