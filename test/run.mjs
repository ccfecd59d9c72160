// `npm test`: prepares .venv and Debian packages, compiles, then runs the Python and the TypeScript tests.
//
//   npm test                       everything
//   npm test -- FILTER ...         the files whose name contains FILTER, or that are in a folder of that name; if there are none, the
//                                  tests whose title matches
//   npm run test:quick             types, lint, and the unit tests of both languages: under a minute on two cores
//   npm run compatibility          the framework grid, and its page
//   node test/run.mjs --setup-only prepares .venv and nothing else
//
// With CI=true, a test that cannot run on this machine is a failure. TEST_CONCURRENCY is the number of files with real servers that run
// in parallel.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const venvPython = join(root, '.venv', 'bin', 'python');
const inCi = process.env.CI === 'true';
// An illegal state change fails the test (src/log/illegal-move.ts).
process.env.TUNICORN_TEST_ILLEGAL_MOVES = 'throw';

// These tests mostly wait for processes. With more in parallel they would measure the machine, not the product.
const concurrency = process.env.TEST_CONCURRENCY ?? '3';
/** A test file that hangs is killed, and fails with "test timed out". */
const FILE_LIMIT_MS = 15 * 60_000;
/** In case the file does not end even then, because a process outlives its test and holds the output open. */
const STEP_LIMIT_MS = 75 * 60_000;

async function main(argv) {
  const [options, filters] = [argv.filter(isOption), argv.filter((argument) => !isOption(argument))];
  if (options.includes('--compatibility')) return writeCompatibilityPage() ? 0 : 1;
  if (!prepareVenv('.venv', 'test/requirements.txt')) return 1;
  if (options.includes('--setup-only')) return 0;
  if (options.includes('--quick')) return (await runQuick()) ? 0 : 1;
  if (!prepareDebianPackages() && inCi) return 1;
  if (!compile()) return 1;
  const selection = select(filters);
  if (selection.integration.some((file) => basename(file).startsWith('compatibility'))) {
    if (!prepareFrameworks()) return 1;
  }
  const results = [];
  if (selection.python) results.push(step('Python tests', pythonTests));
  if (selection.unit.length > 0) results.push(step('unit tests', nodeTest(selection.unit, selection.pattern, '2')));
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

function isOption(argument) {
  return argument.startsWith('--');
}

/** All checks that need no server. */
async function runQuick() {
  if (!compile() || !step('lint', npx('biome', 'check', '.'))) return false;
  const results = await Promise.all([
    besides('Python tests', pythonTests),
    besides('unit tests', nodeTest(testFiles('unit'), undefined, '2')),
  ]);
  return results.every(Boolean);
}

const pythonTests = [venvPython, '-m', 'unittest', 'discover', '-s', 'test/python'];

function compile() {
  rmSync(join(root, 'build', 'test'), { recursive: true, force: true });
  return (
    step('compile', npx('tsc', '-p', 'tsconfig.json')) &&
    step('bundle', [process.execPath, 'bundle.cjs']) &&
    step('compile the tests', npx('tsc', '-p', 'test/tsconfig.json')) &&
    // The servers of the tests write no bytecode; without this, each of them would compile all of it again.
    step('compile the Python modules', [venvPython, '-m', 'compileall', '-q', 'python'])
  );
}

/** The tests that the filters select: everything without a filter. */
function select(filters) {
  const unit = testFiles('unit');
  const conformance = testFiles('conformance');
  const integration = testFiles('integration');
  const all = [...unit, ...conformance, ...integration];
  const fits = (file) => filters.some((filter) => isNamed(file, filter));
  const chosen = { unit, conformance, integration, pattern: undefined };
  if (filters.length === 0) return { ...chosen, python: true };
  if (filters.every((filter) => all.some((file) => isNamed(file, filter)))) {
    const fitting = { unit: unit.filter(fits), conformance: conformance.filter(fits) };
    return { ...chosen, ...fitting, integration: integration.filter(fits), python: false };
  }
  return { ...chosen, python: false, pattern: filters.join(' ') };
}

/** `reload`: files such as auto-reload.test.js, and all in a folder `reload`; `unit/gateway`: all in that folder. */
function isNamed(file, filter) {
  const folder = `${sep}${relative(join(root, 'build', 'test'), dirname(file))}${sep}`;
  const wanted = filter.replace(/^test\//, '').replace(/\/$/, '');
  return basename(file).includes(filter) || folder.includes(`${sep}${wanted}${sep}`);
}

function testFiles(kind) {
  const directory = join(root, 'build', 'test', kind);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => join(directory, name));
}

function nodeTest(files, pattern, concurrency) {
  const byTitle = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${FILE_LIMIT_MS}`];
  return [process.execPath, '--enable-source-maps', '--test', '--test-reporter=spec', ...limits, ...byTitle, ...files];
}

/** A virtual environment with the packages of a requirements file, rebuilt when that file or the Python changes. */
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

/** The packages of the framework grid, in their own virtual environment, so that the other tests stay light. */
function prepareFrameworks() {
  return prepareVenv('.venv-frameworks', 'test/frameworks/requirements.txt', newestPython());
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

function writeCompatibilityPage() {
  if (!prepareFrameworks() || !step('compile', npx('tsc', '-p', 'tsconfig.json'))) return false;
  if (!step('compile the tests', npx('tsc', '-p', 'test/tsconfig.json'))) return false;
  return step('framework grid', [process.execPath, join(root, 'build', 'test', 'frameworks', 'write-page.js')]);
}

/** Proxies and service managers that some tests need. Installed if allowed; otherwise their absence is reported. */
function prepareDebianPackages() {
  const programs = [
    { name: 'nginx', from: 'nginx-light' },
    { name: 'haproxy', from: 'haproxy' },
    { name: 'supervisord', from: 'supervisor' },
    { name: 'systemd-socket-activate', from: 'systemd' },
    { name: 'strace', from: 'strace' },
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
  const options = { cwd: root, env, stdio: 'inherit', timeout: STEP_LIMIT_MS };
  const { status, signal, error } = spawnSync(command[0], command.slice(1), options);
  return succeeded(what, status, error?.message ?? signal);
}

/** Like `step`, but in parallel with others: prints its output at the end, in one piece, without the passing tests. */
async function besides(what, command) {
  const child = spawn(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const [status, signal] = await once(child, 'close');
  process.stdout.write(`\n== ${what}\n`);
  process.stdout.write(output.slice(Math.max(output.indexOf('ℹ tests '), 0)));
  return succeeded(what, status, signal);
}

function succeeded(what, status, otherEnd) {
  if (status === 0) return true;
  shout(`${what} FAILED (${otherEnd ?? `exit code ${status}`})`);
  return false;
}

function shout(text) {
  const line = '!'.repeat(Math.min(text.length + 8, 120));
  process.stderr.write(`\n${line}\n!!! ${text}\n${line}\n`);
}

process.exitCode = await main(process.argv.slice(2));
