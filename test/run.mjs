// `npm test`: prepares .venv and Debian packages, compiles, then runs the Python and the TypeScript tests.
// Usage: npm test [-- [--setup-only] [FILTER ...]]; npm run compatibility adds --compatibility. A filter is part of a test
// file's name; one that fits no file is a pattern for test titles. With CI=true, a test that cannot run on this machine is a failure.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const venvPython = join(root, '.venv', 'bin', 'python');
const inCi = process.env.CI === 'true';
// An illegal state change fails the test (src/log/illegal-move.ts).
process.env.TUNICORN_TEST_ILLEGAL_MOVES = 'throw';

function main(argv) {
  const setupOnly = argv.includes('--setup-only');
  const filters = argv.filter((argument) => argument !== '--setup-only');
  if (argv.includes('--compatibility')) return writeCompatibilityPage() ? 0 : 1;
  if (!prepareVenv('.venv', 'test/requirements.txt')) return 1;
  if (setupOnly) return 0;
  if (!prepareDebianPackages() && inCi) return 1;
  rmSync(join(root, 'build', 'test'), { recursive: true, force: true });
  if (!step('compile', npx('tsc', '-p', 'tsconfig.json'))) return 1;
  if (!step('compile the tests', npx('tsc', '-p', 'test/tsconfig.json'))) return 1;
  const selection = select(filters);
  if (selection.integration.some((file) => basename(file).startsWith('compatibility'))) {
    if (!prepareFrameworks()) return 1;
  }
  const results = [];
  if (selection.python)
    results.push(step('Python tests', [venvPython, '-m', 'unittest', 'discover', '-s', 'test/python']));
  if (selection.unit.length > 0) results.push(step('unit tests', nodeTest(selection.unit, selection.pattern, [])));
  // These run whole servers; more of them at once would measure the machine, not the product.
  const concurrency = ['--test-concurrency=2'];
  for (const kind of ['conformance', 'integration']) {
    const files = selection[kind];
    if (files.length > 0) results.push(step(`${kind} tests`, nodeTest(files, selection.pattern, concurrency)));
  }
  if (results.length === 0) {
    shout(`No test fits ${filters.join(' ')}`);
    return 1;
  }
  return results.every(Boolean) ? 0 : 1;
}

/** Which tests the filters ask for: everything without a filter. */
function select(filters) {
  const unit = testFiles('unit');
  const conformance = testFiles('conformance');
  const integration = testFiles('integration');
  const all = [...unit, ...conformance, ...integration];
  const named = (file, filter) => basename(file).includes(filter);
  const fits = (file) => filters.some((filter) => named(file, filter));
  const chosen = { unit, conformance, integration, pattern: undefined };
  if (filters.length === 0) return { ...chosen, python: hasPythonTests() };
  if (filters.every((filter) => all.some((file) => named(file, filter)))) {
    const fitting = { unit: unit.filter(fits), conformance: conformance.filter(fits) };
    return { ...chosen, ...fitting, integration: integration.filter(fits), python: false };
  }
  return { ...chosen, python: false, pattern: filters.join(' ') };
}

function testFiles(kind) {
  const directory = join(root, 'build', 'test', kind);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => join(directory, name));
}

function hasPythonTests() {
  const directory = join(root, 'test', 'python');
  return existsSync(directory) && readdirSync(directory).some((name) => name.startsWith('test_'));
}

function nodeTest(files, pattern, flags) {
  const byTitle = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  return [process.execPath, '--enable-source-maps', '--test', '--test-reporter=spec', ...flags, ...byTitle, ...files];
}

/** A virtual environment with the packages of a requirements file, built again when that file or the Python changes. */
function prepareVenv(name, requirements, interpreter = 'python3') {
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
  const install = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  if (!step(`install ${requirements}`, install)) return false;
  writeFileSync(stamp, wanted);
  return true;
}

/** What the framework grid needs; in a virtual environment of its own, so that the other tests stay light. */
function prepareFrameworks() {
  return prepareVenv('.venv-frameworks', 'test/frameworks/requirements.txt', newestPython());
}

/** On PATH or of pyenv: current frameworks want a current Python. */
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

function writeCompatibilityPage() {
  if (!prepareFrameworks() || !step('compile', npx('tsc', '-p', 'tsconfig.json'))) return false;
  if (!step('compile the tests', npx('tsc', '-p', 'test/tsconfig.json'))) return false;
  return step('framework grid', [process.execPath, join(root, 'build', 'test', 'frameworks', 'write-page.js')]);
}

/** Proxies that stand before Tunicorn in some tests, and what starts it in others. Installed where that is allowed; else their absence is said aloud. */
function prepareDebianPackages() {
  const programs = [
    { name: 'nginx', from: 'nginx-light' },
    { name: 'haproxy', from: 'haproxy' },
    { name: 'supervisord', from: 'supervisor' },
    { name: 'systemd-socket-activate', from: 'systemd' },
  ];
  const missing = () => programs.filter(({ name }) => !has(name));
  if (missing().length > 0 && process.getuid?.() === 0 && has('apt-get')) {
    const quiet = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    step('apt-get update', ['apt-get', 'update', '-qq'], quiet);
    for (const { name, from } of missing()) {
      step(`install ${name}`, ['apt-get', 'install', '-qq', '-y', '--no-install-recommends', from], quiet);
    }
  }
  for (const { name } of missing())
    shout(`${name} is missing and cannot be installed here: the tests behind it CANNOT RUN`);
  return missing().length === 0;
}

function has(program) {
  return (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .some((directory) => existsSync(join(directory, program)));
}

function npx(...command) {
  return [join(root, 'node_modules', '.bin', command[0]), ...command.slice(1)];
}

function step(what, command, env = process.env) {
  process.stdout.write(`\n== ${what}\n`);
  const { status, signal, error } = spawnSync(command[0], command.slice(1), { cwd: root, env, stdio: 'inherit' });
  if (status === 0) return true;
  shout(`${what} FAILED (${error?.message ?? signal ?? `exit code ${status}`})`);
  return false;
}

function shout(text) {
  const line = '!'.repeat(Math.min(text.length + 8, 120));
  process.stderr.write(`\n${line}\n!!! ${text}\n${line}\n`);
}

process.exitCode = main(process.argv.slice(2));
