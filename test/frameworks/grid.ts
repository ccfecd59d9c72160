// Runs the grid: each application under each worker class that fits, with the real command, and every check over that one server.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../harness/project.ts';
import type { Scene } from '../harness/scenario.ts';
import type { Column } from './columns.ts';
import { checksOf, type Framework } from './frameworks.ts';

export const frameworksVenv: string = join(root, '.venv-frameworks');
const frameworksDir = join(root, 'test', 'frameworks');

/** The result of each check: its name, and the complaint if it failed. */
export type Outcome = ReadonlyMap<string, string | undefined>;

export async function runFramework(scene: Scene, framework: Framework, column: Column): Promise<Outcome> {
  const gridDir = await preparedSite(framework);
  const server = await scene.tunicorn({
    app: framework.app,
    chdir: join(frameworksDir, framework.folder),
    args: column.flags,
    env: environment(framework, gridDir),
  });
  const outcome = new Map<string, string | undefined>();
  for (const check of checksOf(framework)) {
    try {
      await check.run(server);
      outcome.set(check.name, undefined);
    } catch (error) {
      outcome.set(check.name, error instanceof Error ? error.message : String(error));
    }
  }
  return outcome;
}

const sites = new Map<string, Promise<string>>();
const gridDirs: string[] = [];

process.on('exit', () => {
  for (const gridDir of gridDirs) rmSync(gridDir, { recursive: true, force: true });
});

/** The directory with the site's database and collected files, created once for all worker classes. */
function preparedSite(framework: Framework): Promise<string> {
  const key = `${framework.folder}:${framework.env?.DJANGO_SETTINGS_MODULE}`;
  const site = sites.get(key) ?? prepare(framework);
  sites.set(key, site);
  return site;
}

async function prepare(framework: Framework): Promise<string> {
  const gridDir = mkdtempSync(join(tmpdir(), 'grid-'));
  gridDirs.push(gridDir);
  for (const command of framework.prepare ?? []) {
    const child = spawn(join(frameworksVenv, 'bin', 'python'), command, {
      cwd: join(frameworksDir, framework.folder),
      env: { ...process.env, ...environment(framework, gridDir) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${framework.name}: "${command.join(' ')}" ended with ${code}\n${output}`);
  }
  return gridDir;
}

function environment({ path = [], env = {} }: Framework, gridDir: string): Record<string, string> {
  const folders = path.map((name) =>
    name.startsWith('$') ? gridDir + name.slice('$GRID_DIR'.length) : inFolder(name),
  );
  return {
    ...env,
    GRID_DIR: gridDir,
    PYTHONPATH: [...folders, inFolder('shared')].join(':'),
    PYTHONDONTWRITEBYTECODE: '1',
    VIRTUAL_ENV: frameworksVenv,
  };
}

function inFolder(name: string): string {
  return join(frameworksDir, name);
}
