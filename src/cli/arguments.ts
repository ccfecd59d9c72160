// Parses the command line, and GUNICORN_CMD_ARGS, into the texts of flags and the application. Pure: argparse's output and exit are
// returned. resolveSettings() checks the values later.

import { Action, type ArgumentOptions, ArgumentParser, ArgumentTypeError } from 'argparse';
import { isRepeatable } from '../settings/kinds/kinds.ts';
import { parseDecimal, parseOctalOrPrefixed, parseSeconds } from '../settings/kinds/python-int.ts';
import { pythonRepr } from '../settings/kinds/python-repr.ts';
import type { FlagValues } from '../settings/layers.ts';
import { isNear } from '../settings/near-miss.ts';
import type { Declaration, KindName } from '../settings/setting.ts';
import { isSettingName, SETTINGS, type SettingName } from '../settings/settings.ts';
import { completeFlags } from './flag-prefixes.ts';
import { formatHelp, isSwitch, USAGE } from './help.ts';
import { splitWords } from './split-words.ts';

export type ParsedArguments =
  | { readonly kind: 'run'; readonly values: FlagValues; readonly app: string | null }
  /** For standard output; exit 0. */
  | { readonly kind: 'print'; readonly text: string }
  /** For standard error; exit 2. */
  | { readonly kind: 'usage-error'; readonly text: string };

/** Thrown in place of argparse's exit, and caught in parseArguments(): argparse offers no other way. */
class Ended extends Error {
  readonly result: ParsedArguments;
  constructor(result: ParsedArguments) {
    super(result.kind);
    this.result = result;
  }
}

class Parser extends ArgumentParser {
  /** For each flag, argparse makes a formatter to check the metavars of one with several values; there is none here. */
  protected _get_formatter(): object {
    return { _format_args: () => '' };
  }

  override error(message: string | Error): never {
    const text = typeof message === 'string' ? message : message.message;
    throw new Ended(usageError(text + hintFor(text)));
  }
}

class PrintHelp extends Action {
  override call(): never {
    throw new Ended({ kind: 'print', text: formatHelp(SETTINGS) });
  }
}

export function parseArguments(argv: readonly string[], version: string): ParsedArguments {
  class PrintVersion extends Action {
    override call(): never {
      throw new Ended({ kind: 'print', text: `tunicorn (version ${version})\n` });
    }
  }
  const parser = new Parser({ prog: 'tunicorn', add_help: false });
  parser.add_argument('-h', '--help', { action: PrintHelp, nargs: 0 });
  parser.add_argument('-v', '--version', { action: PrintVersion, nargs: 0 });
  // Gunicorn accepts any number of positional arguments, and leaves all but the first to the application.
  parser.add_argument('arguments', { nargs: '*' });
  const words = completeFlags(argv, SETTINGS);
  for (const [name, declaration] of neededSettings(words)) addFlags(parser, name, declaration);
  try {
    const parsed: Record<string, unknown> = { ...parser.parse_args(words) };
    return { kind: 'run', values: flagValues(parsed), app: firstOf(parsed.arguments) };
  } catch (error) {
    if (error instanceof Ended) return error.result;
    throw error;
  }
}

/**
 * The settings whose flags occur in `words`, if each word that begins with a dash is exactly a flag, or a flag and `=`; otherwise all of them.
 * argparse takes longer to learn the flags than to parse a command line.
 */
function neededSettings(words: readonly string[]): typeof SETTINGS {
  const found = new Set<string>();
  for (const word of words) if (word.startsWith('-') && word !== '-') found.add(word.replace(/=.*/s, ''));
  const needed = SETTINGS.filter(([, { flags }]) => flags.some((flag) => found.delete(flag)));
  return found.size === 0 ? needed : SETTINGS;
}

/** Parses GUNICORN_CMD_ARGS; undefined means empty. As in Gunicorn, positional arguments in it are ignored. */
export function parseCommandArgs(text: string | undefined, version: string): ParsedArguments {
  if (text === undefined) return { kind: 'run', values: {}, app: null };
  const split = splitWords(text);
  const parsed = split.ok ? parseArguments(split.words, version) : usageError(split.error);
  if (parsed.kind !== 'usage-error') return parsed.kind === 'run' ? { ...parsed, app: null } : parsed;
  return { kind: 'usage-error', text: parsed.text.replace(ERROR_PREFIX, `${ERROR_PREFIX}in GUNICORN_CMD_ARGS: `) };
}

const ERROR_PREFIX = 'tunicorn: error: ';

/** For unknown flags that another server has or that are nearly one of ours. */
function hintFor(message: string): string {
  const [, unknown] = /^unrecognized arguments: (.*)$/s.exec(message) ?? [];
  if (unknown === undefined) return '';
  const flags = unknown.split(' ').flatMap((word) => /^--[^=]+/.exec(word)?.[0] ?? []);
  if (flags.some((flag) => flag === '--host' || flag === '--port')) return ' (the address is --bind HOST:PORT)';
  const known = SETTINGS.flatMap(([, declaration]) => declaration.flags);
  const meant = flags.flatMap((flag) => known.find((each) => isNear(flag, each)) ?? []);
  return meant.length === 0 ? '' : ` (did you mean ${meant.join(', ')}?)`;
}

function usageError(message: string): ParsedArguments {
  return { kind: 'usage-error', text: `${USAGE}${ERROR_PREFIX}${message}\n` };
}

function addFlags(parser: ArgumentParser, name: SettingName, declaration: Declaration): void {
  const [first, second] = declaration.flags;
  if (first === undefined) return;
  const options: ArgumentOptions = { dest: name, ...actionOf(declaration) };
  if (second === undefined) parser.add_argument(first, options);
  else parser.add_argument(first, second, options);
}

function actionOf(declaration: Declaration): ArgumentOptions {
  if (isSwitch(declaration)) return { action: 'store_const', const: declaration.flagValue ?? true };
  const { kind, metavar } = declaration;
  if (kind === 'choice' && declaration.flagAlone !== undefined) {
    return { action: 'store', metavar, nargs: '?', const: declaration.flagAlone };
  }
  return { action: isRepeatable(kind) ? 'append' : 'store', metavar, type: typeOf(declaration) };
}

/** argparse calls it with the flag's value. As in Gunicorn, a value that is not a number is a usage error. */
function typeOf({ kind }: Declaration): (text: string) => string {
  const [name, parse] = NUMBERS[kind] ?? ['str', (text: string) => text];
  return (text) => {
    if (parse(text) === null) throw new ArgumentTypeError(`invalid ${name} value: ${pythonRepr(text)}`);
    return text;
  };
}

const NUMBERS: { readonly [kind in KindName]?: readonly [name: string, parse: (text: string) => number | null] } = {
  uint: ['int', parseDecimal],
  'auto int': ['auto_int', parseOctalOrPrefixed],
  seconds: ['seconds', parseSeconds],
};

/** argparse leaves missing flags undefined. */
function flagValues(parsed: Readonly<Record<string, unknown>>): FlagValues {
  const given = Object.entries(parsed).filter(([name, value]) => isSettingName(name) && value != null);
  // The actions above produce a string, a list of strings, or a boolean.
  return Object.fromEntries(given) as FlagValues;
}

function firstOf(positionals: unknown): string | null {
  const first: unknown = Array.isArray(positionals) ? positionals[0] : null;
  return typeof first === 'string' ? first : null;
}
