/**
 * Installs missing requirements of the benchmarks: a private virtual environment with the peers at pinned versions, and wrk.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './owned-processes.mjs';
import { BENCH, CHARTS, TUNICORN, VENV, VENV_PYTHON } from './places.mjs';

/** A problem for the user to solve. */
export class SetUpError extends Error {}

/**
 * @param {string} what
 * @param {string} file
 * @param {readonly string[]} args
 */
export async function runOrThrow(what, file, args) {
  const { code, output } = await run(file, args).catch((error) => ({ code: null, output: String(error) }));
  if (code === 0) return;
  throw new SetUpError(
    `${what} failed (${[file, ...args].join(' ')}):\n${output.trimEnd().split('\n').slice(-15).join('\n')}`,
  );
}

export async function setUpPeers() {
  const requirements = join(BENCH, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  // Written last, so that an incomplete installation is repeated.
  const stamp = join(VENV, 'installed-requirements.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('Setting up bench/.venv: the peers; uWSGI is compiled (about a minute) ...');
  rmSync(VENV, { recursive: true, force: true });
  await runOrThrow('Creating bench/.venv', process.env.BENCH_PYTHON ?? 'python3', ['-m', 'venv', VENV]);
  await runOrThrow('Installing bench/requirements.txt', VENV_PYTHON, [
    ...['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '--requirement', requirements],
  ]);
  writeFileSync(stamp, wanted);
}

/**
 * @param {string} program
 * @returns {Promise<boolean>}
 */
export async function isInstalled(program) {
  // Its exit status does not matter: not all of these programs succeed without a task.
  return (await run(program, ['-h']).catch(() => undefined)) !== undefined;
}

/**
 * @param {string} program of the same name as its package
 * @returns {Promise<boolean>} whether it is installed now
 */
async function install(program) {
  if (await isInstalled(program)) return true;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.error(`Installing ${program} with apt-get ...`);
  await runOrThrow(`Installing ${program}`, 'apt-get', ['install', '-y', program]);
  return await isInstalled(program);
}

/** Its clients are an optional part of the slow-clients scenario. */
export async function setUpSlowhttptest() {
  await install('slowhttptest').catch((error) => console.error(error.message));
}

export async function setUpWrk() {
  if (await install('wrk')) return;
  throw new SetUpError(
    'wrk is not on PATH; install it (Debian and Ubuntu: apt-get install wrk; Fedora: dnf install wrk)',
  );
}

/**
 * The charting library, in bench/charts/node_modules. Without it there are results, but no pictures.
 * @returns {Promise<boolean>} whether it is installed now
 */
export async function setUpCharts() {
  const lock = join(CHARTS, 'package-lock.json');
  const installed = join(CHARTS, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return true;
  console.error('Installing the charting library in bench/charts ...');
  const arguments_ = ['--prefix', CHARTS, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    await runOrThrow('Installing the charting library', 'npm', arguments_);
    return true;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nThere will be no pictures.`);
    return false;
  }
}

export async function checkTunicorn() {
  const { code, output } = await run(process.execPath, [TUNICORN, '--version']);
  if (code === 0) return;
  const advice = 'build it first (npm run build), or leave it out (--only NAME,...)';
  throw new SetUpError(
    `bin/tunicorn does not run; ${advice}. It said:\n${output.trimEnd().split('\n').slice(0, 8).join('\n')}`,
  );
}
