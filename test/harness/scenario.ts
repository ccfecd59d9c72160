// `scenario()` is a test with real processes: it has its own directory, starts servers, and leaves nothing behind. If it fails, the
// servers' logs are kept in test/logs, and the error names the folder.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { HttpConnection, type Target } from './clients/http-connection.ts';
import { within } from './deadline.ts';
import {
  appFolder,
  command,
  logsDir,
  otherServer,
  pythonDir,
  root,
  supportDir,
  venvDir,
  venvPython,
} from './project.ts';
import { Rendezvous } from './rendezvous.ts';
import { Server } from './server.ts';

export interface LaunchOptions {
  /** `MODULE[:CALLABLE]`, from a folder of test/apps unless `files` or `chdir` is set. */
  readonly app?: string;
  readonly args?: readonly string[];
  /** Written to the scenario's directory first; the application is then loaded from there. */
  readonly files?: Readonly<Record<string, string>>;
  /** The value of `--chdir`; null omits the flag. */
  readonly chdir?: string | null;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `none`: the test passes `--bind` itself, or none, and sets the address for requests. */
  readonly listen?: 'tcp' | 'unix' | 'none';
  readonly target?: Target;
  /** A prefix of the command, such as a program that prepares a descriptor and then executes the rest. */
  readonly launcher?: readonly string[];
}

export interface ProgramOptions {
  /** The arguments of the interpreter. */
  readonly args: readonly string[];
  readonly python?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly target?: Target;
  readonly launcher?: readonly string[];
}

export class Scene {
  readonly dir: string;
  readonly #cleanups: (() => void | Promise<void>)[] = [];

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'scenario-'));
    this.defer(() => rmSync(this.dir, { recursive: true, force: true }));
  }

  /** Clean-up at the end, whatever happens; the last first. */
  defer(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  write(name: string, text: string): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  async rendezvous(): Promise<Rendezvous> {
    const rendezvous = await Rendezvous.open();
    this.defer(() => rendezvous.close());
    return rendezvous;
  }

  async connect(server: Server): Promise<HttpConnection> {
    const connection = await HttpConnection.open(server.target);
    this.defer(() => connection.close());
    return connection;
  }

  /** Starts the command without waiting. */
  async launch(options: LaunchOptions): Promise<Server> {
    for (const [name, text] of Object.entries(options.files ?? {})) this.write(name, text);
    const { target, flags } = await this.#address(options);
    const chdir =
      options.chdir === undefined ? (options.files === undefined ? appFolder(options.app ?? '') : null) : options.chdir;
    const args = [
      ...flags,
      ...(chdir === null ? [] : ['--chdir', chdir]),
      ...(options.args ?? []),
      ...(options.app === undefined ? [] : [options.app]),
    ];
    const server = new Server({
      command: [...(options.launcher ?? []), ...command, ...args],
      cwd: options.cwd ?? this.dir,
      env: { ...standardEnv, ...options.env },
      target,
    });
    this.defer(() => server.destroy());
    return server;
  }

  /** Runs a program in the scenario's directory with Python; `python/` is on its path. */
  async program(options: ProgramOptions): Promise<Server> {
    for (const [name, text] of Object.entries(options.files ?? {})) this.write(name, text);
    const server = new Server({
      command: [...(options.launcher ?? []), options.python ?? venvPython, ...options.args],
      cwd: options.cwd ?? this.dir,
      env: { ...standardEnv, PYTHONPATH: pythonDir, ...options.env },
      target: options.target ?? { path: '/nowhere' },
    });
    this.defer(() => server.destroy());
    return server;
  }

  /** Starts the command and waits until it serves. */
  async tunicorn(options: LaunchOptions): Promise<Server> {
    const server = await this.launch(options);
    await server.ready();
    return server;
  }

  /** Starts an application that waits for the test at a rendezvous. */
  async meeting(
    args: readonly string[] = [],
    app: string = 'sleeper',
  ): Promise<{ readonly rendezvous: Rendezvous; readonly server: Server }> {
    const rendezvous = await this.rendezvous();
    return { rendezvous, server: await this.tunicorn({ app, args, env: { RENDEZVOUS: rendezvous.address } }) };
  }

  /** Runs the command for its output and exit status. */
  async run(options: LaunchOptions): Promise<{ code: number | null; text: string; stdout: string }> {
    const server = await this.launch({ listen: 'none', ...options });
    const { code, text } = await server.ended();
    return { code, text, stdout: server.stdout.text() };
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }

  async #address(options: LaunchOptions): Promise<{ target: Target; flags: readonly string[] }> {
    if (options.listen === 'none') return { target: options.target ?? { path: '/nowhere' }, flags: [] };
    if (options.listen === 'unix') {
      const path = this.path('app.sock');
      return { target: { path }, flags: ['--bind', `unix:${path}`] };
    }
    const port = await freePort();
    return { target: { host: '127.0.0.1', port }, flags: ['--bind', `127.0.0.1:${port}`] };
  }
}

/**
 * The environment of every server: the tests' interpreter, and no bytecode files, because Python considers a module unchanged that was
 * rewritten within the same second with the same length.
 */
const standardEnv: Readonly<Record<string, string | undefined>> = {
  VIRTUAL_ENV: venvDir,
  PYTHONPATH: supportDir,
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONUNBUFFERED: '1',
  WEB_CONCURRENCY: undefined,
  PORT: undefined,
  GUNICORN_CMD_ARGS: undefined,
  SCRIPT_NAME: undefined,
  NO_COLOR: '1',
};

export interface ScenarioOptions {
  readonly skip?: string | false;
  readonly limitMs?: number;
}

/** For behaviour that Gunicorn does not have. */
export const onlyTunicorn: ScenarioOptions & { readonly skip: string | false } = {
  skip: otherServer && 'only for Tunicorn',
};

export function scenario(title: string, body: (scene: Scene) => Promise<void>, options: ScenarioOptions = {}): void {
  const { skip = false, limitMs = 120_000 } = options;
  test(title, { skip, timeout: limitMs + 30_000 }, async () => {
    const scene = new Scene();
    try {
      await within(`"${title}" to finish`, body(scene), limitMs);
    } catch (error) {
      const path = keepLogs(title);
      if (path !== undefined && error instanceof Error) error.message += `\nThe servers' logs are in ${path}`;
      throw error;
    } finally {
      await scene.end();
    }
  });
}

/** One server for all scenarios of a file that only send it requests; the first of them starts it. */
export function sharedServer(options: LaunchOptions): () => Promise<Server> {
  let scene: Scene | undefined;
  let server: Promise<Server> | undefined;
  after(async () => await scene?.end());
  return async () => {
    scene ??= new Scene();
    server ??= scene.tunicorn(options);
    return await server;
  };
}

/** A free TCP port below the kernel's range for clients, so that no client takes it meanwhile. */
export async function freePort(host: string = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, host, () => resolve(true));
    });
    if (free) {
      await new Promise((resolve) => probe.close(resolve));
      return port;
    }
  }
  throw new Error('no free port between 10000 and 30000');
}

function keepLogs(title: string): string | undefined {
  const servers = Server.running();
  if (servers.length === 0) return undefined;
  mkdirSync(logsDir, { recursive: true });
  const path = join(logsDir, `${title.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 100)}.log`);
  writeFileSync(path, servers.map((server) => `# server ${server.pid}\n${server.log.text()}\n`).join('\n'));
  return path.startsWith(root) ? path.slice(root.length + 1) : path;
}
