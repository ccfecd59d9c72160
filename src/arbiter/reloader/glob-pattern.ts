// Reads `reload_extra_files` patterns by the rules of Python's glob with recursive=True. Pure.

import { isPattern } from '../../settings/kinds/extra-files.ts';

/** A pattern for one name, or `**` for any number of folders. */
export type PatternPart =
  | { readonly kind: 'folders' }
  | { readonly kind: 'literal'; readonly name: string }
  | { readonly kind: 'names'; readonly matches: (name: string) => boolean };

export function parsePattern(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  for (const text of pattern.split('/')) {
    if (text === '' || text === '.') continue;
    if (text !== '**') parts.push(isPattern(text) ? namesPart(text) : { kind: 'literal', name: text });
    else if (parts.at(-1)?.kind !== 'folders') parts.push({ kind: 'folders' });
  }
  // What `a/**` matches is everything below `a`.
  if (parts.at(-1)?.kind === 'folders') parts.push(namesPart('*'));
  return parts;
}

function namesPart(text: string): PatternPart {
  const form = new RegExp(`^${translate(text)}$`, 's');
  // A shell's rule, and Python's: the dot of a hidden file is matched by a dot only.
  const hidden = text.startsWith('.');
  return { kind: 'names', matches: (name) => (hidden || !name.startsWith('.')) && form.test(name) };
}

function translate(text: string): string {
  let form = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const end = character === '[' ? endOfSet(text, at) : -1;
    if (character === '*') form += '.*';
    else if (character === '?') form += '.';
    else if (end < 0) form += character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
    else {
      form += setOf(text.slice(at + 1, end));
      at = end;
    }
  }
  return form;
}

/** Where the `]` is that closes the set opened at `start`; -1 when none does, and the bracket stands for itself. */
function endOfSet(text: string, start: number): number {
  const first = text.charAt(start + 1) === '!' ? start + 2 : start + 1;
  // A `]` in the first place is a member.
  return text.indexOf(']', first + 1);
}

function setOf(members: string): string {
  const negated = members.startsWith('!');
  const escaped = members.slice(negated ? 1 : 0).replace(/[\\\]^[]/g, '\\$&');
  // A range that runs backwards is empty for Python and an error for JavaScript.
  const ranges = escaped.replace(/([^\\])-([^\\])/g, (range, from: string, to: string) => (from <= to ? range : ''));
  if (ranges === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${ranges}]`;
}
