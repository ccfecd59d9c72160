// Where things are in the project, and which command the integration tests start.

import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = findRoot(dirname(fileURLToPath(import.meta.url)));
const appsDir: string = join(root, 'test', 'apps');
export const supportDir: string = join(appsDir, 'support');
/** Where each application of test/apps is, by the module's or package's name; each name is there once. */
const appFolders: ReadonlyMap<string, string> = new Map(
  readdirSync(appsDir, { encoding: 'utf8', recursive: true })
    .map((name) => join(appsDir, name))
    .flatMap((path) => {
      if (basename(path) === '__init__.py') return [[basename(dirname(path)), dirname(dirname(path))]];
      return path.endsWith('.py') ? [[basename(path, '.py'), dirname(path)]] : [];
    }),
);

/** The folder to start in for the application `MODULE[:CALLABLE]`: tests name an application and not its folder. */
export function appFolder(application: string): string {
  const [module = ''] = application.split(/[.:]/);
  return appFolders.get(module) ?? appsDir;
}

export function appFile(module: string): string {
  return join(appFolder(module), `${module}.py`);
}

export const logsDir: string = join(root, 'test', 'logs');
/** What a program that embeds Tunicorn has on PYTHONPATH. */
export const pythonDir: string = join(root, 'python');
export const venvDir: string = join(root, '.venv');
export const venvPython: string = join(venvDir, 'bin', 'python');

/** `TUNICORN_TEST_COMMAND` puts another server with Gunicorn's command line in Tunicorn's place, to try the tests themselves. */
export const command: readonly string[] = process.env.TUNICORN_TEST_COMMAND?.split(' ') ?? [
  process.execPath,
  join(root, 'bin', 'tunicorn'),
];
export const otherServer: boolean = !command.some((word) => basename(word) === 'tunicorn');

/** With CI=true, a test that cannot run here is a failure. */
export const inCi: boolean = process.env.CI === 'true';

/** A pyenv interpreter whose version starts with `version`, such as `3.9`, if this machine has one. */
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
