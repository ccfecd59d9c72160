// A server that a test has started with the real command, its log, and its processes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { ILLEGAL_MOVES_VARIABLE } from '../../src/log/illegal-move.ts';
import { openSocket, type Target } from './clients/http-connection.ts';
import { eventually, pause, within } from './deadline.ts';
import { LineLog } from './line-log.ts';
import { bootingWorker, serving } from './log-lines.ts';
import { commandOf, markName, type ProcessEntry, peakResidentBytes, processesMarked } from './machine/process-table.ts';
import { otherServer } from './project.ts';

export interface ServerOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where requests go. */
  readonly target: Target;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The server's living processes, by their roles. */
export interface Family {
  readonly arbiter: number | undefined;
  readonly gateways: readonly number[];
  readonly forkservers: readonly number[];
  readonly workers: readonly number[];
  /** Python processes whose forkserver has died. */
  readonly orphans: readonly number[];
  readonly all: readonly number[];
}

/** Time to read what is left in the pipes of a server that has ended. */
const LAST_READS_MS = 2000;

let marks = 0;
const running = new Set<Server>();

export class Server {
  readonly pid: number;
  readonly target: Target;
  readonly cwd: string;
  /** The command's stderr and stdout, in the order of arrival. */
  readonly log: LineLog = new LineLog();
  readonly stdout: LineLog = new LineLog();
  readonly exit: Promise<Exit>;
  readonly #mark: string;
  readonly #child: ChildProcess;

  constructor(options: ServerOptions) {
    marks += 1;
    this.#mark = `${process.pid}-${marks}`;
    this.target = options.target;
    this.cwd = options.cwd;
    const [program = '', ...args] = options.command;
    this.#child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, [ILLEGAL_MOVES_VARIABLE]: 'throw', ...options.env, [markName]: this.#mark },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (this.#child.pid === undefined) throw new Error(`cannot start ${program}`);
    this.pid = this.#child.pid;
    running.add(this);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.log.append(text);
      this.stdout.append(text);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.log.append(text));
    this.exit = once(this.#child, 'exit').then(([code, signal]) => ({ code, signal }) as Exit);
    this.#child.once('close', () => {
      this.log.end();
      this.stdout.end();
    });
  }

  /** Waits until the first generation serves and the listener accepts connections. */
  async ready(): Promise<void> {
    await this.waitForLog(serving);
    const socket = await openSocket(this.target);
    socket.destroy();
  }

  async waitForLog(pattern: RegExp, since: number = 0): Promise<RegExpExecArray> {
    return await this.log.waitFor(pattern, since);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** The arbiter's exit, with all its output. */
  async ended(): Promise<Exit & { readonly text: string }> {
    const exit = await within(`the server to exit; its log so far:\n${this.log.text()}`, this.exit);
    if (!this.#child.stderr?.readableEnded) {
      // A process that a test has started beside the server may keep its standard error open.
      const withoutEnd = this.nothingLeft().then(() => pause(LAST_READS_MS));
      await within('the end of the log', Promise.race([once(this.#child, 'close'), withoutEnd]));
    }
    return { ...exit, text: this.log.text() };
  }

  /** Sends the signal and waits for the exit. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(name);
    return await this.ended();
  }

  /** The processes of the arbiter that was started, or of another one, such as one in the background. */
  family(arbiter: number = this.pid): Family {
    const entries = processesMarked(this.#mark);
    const childrenOf = (parents: readonly number[], kind: string): number[] =>
      entries.filter((entry) => parents.includes(entry.parent) && entry.kind === kind).map((entry) => entry.pid);
    const forkservers = otherServer ? [] : childrenOf([arbiter], 'python');
    const workers = childrenOf(otherServer ? [arbiter] : forkservers, 'python');
    const known = [...forkservers, ...workers];
    return {
      arbiter: entries.find((entry) => entry.pid === arbiter)?.pid,
      gateways: childrenOf([arbiter], 'node').filter((pid) => /gateway/.test(commandOf(pid))),
      forkservers,
      workers,
      orphans: entries.filter(({ pid, kind }) => kind === 'python' && !known.includes(pid)).map(({ pid }) => pid),
      all: entries.map((entry) => entry.pid),
    };
  }

  workerPids(): readonly number[] {
    return this.family().workers;
  }

  /** Waits until there are exactly this many workers and each has logged that it boots, so that the number is intended. */
  async workers(count: number): Promise<readonly number[]> {
    return await eventually(`${count} workers; there are ${this.workerPids().length}`, () => {
      const pids = this.workerPids();
      const announced = this.log.lines.flatMap((line) => bootingWorker.exec(line)?.[1] ?? []).map(Number);
      return pids.length === count && pids.every((pid) => announced.includes(pid)) && pids;
    });
  }

  /** Waits until none of the server's processes is alive, whatever their parent is by then. */
  async nothingLeft(): Promise<true> {
    return await eventually(`the server's processes to end`, () => processesMarked(this.#mark).length === 0);
  }

  /** The peak memory of each living process, by process id. */
  peakMemory(): ReadonlyMap<number, number> {
    return new Map(this.family().all.map((pid) => [pid, peakResidentBytes(pid) ?? 0]));
  }

  /** Kills every process of this server, first the arbiter, so that it replaces none. */
  async destroy(): Promise<void> {
    this.killAll();
    for (let left = processesMarked(this.#mark); left.length > 0; left = processesMarked(this.#mark)) {
      kill(left);
      await pause(10);
    }
    running.delete(this);
    await this.exit;
  }

  killAll(): void {
    kill([{ pid: this.pid }]);
    kill(processesMarked(this.#mark));
  }

  static running(): readonly Server[] {
    return [...running];
  }
}

function kill(entries: readonly Pick<ProcessEntry, 'pid'>[]): void {
  for (const { pid } of entries) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has already ended.
    }
  }
}

process.on('exit', () => {
  for (const server of running) server.killAll();
});
