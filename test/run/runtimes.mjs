// The versions of Node.js and CPython for the grid of `npm run compatibility:versions`: what this machine has, and what registries have, in
// the folder .runtimes. What cannot be had is listed with the reason.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { npmPackage, runtimesDir, wanted } from './runtimes/fetch.mjs';
import { muslNode, muslPython } from './runtimes/musl.mjs';
import { python } from './runtimes/pythons.mjs';
import { shout } from './steps.mjs';

/** Writes .runtimes/list.json; its path. */
export function prepareRuntimes() {
  mkdirSync(runtimesDir, { recursive: true });
  const notRun = [];
  const found = (what, find) => {
    try {
      return [find()];
    } catch (error) {
      const reason = error.message.replaceAll(runtimesDir, '.runtimes');
      shout(`${what} is not available, and NOT RUN: ${reason}`);
      notRun.push({ name: what, reason });
      return [];
    }
  };
  const nodes = wanted.nodes.flatMap((version) => found(`Node.js ${version}`, () => node(version)));
  const pythons = wanted.pythons.flatMap((minor) => found(`CPython ${minor}`, () => python(minor)));
  const musl = {
    nodes: found(`Node.js ${wanted.musl.node} on musl`, muslNode),
    pythons: found(`CPython ${wanted.pythonSource.version} on musl`, muslPython),
  };
  const list = join(runtimesDir, 'list.json');
  writeFileSync(list, JSON.stringify({ nodes, pythons, musl, notRun }, undefined, 2));
  return list;
}

function node(version) {
  return { name: version, path: join(npmPackage(`node-linux-${process.arch}`, version), 'bin', 'node') };
}
