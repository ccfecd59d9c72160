// A shell in a clean root, line by line, with what it prints: what a person sees who types these lines.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { LineLog } from '../line-log.ts';
import { markName, processesMarked } from '../machine/process-table.ts';
import type { Scene } from '../scenario.ts';
import type { CleanRoot, EnterOptions } from './clean-root.ts';

export interface Typed {
  readonly line: string;
  /** Standard output and error, in their order. */
  readonly output: readonly string[];
  readonly status: number;
}

/** pip unpacks 200 MB, and other tests may keep the machine busy. */
const LINE_LIMIT_MS = 240_000;

let terminals = 0;

export class Terminal {
  readonly log: LineLog = new LineLog();
  readonly #shell: ChildProcess;
  readonly #mark: string;

  constructor(scene: Scene, root: CleanRoot, options: EnterOptions = {}) {
    terminals += 1;
    this.#mark = `terminal-${process.pid}-${terminals}`;
    const [program = '', ...args] = [...root.enter(options), '/bin/sh', '-c', 'exec 2>&1; exec /bin/sh'];
    this.#shell = spawn(program, args, {
      env: { ...process.env, [markName]: this.#mark },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#shell.stdout?.setEncoding('utf8').on('data', (text: string) => this.log.append(text));
    this.#shell.once('close', () => this.log.end());
    const exited = once(this.#shell, 'exit');
    scene.defer(async () => {
      this.#shell.kill('SIGKILL');
      for (const { pid } of processesMarked(this.#mark)) process.kill(pid, 'SIGKILL');
      await exited;
    });
  }

  /** Types a line and waits until its command has ended. */
  async type(line: string): Promise<Typed> {
    return await this.start(line).end();
  }

  /** Types a line whose command goes on. */
  start(line: string): { readonly since: number; end(): Promise<Typed> } {
    const since = this.log.mark();
    // The mark has a line of its own, even behind output without an end of line.
    this.#shell.stdin?.write(`${line}\nprintf '\\n@%s@\\n' $?\n`);
    return {
      since,
      end: async () => {
        const found = await this.log.waitFor(/^@(\d+)@$/, since, LINE_LIMIT_MS);
        const lines = this.log.lines.slice(since);
        // A terminal shows no carriage returns.
        const output = lines.slice(0, lines.indexOf(found[0])).map((text) => text.replace(/\r$/, ''));
        if (output.at(-1) === '') output.pop();
        return { line, output, status: Number(found[1]) };
      },
    };
  }

  /** The arbiter of the server that runs in this terminal. */
  arbiter(): number {
    const found = processesMarked(this.#mark).filter(({ kind }) => kind === 'node');
    const ids = found.map(({ pid }) => pid);
    const [first] = found.filter(({ parent }) => !ids.includes(parent));
    if (first === undefined) throw new Error('no server runs in this terminal');
    return first.pid;
  }
}
