// Formats the text of --help from the settings table. Pure.

import { pythonStr } from '../settings/kinds/python-repr.ts';
import type { Declaration, DefaultSource, Section } from '../settings/setting.ts';

export const USAGE = 'usage: tunicorn [OPTIONS] [APP_MODULE]\n';

const LINE_LENGTH = 100;
const HELP_COLUMN = 26;

const FACTS: Readonly<Record<DefaultSource, string>> = {
  cwd: 'the current directory',
  userId: 'the user that starts Tunicorn',
  groupId: 'the group of the user that starts Tunicorn',
  application: 'the application as the command line names it',
};

type Table = readonly (readonly [string, Declaration])[];

export function formatHelp(settings: Table): string {
  const about = `Serves the Python application APP_MODULE, which is MODULE or MODULE:CALLABLE; CALLABLE is "application" if left
    out, and may be a call with literal arguments, such as app:create_app("prod").`;
  const lines = [
    USAGE,
    ...wrap(about, LINE_LENGTH),
    '',
    'options:',
    ...entry('-h, --help', 'Show this help and exit.'),
    ...entry('-v, --version', 'Show the version and exit.'),
  ];
  for (const [section, declarations] of bySection(settings)) {
    const flagged = declarations.filter(([, declaration]) => declaration.flags.length > 0);
    if (flagged.length === 0) continue;
    lines.push('', `${section}:`);
    for (const [, declaration] of flagged) lines.push(...helpOf(declaration));
  }
  return `${lines.join('\n')}\n`;
}

/** The settings by section, in the order in which the sections first occur in the table. */
export function bySection(settings: Table): Map<Section, Table> {
  const sections = new Map<Section, (readonly [string, Declaration])[]>();
  for (const pair of settings) {
    const section = sections.get(pair[1].section) ?? [];
    section.push(pair);
    sections.set(pair[1].section, section);
  }
  return sections;
}

/** The default, in words if it depends on the process. */
export function describeDefault(declaration: Declaration): string {
  if (declaration.defaultFrom !== undefined) return FACTS[declaration.defaultFrom];
  const value = declaration.default;
  return Array.isArray(value) ? value.join(', ') : pythonStr(value);
}

/** Whether its flag has no value. */
export function isSwitch(
  declaration: Declaration,
): declaration is Declaration & { readonly kind: 'bool' | 'optional bool' } {
  return declaration.kind === 'bool' || declaration.kind === 'optional bool';
}

/** The value after the flag, in brackets if it is optional. */
export function valueForm(declaration: Declaration): string {
  const metavar = declaration.metavar ?? 'VALUE';
  return declaration.kind === 'choice' && declaration.flagAlone !== undefined ? `[${metavar}]` : metavar;
}

/** Wraps a text into lines of at most `length` characters, if its words allow it. */
export function wrap(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function helpOf(declaration: Declaration): string[] {
  const metavar = isSwitch(declaration) ? '' : ` ${valueForm(declaration)}`;
  const isSet =
    !isSwitch(declaration) && describeDefault(declaration) !== 'None' && describeDefault(declaration) !== '';
  const byDefault = isSet ? ` [${describeDefault(declaration)}]` : '';
  return entry(declaration.flags.join(', ') + metavar, declaration.summary + byDefault + pendingNote(declaration));
}

function pendingNote({ pending, withoutIt }: Declaration): string {
  if (pending === undefined) return '';
  return withoutIt === 'refuse' ? ` (Refused yet: no ${pending}.)` : ` (No effect yet: no ${pending}.)`;
}

function entry(flags: string, help: string): string[] {
  const [first = '', ...rest] = wrap(help, LINE_LENGTH - HELP_COLUMN);
  const indent = ' '.repeat(HELP_COLUMN);
  const head = `  ${flags}`;
  // If a flag reaches into the second column, its help starts on the next line.
  const opening = head.length + 2 <= HELP_COLUMN ? [head.padEnd(HELP_COLUMN) + first] : [head, indent + first];
  return [...opening, ...rest.map((line) => indent + line)];
}
