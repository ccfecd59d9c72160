// Paths in the project, and the command that the integration tests start.

import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = findRoot(dirname(fileURLToPath(import.meta.url)));
const appsDir: string = join(root, 'test', 'apps');
export const supportDir: string = join(appsDir, 'support');
/** The folder of each application of test/apps, by the name of the module or package; names are unique. */
const appFolders: ReadonlyMap<string, string> = new Map(
  readdirSync(appsDir, { encoding: 'utf8', recursive: true })
    .map((name) => join(appsDir, name))
    .flatMap((path) => {
      if (basename(path) === '__init__.py') return [[basename(dirname(path)), dirname(dirname(path))]];
      return path.endsWith('.py') ? [[basename(path, '.py'), dirname(path)]] : [];
    }),
);

/** The folder of the application `MODULE[:CALLABLE]`: tests name applications without their folders. */
export function appFolder(application: string): string {
  const [module = ''] = application.split(/[.:]/);
  return appFolders.get(module) ?? appsDir;
}

export function appFile(module: string): string {
  return join(appFolder(module), `${module}.py`);
}

export const logsDir: string = join(root, 'test', 'logs');
/** PYTHONPATH for a program that embeds Tunicorn. */
export const pythonDir: string = join(root, 'python');
export const venvDir: string = join(root, '.venv');
export const venvPython: string = join(venvDir, 'bin', 'python');

/** `TUNICORN_TEST_COMMAND` names another server with Gunicorn's command line, to check the tests themselves. */
export const command: readonly string[] = process.env.TUNICORN_TEST_COMMAND?.split(' ') ?? [
  process.execPath,
  join(root, 'bin', 'tunicorn'),
];
export const otherServer: boolean = !command.some((word) => basename(word) === 'tunicorn');

/** With CI=true, a test that cannot run here is a failure. */
export const inCi: boolean = process.env.CI === 'true';

/** A pyenv interpreter whose version starts with `version`, such as `3.9`, if installed. */
export function findPyenvPython(version: string, versions: readonly string[]): string | undefined {
  const found = versions.find((name) => name.startsWith(`${version}.`));
  return found === undefined ? undefined : join(pyenvVersionsDir, found, 'bin', 'python');
}

export const pyenvVersionsDir: string = join(homedir(), '.pyenv', 'versions');

function findRoot(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('no package.json above the tests');
  return findRoot(parent);
}
