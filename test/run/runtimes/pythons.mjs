// CPython in several versions: of pyenv or on PATH; what neither has comes from a Debian release.

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { unpackPackages } from './debian.mjs';
import { architecture, filled, patchelf, run, wanted } from './fetch.mjs';

/** The interpreter of this minor version, such as `3.12`. */
export function python(minor) {
  const path = ofPyenv(minor) ?? onPath(minor) ?? ofDebian(minor);
  return { name: versionOf(path), path };
}

export function versionOf(path) {
  return run([path, '-c', 'import platform; print(platform.python_version())']).trim();
}

function ofPyenv(minor) {
  const folder = join(homedir(), '.pyenv', 'versions');
  const patches = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(`${minor}.`)) : [];
  const newest = patches.sort((one, other) => Number(one.split('.')[2]) - Number(other.split('.')[2])).at(-1);
  return newest === undefined ? undefined : join(folder, newest, 'bin', 'python');
}

/** pyenv has a shim for each version that is installed anywhere; a shim may refuse to run. */
function onPath(minor) {
  const places = (process.env.PATH ?? '').split(':').map((folder) => join(folder, `python${minor}`));
  const found = places.find((path) => existsSync(path) && !path.includes('/shims/'));
  return found === undefined ? undefined : realpathSync(found);
}

/** Debian's own build with the C library of its release, since this machine's may be older. */
function ofDebian(minor) {
  const release = wanted.pythonOfDebian[minor];
  if (release === undefined) throw new Error('neither on PATH nor in ~/.pyenv/versions');
  const folder = filled(`python${minor}-${release}`, (target) => {
    const own = ['', '-minimal'].map((part) => `python${minor}${part}`);
    const library = ['-minimal', '-stdlib'].map((part) => `libpython${minor}${part}`);
    const others = ['libc6', 'libexpat1', 'zlib1g', 'libssl3t64', 'libffi8', 'libbz2-1.0', 'liblzma5', 'libzstd1'];
    unpackPackages(release, [...own, ...library, ...others], target);
    const libraries = join(target, 'usr', 'lib', `${architecture}-linux-gnu`);
    const loader = readdirSync(libraries).find((name) => name.startsWith('ld-linux-'));
    const changes = ['--set-interpreter', join(libraries, loader ?? ''), '--force-rpath', '--set-rpath', libraries];
    patchelf(join(target, 'usr', 'bin', `python${minor}`), ...changes);
  });
  return join(folder, 'usr', 'bin', `python${minor}`);
}
