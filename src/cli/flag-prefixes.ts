// Abbreviations of Gunicorn's flags, which argparse accepts, that Tunicorn's own flags make ambiguous: they must not break start commands
// that work with Gunicorn. Pure.

import type { Declaration } from '../settings/setting.ts';

type Table = readonly (readonly [string, Declaration])[];

/** `argv` with each such abbreviation expanded. Everything else is left to argparse and its errors. */
export function completeFlags(argv: readonly string[], settings: Table): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, at) => (end !== -1 && at >= end ? word : completed(word, settings)));
}

function completed(word: string, settings: Table): string {
  const [, beginning, rest = ''] = /^(--[^=]+)(=.*)?$/s.exec(word) ?? [];
  if (beginning === undefined) return word;
  const all = settings.flatMap(([, { flags, own }]) => flags.map((flag) => ({ flag, own, of: flags })));
  if (all.some(({ flag }) => flag === beginning) || '--help'.startsWith(beginning)) return word;
  const found = all.filter(({ flag, own }) => own !== true && flag.startsWith(beginning));
  const [first] = found;
  const isClear = first !== undefined && found.every(({ of }) => of === first.of) && !'--version'.startsWith(beginning);
  return isClear ? first.flag + rest : word;
}
