// Finds the Python interpreter for the application and its version, once, at start-up. Order: --python, $VIRTUAL_ENV, a virtual
// environment in the current directory, one in the directory of --chdir, python3 on PATH.

import { execFile } from 'node:child_process';
import { lstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { START_MESSAGES } from '../../log/catalog/start.ts';
import { type Entry, entry, textOf } from '../../log/message.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';

export type PythonVersion = readonly [major: number, minor: number, micro: number];

interface Interpreter {
  /** Absolute, with links unresolved: Python finds its virtual environment by the path of the environment's link. */
  readonly path: string;
  /** Null if it has not been asked: the forkserver reports it. */
  readonly version: PythonVersion | null;
  readonly source: InterpreterSource;
}

/** --python, $VIRTUAL_ENV, PATH, the program, or the folder of a virtual environment. */
type InterpreterSource = string;

export type FoundInterpreter =
  /** `notes` are about folders that were skipped. */
  | { readonly ok: true; readonly interpreter: Interpreter; readonly notes: readonly Entry[] }
  | { readonly ok: false; readonly message: string };

export interface InterpreterSearch {
  /** The value of --python: a path, a name to look for on PATH, or the folder of a virtual environment. */
  readonly python: string | undefined;
  readonly env: { readonly PATH?: string | undefined; readonly VIRTUAL_ENV?: string | undefined };
  readonly cwd: string;
  /** The value of --chdir, the application's directory. The configuration file's chdir is not known yet: reading it takes a Python. */
  readonly chdir?: string | undefined;
  readonly timeLimitMs?: number;
  /** Saves the start of a Python to ask for its version, if the file's own name says that it is recent enough. */
  readonly trustsName?: boolean;
}

const OLDEST_PYTHON: readonly [major: number, minor: number] = [3, 9];

/** Usual names of a virtual environment's folder. */
const VENV_NAMES = ['.venv', 'venv', '.env', 'env'];
/** Names with no other use; `.env` is mostly a file with variables. */
const MEANT_AS_VENV = ['.venv', 'venv'];

const TIME_LIMIT_MS = 10_000;

// Runs in every Python, even 2.7, so that one that is too old can still report its version. Imports only the built-in `sys`, so that no
// file in the working directory can shadow a module.
const QUESTION = "import sys; sys.stdout.write('%d %d %d' % sys.version_info[:3])";

interface Candidate {
  readonly path: string;
  readonly source: InterpreterSource;
}

export async function findInterpreter(search: InterpreterSearch): Promise<FoundInterpreter> {
  const { candidate, notes } = chooseCandidate(search);
  if ('fault' in candidate) return { ok: false, message: [candidate.fault, ...notes.map(textOf)].join('\n') };
  const described = `the Python interpreter '${candidate.path}' (from ${candidate.source})`;
  const missing = faultOfFile(candidate.path);
  if (missing !== undefined) return { ok: false, message: `${described} ${missing}` };
  if (search.trustsName === true && hasRecentName(candidate.path)) {
    return { ok: true, interpreter: { ...candidate, version: null }, notes };
  }
  const answer = await ask(candidate.path, search.timeLimitMs ?? TIME_LIMIT_MS);
  if (!answer.ok) return { ok: false, message: `${described} ${answer.fault}` };
  const { version } = answer;
  if (isTooOld(version)) {
    const wanted = `Tunicorn needs ${OLDEST_PYTHON.join('.')} or later`;
    const message = `Python ${version.join('.')} at ${candidate.path} (from ${candidate.source}) is too old: ${wanted}`;
    return { ok: false, message };
  }
  return { ok: true, interpreter: { ...candidate, version }, notes };
}

/** The interpreter that findInterpreter() will find, if that takes no start of a Python; otherwise null. */
export function guessInterpreter(search: InterpreterSearch): string | null {
  const { candidate } = chooseCandidate(search);
  if ('fault' in candidate || faultOfFile(candidate.path) !== undefined) return null;
  return hasRecentName(candidate.path) ? candidate.path : null;
}

/** As in `python3.12`, at the end of all links. */
function hasRecentName(file: string): boolean {
  const [, major, minor] = /^python([0-9]+)\.([0-9]+)$/.exec(path.basename(realpathSync(file))) ?? [];
  return major !== undefined && !isTooOld([Number(major), Number(minor), 0]);
}

interface Choice {
  readonly candidate: Candidate | { readonly fault: string };
  /** About folders that look like virtual environments but are not. */
  readonly notes: readonly Entry[];
}

/** The first that exists. If that is unusable, it is an error, not a reason to look further. */
function chooseCandidate(search: InterpreterSearch): Choice {
  const { python, env, cwd } = search;
  if (python !== undefined) return { candidate: named(python, env, cwd), notes: [] };
  const active = env.VIRTUAL_ENV;
  if (active)
    return { candidate: { path: path.resolve(cwd, active, 'bin/python'), source: '$VIRTUAL_ENV' }, notes: [] };
  const notes: Entry[] = [];
  for (const source of venvPlaces(search)) {
    const folder = path.resolve(cwd, source);
    const candidate = path.join(folder, 'bin/python');
    // A dangling link to Python counts: the environment is broken, not missing.
    if (isThere(candidate) || isThere(path.join(folder, 'pyvenv.cfg'))) {
      return { candidate: { path: candidate, source }, notes };
    }
    if (MEANT_AS_VENV.includes(path.basename(source)) && isFolder(folder)) {
      notes.push(entry(START_MESSAGES.notAnEnvironment, { folder: source }));
    }
  }
  const found = findOnPath('python3', env, cwd);
  if (found !== undefined) return { candidate: { path: found, source: 'PATH' }, notes };
  const places = `there is no $VIRTUAL_ENV, ${venvPlaces(search).join(', ')}, and no python3 on PATH`;
  return { candidate: { fault: `no Python interpreter found: ${places}. Name one with --python` }, notes };
}

/** The value of --python: a file, a name on PATH, or the folder of a virtual environment. */
function named(python: string, env: InterpreterSearch['env'], cwd: string): Candidate | { readonly fault: string } {
  const source = '--python';
  const isPath = python.includes('/');
  const onPath = isPath ? undefined : findOnPath(python, env, cwd);
  if (onPath !== undefined) return { path: onPath, source };
  const file = path.resolve(cwd, python);
  if (isFolder(file)) {
    const inside = path.join(file, 'bin/python');
    if (isThere(inside)) return { path: inside, source };
    return { fault: `the folder '${file}' (from --python) is not a virtual environment: it has no bin/python` };
  }
  if (isPath) return { path: file, source };
  return { fault: `the Python interpreter '${python}' (from --python) does not exist on PATH` };
}

/** As messages show them: first in the current directory, then in that of --chdir. */
function venvPlaces({ cwd, chdir }: InterpreterSearch): readonly string[] {
  const isElsewhere = chdir !== undefined && path.resolve(cwd, chdir) !== path.resolve(cwd);
  const folders = isElsewhere ? ['.', chdir] : ['.'];
  return folders.flatMap((folder) => VENV_NAMES.map((name) => `${folder.replace(/\/+$/, '')}/${name}`));
}

function findOnPath(name: string, env: InterpreterSearch['env'], cwd: string): string | undefined {
  return (env.PATH ?? '')
    .split(':')
    .map((directory) => path.resolve(cwd, directory, name))
    .find((file) => faultOfFile(file) === undefined);
}

function isFolder(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
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
