/**
 * A server under measurement: started on a free port with a contender's command, ready when it answers, and stopped with all its
 * descendants. Its log is kept only if something went wrong.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { get, request } from './load/http-connection.mjs';
import { forget, killSession, start } from './owned-processes.mjs';
import { APPS, LOGS, ROOT } from './places.mjs';
import { processorSeconds, pssKiB, readProcesses, treeOf } from './process-tree.mjs';

/** @typedef {import('./contenders/contender.mjs').Contender} Contender */

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 8_000;
let logNumber = 0;

// Servers' settings in the caller's environment must not affect a comparison, nor what makes one of the languages slower to start.
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(GUNICORN_|TUNICORN_|UWSGI_|WEB_CONCURRENCY$|VIRTUAL_ENV$|PYTHON|NODE_)/.test(name),
  ),
);

/** @returns {Promise<number>} */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free TCP port at 127.0.0.1');
  return address.port;
}

/** A server that does not serve. The reason is short, for a table, and names no path of this machine. */
class StartError extends Error {
  /**
   * @param {string} message
   * @param {string} reason
   */
  constructor(message, reason) {
    super(message);
    this.reason = reason;
  }
}

/**
 * @param {unknown} error
 * @returns {string} why a server could not be measured, in a line
 */
export function reasonOf(error) {
  if (error instanceof StartError) return error.reason;
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

export class Server {
  /** @type {import('node:child_process').ChildProcess} */ #process;
  /** @type {string} */ #log;

  /**
   * @param {Contender} contender
   * @param {number} port
   * @param {import('node:child_process').ChildProcess} process
   * @param {string} log
   */
  constructor(contender, port, process, log) {
    this.contender = contender;
    this.port = port;
    this.pid = process.pid ?? 0;
    this.#process = process;
    this.#log = log;
    /** From the start of the command to the first answer. */
    this.firstAnswerMs = Number.NaN;
  }

  /**
   * Starts the contender and waits until it answers a request.
   * @param {Contender} contender
   * @param {Omit<import('./contenders/contender.mjs').Launch, 'port'>} launch
   * @returns {Promise<Server>}
   */
  static async start(contender, launch) {
    const port = await freePort();
    const { file, args } = contender.command({ ...launch, port });
    mkdirSync(LOGS, { recursive: true });
    const log = join(LOGS, `${process.pid}-${++logNumber}-${contender.name}-${launch.app}.log`);
    const descriptor = openSync(log, 'w');
    const beganMs = performance.now();
    const child = start(file, args, {
      cwd: APPS,
      env: { ...ENVIRONMENT, ...launch.env },
      stdio: ['ignore', descriptor, descriptor],
    });
    closeSync(descriptor);
    /** @type {Error | undefined} */
    let spawnError;
    child.once('error', (error) => {
      spawnError = error;
    });
    const server = new Server(contender, port, child, log);
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      if (spawnError !== undefined) throw new Error(`${contender.title} could not be started: ${spawnError.message}`);
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        const what = Date.now() > deadline ? `did not answer within ${READY_WITHIN_MS / 1000} s` : 'ended at start-up';
        const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8);
        await server.stop({ keepLog: true });
        const message = `${contender.title} ${what}; its log, ${log}, ends with:\n${tail.join('\n')}`;
        throw new StartError(message, `${what}: ${tail.at(-1)?.replaceAll(ROOT, '.') ?? ''}`);
      }
      const answer = await request(port, get('/', { close: true }), 5_000);
      if (answer.kind === 'answer' && answer.status === 200) {
        server.firstAnswerMs = performance.now() - beganMs;
        return server;
      }
      await delay(5);
    }
  }

  /** @returns {boolean} */
  get alive() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** @returns {number} memory of the whole process tree, in KiB */
  pssKiB() {
    return pssKiB(treeOf(readProcesses(), this.pid));
  }

  /** @returns {number} of the whole process tree */
  processorSeconds() {
    return processorSeconds(treeOf(readProcesses(), this.pid));
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    if (this.alive) process.kill(this.pid, signal);
  }

  /**
   * Requests a quick stop (INT for all contenders), then kills the rest.
   * @param {{ keepLog?: boolean }} [options]
   * @returns {Promise<{ left: number, log: string | undefined }>} how many processes outlived the stop; the log, if kept
   */
  async stop({ keepLog = false } = {}) {
    if (this.alive) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.signal('SIGINT');
      await Promise.race([ended, delay(STOP_WITHIN_MS, undefined, { ref: false })]);
    }
    const left = this.pid === 0 ? 0 : killSession(this.pid);
    forget(this.pid);
    if (!keepLog) rmSync(this.#log, { force: true });
    return { left, log: keepLog ? this.#log : undefined };
  }
}

/**
 * Starts a server, passes it to `use`, and always stops it. After an error the log is kept.
 * @template T
 * @param {Contender} contender
 * @param {Omit<import('./contenders/contender.mjs').Launch, 'port'>} launch
 * @param {(server: Server) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withServer(contender, launch, use) {
  const server = await Server.start(contender, launch);
  let keepLog = true;
  try {
    const result = await use(server);
    keepLog = false;
    return result;
  } finally {
    const { log } = await server.stop({ keepLog });
    if (log !== undefined) console.error(`The log of ${contender.title} is kept: ${log}`);
  }
}
