/**
 * What an installation takes: pip into an empty virtual environment, and the first start after it, without Node.js on PATH. pip installs
 * from files that were downloaded before, so that the network is not measured.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { granianWsgi, uvicorn } from '../contenders/asgi-servers.mjs';
import { gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornSync } from '../contenders/tunicorn.mjs';
import { median } from '../load/statistics.mjs';
import { killSession, start } from '../owned-processes.mjs';
import { APPS, ROOT } from '../places.mjs';
import { choosePlan } from '../plan.mjs';
import { freePort } from '../server.mjs';

export const contenders = [tunicornSync, gunicornSync, uvicorn, granianWsgi];

const PLANS = {
  full: { rounds: 5, seconds: 0 },
  brief: { rounds: 3, seconds: 0 },
  quick: { rounds: 1, seconds: 0 },
};

const LIMIT_MS = 60_000;

/** @type {Readonly<Record<string, { requirement: string, command: (port: number) => string[] }>>} */
const INSTALLED = {
  [tunicornSync.name]: {
    requirement: 'tunicorn',
    command: (port) => ['tunicorn', '--bind', `127.0.0.1:${port}`, 'hello'],
  },
  [gunicornSync.name]: {
    requirement: 'gunicorn',
    command: (port) => ['gunicorn', '--bind', `127.0.0.1:${port}`, 'hello'],
  },
  [uvicorn.name]: {
    requirement: 'uvicorn[standard]',
    command: (port) => ['uvicorn', '--port', `${port}`, 'hello_asgi:application'],
  },
  [granianWsgi.name]: {
    requirement: 'granian',
    command: (port) => ['granian', '--port', `${port}`, '--interface', 'wsgi', 'hello:application'],
  },
};

/**
 * @typedef {object} Installation
 * @property {number} wallSeconds of pip install
 * @property {number} processorSeconds of pip install
 * @property {number} diskBytes
 * @property {number} files
 * @property {number} firstMs from the first start to the first answer
 * @property {number} secondMs the same for the next start
 */

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, options) {
  const { rounds } = choosePlan(options, PLANS);
  const folder = mkdtempSync(join(tmpdir(), 'bench-install-'));
  try {
    execFileSync('python3', [join(ROOT, 'packaging', 'build_wheel.py'), '--into', join(folder, 'own')]);
    const cells = chosen.map(({ name, title }) => ({
      name,
      title,
      ...described(name),
      turns: /** @type {Installation[]} */ ([]),
    }));
    const empty = join(folder, 'empty');
    execFileSync('python3', ['-m', 'venv', empty]);
    const sizes = cells.map(({ name, requirement }) => download(empty, folder, name, requirement));
    const before = contentOf(empty);
    for (let round = 0; round < rounds; round++) {
      for (const cell of cells) cell.turns.push(await install(folder, cell, before));
    }
    return report(cells, sizes, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} name */
function described(name) {
  const found = INSTALLED[name];
  if (found === undefined) throw new Error(`nothing is known about the installation of ${name}`);
  return found;
}

/**
 * @param {string} venv
 * @param {string} folder
 * @param {string} name
 * @param {string} requirement
 * @returns {number} bytes
 */
function download(venv, folder, name, requirement) {
  const target = join(folder, name);
  const options = ['--quiet', '--disable-pip-version-check', '--find-links', join(folder, 'own'), '--dest', target];
  execFileSync(join(venv, 'bin', 'pip'), ['download', ...options, requirement]);
  return contentOf(target).bytes;
}

/**
 * @param {string} folder
 * @param {{ name: string, requirement: string, command: (port: number) => string[] }} cell
 * @param {{ bytes: number, files: number }} before
 * @returns {Promise<Installation>}
 */
async function install(folder, { name, requirement, command }, before) {
  const venv = join(folder, 'venv');
  execFileSync('python3', ['-m', 'venv', venv]);
  const options = ['--quiet', '--disable-pip-version-check', '--no-index', '--find-links', join(folder, name)];
  const script = `TIMEFORMAT='%R %U %S'; time "$0" install ${options.join(' ')} '${requirement}'`;
  const { stderr } = spawnSync('bash', ['-c', script, join(venv, 'bin', 'pip')], { encoding: 'utf8' });
  const times = /^([\d.]+) ([\d.]+) ([\d.]+)\s*$/m.exec(stderr);
  if (times === null) throw new Error(`pip install ${requirement}: ${stderr}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = times.slice(1).map(Number);
  const after = contentOf(venv);
  try {
    const firstMs = await answer(venv, command);
    const secondMs = await answer(venv, command);
    return {
      wallSeconds: wall,
      processorSeconds: user + system,
      diskBytes: after.bytes - before.bytes,
      files: after.files - before.files,
      firstMs,
      secondMs,
    };
  } finally {
    rmSync(venv, { recursive: true });
  }
}

/**
 * @param {string} venv
 * @param {(port: number) => string[]} command
 * @returns {Promise<number>} ms from the start to the first answer
 */
async function answer(venv, command) {
  const port = await freePort();
  const [program = '', ...args] = command(port);
  const startedAt = performance.now();
  const env = { PATH: '/nowhere', HOME: venv, LANG: 'C.UTF-8' };
  const child = start(join(venv, 'bin', program), args, { cwd: APPS, env, stdio: 'ignore' });
  try {
    while (performance.now() - startedAt < LIMIT_MS) {
      const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      if (response?.ok) return performance.now() - startedAt;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${program} has not answered within ${LIMIT_MS} ms`);
  } finally {
    if (child.pid !== undefined) killSession(child.pid);
  }
}

/**
 * @param {string} folder
 * @returns {{ bytes: number, files: number }}
 */
function contentOf(folder) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = found.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: found.length };
}

/**
 * @param {readonly { title: string, requirement: string, turns: readonly Installation[] }[]} cells
 * @param {readonly number[]} downloads
 * @param {number} rounds
 * @returns {import('../report.mjs').Report}
 */
function report(cells, downloads, rounds) {
  const of = (/** @type {readonly Installation[]} */ turns, /** @type {keyof Installation} */ key) =>
    median(turns.map((turn) => turn[key]));
  const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
  return {
    scenario: 'install',
    summary:
      `pip install into an empty virtual environment, from downloaded files, and the first two starts of a hello-world application with the ` +
      `server's default number of workers, without Node.js on PATH; median of ${rounds} installations, in turns.`,
    tables: [
      {
        heading: 'pip install',
        columns: [
          'package',
          'download MB',
          'disk MB',
          'files',
          's',
          'processor s',
          'first start ms',
          'second start ms',
        ],
        rows: cells.map(({ requirement, turns }, index) => [
          requirement,
          megabytes(downloads[index] ?? Number.NaN),
          megabytes(of(turns, 'diskBytes')),
          of(turns, 'files').toFixed(0),
          of(turns, 'wallSeconds').toFixed(1),
          of(turns, 'processorSeconds').toFixed(1),
          of(turns, 'firstMs').toFixed(0),
          of(turns, 'secondMs').toFixed(0),
        ]),
      },
    ],
    findings: [],
    data: { plan: { rounds }, downloads, cells },
  };
}
