// `npm test`: prepares .venv and Debian packages, compiles, then runs the Python and the TypeScript tests.
//
//   npm test                       everything
//   npm test -- FILTER ...         the files whose name contains FILTER, or that are in a folder of that name; if there are none, the
//                                  tests whose title matches
//   npm run test:quick             types, lint, and the unit tests of both languages: under a minute on two cores
//   npm run compatibility          the framework grid, and its page
//   npm run docs:first-steps       docs/first-steps.md, from terminals in a clean root
//   npm run compatibility:versions the grid of versions of Node.js and Python, and its section of that page
//   node test/run.mjs --setup-only prepares .venv and nothing else
//
// With CI=true, a test that cannot run on this machine is a failure. TEST_CONCURRENCY is the number of files with real servers that run
// in parallel. TEST_APT (yes or no) says whether missing Debian packages may be installed; at a terminal, the run asks.

import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { prepareInstallation } from './run/clean-root.mjs';
import { prepareClusterTools } from './run/cluster-tools.mjs';
import { prepareDebianPackages } from './run/debian-packages.mjs';
import { versionOf } from './run/runtimes/pythons.mjs';
import { prepareRuntimes } from './run/runtimes.mjs';
import { select, testFiles } from './run/selection.mjs';
import { besides, npx, root, shout, step, stepWithErrors, venvPython } from './run/steps.mjs';
import { countedByNode, countedByUnittest, estimate, total } from './run/totals.mjs';
import { prepareFrameworks, prepareOwnVenv } from './run/venvs.mjs';

const inCi = process.env.CI === 'true';
// An illegal state change fails the test (src/log/illegal-move.ts).
process.env.TUNICORN_TEST_ILLEGAL_MOVES = 'throw';

// These tests mostly wait for processes. With more in parallel they would measure the machine, not the product.
const concurrency = process.env.TEST_CONCURRENCY ?? '3';
/** A test file that hangs is killed, and fails with "test timed out". */
const FILE_LIMIT_MS = 15 * 60_000;

async function main(argv) {
  const [options, filters] = [argv.filter(isOption), argv.filter((argument) => !isOption(argument))];
  if (options.includes('--compatibility')) return writeCompatibilityPage() ? 0 : 1;
  if (options.includes('--first-steps')) return writeFirstStepsPage() ? 0 : 1;
  if (options.includes('--compatibility-versions')) return writeVersions() ? 0 : 1;
  const startedAtMs = Date.now();
  const isWhole = options.length === 0 && filters.length === 0;
  if (isWhole) estimate();
  if (!prepareOwnVenv()) return 1;
  if (options.includes('--setup-only')) return 0;
  if (options.includes('--quick')) return (await runQuick()) ? 0 : 1;
  if (!(await prepareDebianPackages()) && inCi) return 1;
  if (!compile()) return 1;
  const selection = select(filters);
  if (selection.integration.some((file) => basename(file).startsWith('compatibility'))) {
    if (!prepareFrameworks()) return 1;
  }
  if (selection.integration.some((file) => basename(file) === 'chart.test.js')) {
    if (!prepareClusterTools() && inCi) return 1;
  }
  if (selection.integration.some((file) => basename(dirname(file)) === 'install')) {
    if (!prepareInstallation() && inCi) return 1;
  }
  const results = await run(selection);
  // With a title that no test has, every test is there and skipped.
  if (results.every(({ tests, skipped }) => tests === skipped)) {
    shout(`No test fits ${filters.join(' ')}`);
    return 1;
  }
  total(results, (Date.now() - startedAtMs) / 1000, isWhole);
  return results.every(({ succeeded }) => succeeded) ? 0 : 1;
}

function isOption(argument) {
  return argument.startsWith('--');
}

/** One runner after another; the result of each. */
async function run(selection) {
  const results = [];
  if (selection.python) {
    const { succeeded, errors } = await stepWithErrors('Python tests', pythonTests);
    results.push(countedByUnittest('Python tests', succeeded, errors));
  }
  for (const kind of ['unit', 'conformance', 'integration']) {
    const files = selection[kind];
    if (files.length === 0) continue;
    const [what, counts] = [`${kind} tests`, join(root, 'build', 'test', `${kind}-counts.json`)];
    const succeeded = step(what, nodeTest(files, selection.pattern, kind === 'unit' ? '2' : concurrency, counts));
    results.push(countedByNode(what, succeeded, counts));
  }
  return results;
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

/** The command line of node:test. `countsFile` gets the numbers of tests. */
function nodeTest(files, pattern, concurrentFiles, countsFile) {
  const byTitle = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  const limits = [`--test-concurrency=${concurrentFiles}`, `--test-timeout=${FILE_LIMIT_MS}`];
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  if (countsFile !== undefined) {
    const reporter = join(root, 'test', 'run', 'count-reporter.mjs');
    reporters.push(`--test-reporter=${reporter}`, `--test-reporter-destination=${countsFile}`);
  }
  return [process.execPath, '--enable-source-maps', '--test', ...reporters, ...limits, ...byTitle, ...files];
}

function writeCompatibilityPage() {
  if (!prepareFrameworks() || !step('compile', npx('tsc', '-p', 'tsconfig.json'))) return false;
  if (!step('compile the tests', npx('tsc', '-p', 'test/tsconfig.json'))) return false;
  return step('framework grid', [process.execPath, join(root, 'build', 'test', 'frameworks', 'write-page.js')]);
}

function writeFirstStepsPage() {
  if (!prepareOwnVenv() || !compile() || !prepareInstallation()) return false;
  return step('first steps', [process.execPath, join(root, 'build', 'test', 'first-steps', 'write-page.js')]);
}

function writeVersions() {
  if (!prepareOwnVenv()) return false;
  const list = prepareRuntimes();
  if (!compile()) return false;
  const program = join(root, 'build', 'test', 'versions', 'write-section.js');
  // The command itself, which finds the Node.js of each cell on PATH.
  const env = {
    ...process.env,
    TUNICORN_TEST_COMMAND: join(root, 'bin', 'tunicorn'),
    TUNICORN_TEST_DEADLINE_MS: '90000',
  };
  return step('grid of versions', [process.execPath, program, list, versionOf(venvPython)], env);
}

process.exitCode = await main(process.argv.slice(2));
