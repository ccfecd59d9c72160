// The servers under test and their disturbances. Each kind of process that one server repeatedly loses survives in another, because only
// old processes show leaks. Small buffers force bodies to be spooled.

import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../test/harness/clients/http-connection.ts';
import { root } from '../../test/harness/project.ts';
import { freePort, type Scene } from '../../test/harness/scenario.ts';
import type { Server } from '../../test/harness/server.ts';

export type DisturbanceKind =
  | 'reload'
  | 'worker killed'
  | 'gateway killed'
  | 'forkserver killed'
  | 'log rotated'
  | 'resized';

export interface ServerUnderSoak {
  readonly name: string;
  readonly workerClass: string;
  readonly dialect: 'wsgi' | 'asgi';
  readonly listen: 'tcp' | 'unix';
  readonly workers: number;
  /** Concurrent requests per worker. */
  readonly atOnce: number;
  readonly args: readonly string[];
  readonly bears: readonly DisturbanceKind[];
  /** Requests that never end, one after the other: each makes its worker be replaced. */
  readonly hangs: boolean;
}

const recycled = ['--max-requests', '300', '--max-requests-jitter', '100'];

export const serversUnderSoak: readonly ServerUnderSoak[] = [
  {
    name: 'sync',
    workerClass: 'sync',
    dialect: 'wsgi',
    listen: 'tcp',
    workers: 6,
    atOnce: 1,
    args: recycled,
    bears: ['reload', 'worker killed', 'log rotated', 'resized'],
    hangs: true,
  },
  {
    name: 'gthread',
    workerClass: 'gthread',
    dialect: 'wsgi',
    listen: 'unix',
    workers: 2,
    atOnce: 16,
    args: ['--threads', '16'],
    bears: ['gateway killed', 'log rotated'],
    hangs: false,
  },
  {
    name: 'gevent',
    workerClass: 'gevent',
    dialect: 'wsgi',
    listen: 'tcp',
    workers: 2,
    atOnce: 64,
    args: ['--worker-connections', '64'],
    bears: ['worker killed', 'log rotated'],
    hangs: true,
  },
  {
    name: 'asgi',
    workerClass: 'asgi',
    dialect: 'asgi',
    listen: 'tcp',
    workers: 2,
    atOnce: 64,
    args: ['--worker-connections', '64', ...recycled],
    bears: ['reload', 'worker killed', 'forkserver killed', 'log rotated', 'resized'],
    hangs: true,
  },
  {
    name: 'asgi-calm',
    workerClass: 'asgi',
    dialect: 'asgi',
    listen: 'tcp',
    workers: 2,
    atOnce: 64,
    args: ['--worker-connections', '64'],
    bears: [],
    hangs: false,
  },
];

export interface SoakedServer {
  readonly kind: ServerUnderSoak;
  readonly server: Server;
  readonly target: Target;
  readonly accessLog: string;
  readonly pidFile: string;
  readonly runtimeDir: string;
  readonly spoolDir: string;
}

const bufferBytes = 64 * 1024;
const timeoutSeconds = 15;

/** Its files are in separate directories, in which nothing may be left. */
export async function startServer(scene: Scene, kind: ServerUnderSoak): Promise<SoakedServer> {
  const dir = scene.path(kind.name);
  const spoolDir = join(dir, 'spool');
  mkdirSync(spoolDir, { recursive: true });
  const runtimeDir = mkdtempSync('/dev/shm/tunicorn-soak-');
  const accessLog = join(dir, 'access.log');
  const pidFile = join(dir, 'pid');
  const { target, bind } = await address(dir, kind);
  const server = await scene.tunicorn({
    listen: 'none',
    target,
    chdir: join(root, 'bench', 'soak', 'apps'),
    app: `soak_${kind.dialect}:application`,
    args: [
      ...['--bind', bind, '--worker-class', kind.workerClass, '--workers', String(kind.workers), ...kind.args],
      ...['--timeout', String(timeoutSeconds)],
      ...['--request-buffer-size', String(bufferBytes), '--response-buffer-size', String(bufferBytes)],
      ...['--worker-tmp-dir', runtimeDir, '--pid', pidFile, '--access-logfile', accessLog],
      ...['--config', scene.write(`${kind.name}/conf.py`, `tmp_upload_dir = ${JSON.stringify(spoolDir)}\n`)],
    ],
  });
  await server.workers(kind.workers);
  return { kind, server, target, accessLog, pidFile, runtimeDir, spoolDir };
}

async function address(dir: string, { listen }: ServerUnderSoak): Promise<{ target: Target; bind: string }> {
  if (listen === 'unix') {
    const path = join(dir, 'app.sock');
    return { target: { path }, bind: `unix:${path}` };
  }
  const port = await freePort();
  return { target: { host: '127.0.0.1', port }, bind: `127.0.0.1:${port}` };
}
