// The files to which workers write their stacks. A C handler of faulthandler writes them, even if the interpreter is stuck.

import fs from 'node:fs';
import { PYTHON_DIR } from '../../python-dir.ts';
import { stacksPath } from '../../runqueue/runtime-files.ts';

export class WorkerStacks {
  readonly #runtimeDir: string;
  /** By worker slot: how much of the file has been read. */
  readonly #readTo: Map<number, number> = new Map();
  /** By worker slot: the stacks that are in the log. */
  readonly #logged: Map<number, string> = new Map();

  constructor(runtimeDir: string) {
    this.#runtimeDir = runtimeDir;
  }

  /** Everything that the worker has written since `from`, without Tunicorn's own frames; may be empty. Counts as read. */
  read(slot: number, from: number): string {
    return this.#logs(slot, applicationStack(this.#read(slot).slice(from), PYTHON_DIR));
  }

  /** The stack of one request from those written since `from`, which all count as read. */
  ofRequest(slot: number, from: number, ticket: number, thread: number): string {
    return this.#logs(slot, applicationStack(requestStack(this.#read(slot).slice(from), ticket, thread), PYTHON_DIR));
  }

  /** The last stack of a worker that has ended; null if the log has the same stack already. */
  lastWords(slot: number): string | null {
    const stack = applicationStack(lastStacks(this.#text(slot), this.#readTo.get(slot) ?? 0), PYTHON_DIR);
    return hasSameFrames(stack, this.#logged.get(slot) ?? '') ? null : stack;
  }

  /** The current length of the file, for a later `from`. */
  size(slot: number): number {
    return this.#text(slot).length;
  }

  remove(slot: number): void {
    fs.rmSync(this.#path(slot), { force: true });
    this.#readTo.delete(slot);
    this.#logged.delete(slot);
  }

  #logs(slot: number, stack: string): string {
    this.#logged.set(slot, `${this.#logged.get(slot) ?? ''}\n${stack}`);
    return stack;
  }

  #read(slot: number): string {
    const text = this.#text(slot);
    this.#readTo.set(slot, text.length);
    return text;
  }

  #text(slot: number): string {
    try {
      return fs.readFileSync(this.#path(slot), 'latin1');
    } catch {
      return ''; // The worker died before it created the file.
    }
  }

  #path(slot: number): string {
    return stacksPath(this.#runtimeDir, slot);
  }
}

/**
 * The application's frames, without Tunicorn's own around them. `text` is faulthandler's output, `ownDir` the folder of Tunicorn's Python
 * modules.
 */
export function applicationStack(text: string, ownDir: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !/^(?:Fatal Python error|Extension modules:)/.test(line));
  const own = `  File "${ownDir}/`;
  const kept = lines.filter(
    (line) => !line.startsWith(own) && !line.startsWith('  File "<string>"') && !isThreadStart(line),
  );
  // Ticket numbers mean nothing to a reader, nor does a heading without frames.
  const shown = kept
    .map((line) => line.replace(/^Ticket \d+ \(/, 'A request ('))
    .filter((line, at, all) => !line.startsWith('A request (') || all[at + 1]?.startsWith('  File "') === true);
  // A worker between two requests has only our own frames: then those are shown.
  const hasFrames = kept.some((line) => line.startsWith('  File "'));
  return (hasFrames ? shown : lines).join('\n');
}

/** The part of `text` about the worker's end: what it wrote at a fatal signal, or else what it wrote after `readTo` characters. */
export function lastStacks(text: string, readTo: number): string {
  const fatal = text.slice(Math.max(0, text.lastIndexOf('Fatal Python error')));
  return fatal !== text && fatal.includes('  File "') ? fatal : text.slice(readTo);
}

/** Whether `stack` has frames and all of them are in `logged`, which may have the format of the traceback module. */
export function hasSameFrames(stack: string, logged: string): boolean {
  const known = new Set(framesOf(logged));
  const frames = framesOf(stack);
  return frames.length > 0 && frames.every((frame) => known.has(frame));
}

function framesOf(text: string): string[] {
  return [...text.matchAll(/^ {2}File "(.*)", line (\d+),? in /gm)].map(([, file, line]) => `${file}:${line}`);
}

/** The outermost frames of every Python thread. */
function isThreadStart(line: string): boolean {
  return /^ {2}File ".*\/threading\.py", line \d+ in (?:_bootstrap|_bootstrap_inner|run)$/.test(line);
}

// faulthandler writes a block for each thread, with the heading `Thread 0x… (most recent call first):`. A worker with an event loop adds a
// block for each request, with the heading `Ticket N (most recent call last):`. A blank line ends a block.

/** The part of `text` about one request; may be empty. `thread` is 0 if the worker runs all requests in one thread. */
export function requestStack(text: string, ticket: number, thread: number): string {
  const blocks = text.split(/\n\s*\n/);
  const ofTicket = blocks.findLast((block) => block.trimStart().startsWith(`Ticket ${ticket} `));
  // A request that blocks the event loop has no stack of its own, only that of the thread.
  if (ofTicket?.includes('  File "')) return ofTicket.trim().replace(/^Ticket \d+ /, 'The request ');
  if (thread === 0)
    return blocks
      .filter((block) => !/^\s*Ticket \d+ /.test(block))
      .join('\n')
      .trim();
  const head = new RegExp(`^(?:Current thread|Thread) 0x0*${thread.toString(16)}\\b`, 'm');
  return (blocks.findLast((block) => head.test(block)) ?? '').trim();
}
