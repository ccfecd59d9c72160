// Runs the command in a copy of a folder of test/configs. After the test's own checks the server must stop on SIGTERM with status 0, and
// leave no process, socket or pid file, and no warning in the log.

import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSocket } from '../clients/http-connection.ts';
import { type RequestOptions, request } from '../clients/http-request.ts';
import { eventually } from '../deadline.ts';
import { root } from '../project.ts';
import { type LaunchOptions, type Scene, scenario } from '../scenario.ts';
import type { Server } from '../server.ts';

export const configsDir: string = join(root, 'test', 'configs');

interface FolderLaunch extends LaunchOptions {
  /** Python's arguments, for a folder with a program instead of a configuration. */
  readonly program?: readonly string[];
}

export interface FolderTest {
  /** The application; `shop` by default, null if the file names it. */
  readonly application?: string | null;
  readonly launch?: FolderLaunch | ((scene: Scene) => Promise<FolderLaunch>);
  /** `connection`: the log does not show when it serves. */
  readonly readyBy?: 'log' | 'connection';
  /** Warnings and errors that the test expects. */
  readonly trouble?: RegExp;
  readonly observe: (server: Server, scene: Scene) => Promise<void>;
  /** Checks after the end of the server. */
  readonly afterwards?: (server: Server, scene: Scene) => void;
}

export function configFolder(folder: string, effect: string, about: FolderTest): void {
  scenario(`${folder}: ${effect}`, async (scene) => {
    const server = await launched(scene, folder, about);
    if (about.readyBy === 'connection') await connected(server);
    else await server.ready();
    await about.observe(server, scene);
    const { code } = await server.stop();
    await server.nothingLeft();
    const text = server.log.text();
    assert.equal(code, 0, `exit status of ${folder}:\n${text}`);
    const lines = text.split('\n').filter((line) => troubled.test(line) && about.trouble?.test(line) !== true);
    assert.deepEqual(lines, [], `what ${folder} has logged:\n${text}`);
    assert.deepEqual(leftovers(scene.dir), []);
    about.afterwards?.(server, scene);
  });
}

async function launched(scene: Scene, folder: string, about: FolderTest): Promise<Server> {
  cpSync(join(configsDir, folder), scene.dir, { recursive: true });
  cpSync(join(configsDir, 'shop.py'), scene.path('shop.py'));
  const { program, ...options } = typeof about.launch === 'function' ? await about.launch(scene) : (about.launch ?? {});
  if (program !== undefined) {
    const { env, target } = options;
    return await scene.program({ args: program, ...(env && { env }), ...(target && { target }) });
  }
  const application = about.application === undefined ? 'shop' : about.application;
  return await scene.launch({ chdir: null, ...(application !== null && { app: application }), ...options });
}

async function connected(server: Server): Promise<void> {
  const tried = async (): Promise<boolean> => {
    try {
      (await openSocket(server.target)).destroy();
      return true;
    } catch {
      return false;
    }
  };
  await eventually('the server to listen', tried);
}

const troubled = /\[(?:WARNING|ERROR|CRITICAL)\]|Traceback|^\s*(?:\w+\.)*\w*(?:Error|Exception|Warning)\b/;

/** Paths of sockets and pid files. */
function leftovers(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSocket() || /(?:^|\.)pid$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The facts that a worker of shop.py reports. */
export interface Seen {
  readonly pid: number;
  readonly ppid: number;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly environ: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly directory: string;
}

export async function look(server: Server, path: string = '/', options: RequestOptions = {}): Promise<Seen> {
  const { status, body } = await request(server.target, path, options);
  assert.equal(status, 200, `${path}: ${body.toString()}`);
  return JSON.parse(body.toString());
}

/** Sends requests until this many different workers have answered. */
export async function lookAtEach(server: Server, count: number): Promise<readonly Seen[]> {
  const byPid = new Map<number, Seen>();
  await eventually(`answers of ${count} workers`, async () => {
    const answers = await Promise.all(Array.from({ length: count }, async () => await look(server)));
    for (const seen of answers) byPid.set(seen.pid, seen);
    return byPid.size >= count;
  });
  return [...byPid.values()];
}
