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
  // A worker between two requests has no frames but our own: then those are what there is to tell.
  const hasFrames = kept.some((line) => line.startsWith('  File "'));
  return (hasFrames ? kept : lines).join('\n');
}

/** The part of `text` that is about the worker's end: what a fatal signal has had it write, else what was written after `told` characters. */
export function lastStacks(text: string, told: number): string {
  const fatal = text.slice(Math.max(0, text.lastIndexOf('Fatal Python error')));
  return fatal !== text && fatal.includes('  File "') ? fatal : text.slice(told);
}

/** What every thread of Python begins with. */
function isThreadStart(line: string): boolean {
  return /^ {2}File ".*\/threading\.py", line \d+ in (?:_bootstrap|_bootstrap_inner|run)$/.test(line);
}
