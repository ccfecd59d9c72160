// A program that embeds Tunicorn and has made way for the command, as python/tunicorn/embedding/serve.py describes it in the
// environment. Called by the command at its start. Pure.

import { z } from 'zod';
import { PROGRAM_VARIABLE } from '../../messages/environment-variables.ts';
import type { FoundInterpreter, PythonVersion } from './interpreter.ts';

export interface EmbeddingProgram {
  /** Interpreter and arguments that run it again. */
  readonly command: readonly string[];
  /** The directory that it was started in, which need not be the one that it is in now. */
  readonly cwd: string;
  readonly python: PythonVersion;
  /** Whether flags and GUNICORN_CMD_ARGS count, as they do for gunicorn.app.base.Application. */
  readonly readsCommandLine: boolean;
}

const shape = z.object({
  command: z.array(z.string()).min(1),
  cwd: z.string(),
  python: z.tuple([z.number(), z.number(), z.number()]),
  readsCommandLine: z.boolean(),
});

/** Null when the command was started as itself; a string says what is wrong with the description. */
export function embeddingProgram(environment: NodeJS.ProcessEnv): EmbeddingProgram | null | string {
  const text = environment[PROGRAM_VARIABLE];
  if (text === undefined) return null;
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return `${PROGRAM_VARIABLE} in the environment is not what a program that embeds Tunicorn writes there: ${text.slice(0, 200)}`;
  }
}

export function interpreterOf({ command, python }: EmbeddingProgram): FoundInterpreter {
  return { ok: true, interpreter: { path: command[0] ?? '', version: python, source: 'the program' }, notes: [] };
}

/** For the forkserver: what the program starts in its turn must not take itself for this one. */
export function withoutProgram(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [PROGRAM_VARIABLE]: _, ...rest } = environment;
  return rest;
}
