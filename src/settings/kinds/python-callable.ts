// Functions and classes of a config file. They stay in the forkserver; python/tunicorn/config/config_file.py sends these descriptions,
// which the settings check. Pure.

import * as z from 'zod';

export interface PythonCallable {
  /** Module and qualified name. */
  readonly $callable: string;
  /** The qualified name alone. */
  readonly name: string;
  /** The number of positional arguments that a call may have. `most` is null for any number. Null if Python cannot tell. */
  readonly takes: { readonly least: number; readonly most: number | null } | null;
}

/** Null means not set; a string is the import path of a function. */
export type Hook = PythonCallable | string | null;

const callable: z.ZodType<PythonCallable> = z.strictObject({
  $callable: z.string(),
  name: z.string(),
  takes: z.strictObject({ least: z.number(), most: z.number().nullable() }).nullable(),
});

export function isPythonCallable(value: unknown): value is PythonCallable {
  return callable.safeParse(value).success;
}

/** A function that accepts as many arguments as `parameters`, or fewer, down to `least`. */
export function hookCheck(parameters: readonly string[], least: number = parameters.length): z.ZodType<Hook> {
  const fits = ({ takes }: PythonCallable): boolean =>
    takes === null || (takes.least <= parameters.length && (takes.most === null || takes.most >= least));
  return z.union([callable.refine(fits), importPath, z.null()]);
}

export function wantedHook(parameters: readonly string[], least: number = parameters.length): string {
  const list = `(${parameters.join(', ')})`;
  const some = least === parameters.length ? '' : `${least} to ${parameters.length} of `;
  return `a function that takes ${some}${list}, or its import path`;
}

/** A class, a factory of one, or a name whose meaning depends on the setting. */
export function classCheck(): z.ZodType<PythonCallable | string> {
  return z.union([callable, z.string().trim().min(1)]);
}

const importPath = z
  .string()
  .trim()
  .regex(/^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)+$/u);
