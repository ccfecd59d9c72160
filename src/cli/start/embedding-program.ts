// Reads the description of a program that embeds Tunicorn and has executed the command in its place. python/tunicorn/embedding/serve.py
// writes it to the environment. Pure.

import * as z from 'zod';
import { PROGRAM_VARIABLE } from '../../messages/environment-variables.ts';
import type { FoundInterpreter, PythonVersion } from './interpreter.ts';

export interface EmbeddingProgram {
  /** The interpreter and arguments to run it again. */
  readonly command: readonly string[];
  /** The directory in which it was started; it may have changed to another since. */
  readonly cwd: string;
  readonly python: PythonVersion;
  /** Whether flags and GUNICORN_CMD_ARGS apply, as they do for gunicorn.app.base.Application. */
  readonly readsCommandLine: boolean;
}

const shape = z.object({
  command: z.array(z.string()).min(1),
  cwd: z.string(),
  python: z.tuple([z.number(), z.number(), z.number()]),
  readsCommandLine: z.boolean(),
});

/** Null if no program embeds the command; a string is an error in the description. */
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

/** For the forkserver: processes that the program starts must not take the description for theirs. */
export function withoutProgram(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [PROGRAM_VARIABLE]: _, ...rest } = environment;
  return rest;
}
