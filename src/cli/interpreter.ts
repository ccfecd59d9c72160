// Finds the Python interpreter that runs the application, and asks it for its version, once, at start-up.
// Order: --python, $VIRTUAL_ENV, ./.venv, ./venv, python3 on PATH.

import { execFile } from 'node:child_process';
import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { systemErrorReason } from '../log/system-error-reason.ts';

export type PythonVersion = readonly [major: number, minor: number, micro: number];

export interface Interpreter {
  /** Absolute, and not resolved further: a virtual environment is known by the path of its own link to Python. */
  readonly path: string;
  readonly version: PythonVersion;
  readonly source: InterpreterSource;
}

export type InterpreterSource = '--python' | '$VIRTUAL_ENV' | './.venv' | './venv' | 'PATH' | 'the program';

export type FoundInterpreter =
  | { readonly ok: true; readonly interpreter: Interpreter }
  | { readonly ok: false; readonly message: string };

export interface InterpreterSearch {
  /** The value of --python: a path, or a name to look for on PATH. */
  readonly python: string | undefined;
  readonly env: { readonly PATH?: string | undefined; readonly VIRTUAL_ENV?: string | undefined };
  readonly cwd: string;
  readonly timeLimitMs?: number;
}

export const OLDEST_PYTHON: readonly [major: number, minor: number] = [3, 9];

const TIME_LIMIT_MS = 10_000;

// For every Python there is, 2.7 too: one that is too old must still be able to say so. It imports nothing but the
// built-in `sys`, so that no file of the working directory can stand in for a module.
const QUESTION = "import sys; sys.stdout.write('%d %d %d' % sys.version_info[:3])";

interface Candidate {
  readonly path: string;
  readonly source: InterpreterSource;
}

export async function findInterpreter(search: InterpreterSearch): Promise<FoundInterpreter> {
  const candidate = chooseCandidate(search);
  if (typeof candidate === 'string') return { ok: false, message: candidate };
  const named = `the Python interpreter '${candidate.path}' (from ${candidate.source})`;
  const missing = faultOfFile(candidate.path);
  if (missing !== undefined) return { ok: false, message: `${named} ${missing}` };
  const answer = await ask(candidate.path, search.timeLimitMs ?? TIME_LIMIT_MS);
  if (!answer.ok) return { ok: false, message: `${named} ${answer.fault}` };
  const { version } = answer;
  if (isTooOld(version)) {
    const wanted = `Tunicorn needs ${OLDEST_PYTHON.join('.')} or later`;
    const message = `Python ${version.join('.')} at ${candidate.path} (from ${candidate.source}) is too old: ${wanted}`;
    return { ok: false, message };
  }
  return { ok: true, interpreter: { ...candidate, version } };
}

/** The first that there is, or what to tell the user. One that cannot be used is an error, not a reason to look on. */
function chooseCandidate({ python, env, cwd }: InterpreterSearch): Candidate | string {
  if (python !== undefined) {
    if (python.includes('/')) return { path: path.resolve(cwd, python), source: '--python' };
    const found = findOnPath(python, env, cwd);
    return found === undefined
      ? `the Python interpreter '${python}' (from --python) does not exist on PATH`
      : { path: found, source: '--python' };
  }
  const active = env.VIRTUAL_ENV;
  if (active) return { path: path.resolve(cwd, active, 'bin/python'), source: '$VIRTUAL_ENV' };
  for (const source of ['./.venv', './venv'] as const) {
    const candidate = path.resolve(cwd, source, 'bin/python');
    // A link to a Python that has been removed counts: that is a broken environment, not a missing one.
    if (isThere(candidate)) return { path: candidate, source };
  }
  const found = findOnPath('python3', env, cwd);
  if (found !== undefined) return { path: found, source: 'PATH' };
  const places = 'there is no $VIRTUAL_ENV, ./.venv, ./venv, and no python3 on PATH';
  return `no Python interpreter found: ${places}. Name one with --python`;
}

function findOnPath(name: string, env: InterpreterSearch['env'], cwd: string): string | undefined {
  return (env.PATH ?? '')
    .split(':')
    .map((directory) => path.resolve(cwd, directory, name))
    .find((file) => faultOfFile(file) === undefined);
}

function isThere(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

function faultOfFile(file: string): string | undefined {
  try {
    const found = statSync(file);
    if (found.isDirectory()) return 'is a directory';
    return (found.mode & 0o111) === 0 ? 'is not executable' : undefined;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      return `cannot be run: ${systemErrorReason(error)}`;
    }
    return isThere(file) ? 'is a link to a file that does not exist' : 'does not exist';
  }
}

type Answer = { readonly ok: true; readonly version: PythonVersion } | { readonly ok: false; readonly fault: string };

function ask(python: string, timeLimitMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { timeout: timeLimitMs, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    execFile(python, ['-E', '-s', '-S', '-c', QUESTION], options, (error, stdout, stderr) => {
      const said = /^([0-9]+) ([0-9]+) ([0-9]+)$/.exec(stdout);
      if (error === null && said !== null) {
        resolve({ ok: true, version: [Number(said[1]), Number(said[2]), Number(said[3])] });
      } else if (error?.killed) {
        resolve({ ok: false, fault: `did not answer within ${timeLimitMs / 1000} s` });
      } else if (error !== null && typeof error.code !== 'number' && !error.signal) {
        resolve({ ok: false, fault: `cannot be run: ${systemErrorReason(error)}` });
      } else {
        const end = error?.signal ? `it was killed by ${error.signal}` : `it exited with code ${error?.code ?? 0}`;
        const line = (stderr || stdout).trim().split('\n')[0];
        resolve({ ok: false, fault: `is not a usable Python: ${end}${line ? `: ${line}` : ''}` });
      }
    });
  });
}

function isTooOld([major, minor]: PythonVersion): boolean {
  const [wantedMajor, wantedMinor] = OLDEST_PYTHON;
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
