// Beginnings of Gunicorn's flags, as argparse accepts them, where Tunicorn's own flags have made them ambiguous: start commands
// that work with Gunicorn must not break for a flag that they have never heard of. Called by arguments.ts. Pure.

import type { Declaration } from '../settings/setting.ts';

type Table = readonly (readonly [string, Declaration])[];

/** `argv` with each such beginning made whole. Everything else is left to argparse, with its errors. */
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
