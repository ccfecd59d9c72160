// Reads the description of the launcher, the Python program that has chosen the Node.js and become the command: `pip install` and
// `python -m tunicorn` start that way. python/tunicorn/launcher/description.py writes it. Pure.

import { LAUNCHER_VARIABLE } from '../../messages/environment-variables.ts';
import type { FoundInterpreter, PythonVersion } from './interpreter.ts';

export interface Launcher {
  /** Where the Node.js is from, and why it was chosen. */
  readonly node: string;
  /** The value of TUNICORN_NODE before the launcher put its choice there. */
  readonly givenNode: string | null;
  /** Runs the launcher again; the arguments follow. */
  readonly again: readonly string[];
  /** The interpreter of the environment in which Tunicorn is installed. */
  readonly python: string;
  readonly pythonVersion: PythonVersion;
  /** Its own flags, such as -X dev. */
  readonly pythonFlags: readonly string[];
}

/** By hand: the first steps of the command load no library. */
function isLauncher(value: unknown): value is Launcher {
  if (typeof value !== 'object' || value === null) return false;
  const { node, givenNode, again, python, pythonVersion, pythonFlags } = value as Readonly<Record<string, unknown>>;
  const areTexts = [node, python].every((text) => typeof text === 'string');
  return (
    areTexts &&
    (givenNode === null || typeof givenNode === 'string') &&
    isListOf('string', again) &&
    again.length > 0 &&
    isListOf('number', pythonVersion) &&
    pythonVersion.length === 3 &&
    isListOf('string', pythonFlags)
  );
}

function isListOf(kind: 'string' | 'number', value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((item) => typeof item === kind);
}

/** Null without a launcher; a string is an error in the description. */
export function readLauncher(text: string | undefined): Launcher | null | string {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (isLauncher(value)) return value;
  } catch {
    // Not even JSON.
  }
  return `${LAUNCHER_VARIABLE} in the environment is not what Tunicorn's launcher writes there: ${text.slice(0, 200)}`;
}

export function interpreterOfLauncher(launcher: Launcher | null): FoundInterpreter | null {
  if (launcher === null) return null;
  const { python, pythonVersion } = launcher;
  return { ok: true, interpreter: { path: python, version: pythonVersion, source: 'the installation' }, notes: [] };
}
