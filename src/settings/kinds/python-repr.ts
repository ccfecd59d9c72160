// Formats values as Python does, for errors about a config file and for --print-config. Pure.

import { isPythonCallable } from './python-callable.ts';

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `repr(value)`. For values that JSON cannot hold, config_file.py's description. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return reprOfString(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isPythonCallable(value)) return value.$callable;
  if (typeof value === 'object') return reprOfObject(Object.entries(value));
  return String(value);
}

/** `str(value)`: as repr, but strings are unquoted and callables show their names, as in Gunicorn's --print-config. */
export function pythonStr(value: unknown): string {
  if (isPythonCallable(value)) return `<${value.name}()>`;
  return typeof value === 'string' ? value : pythonRepr(value);
}

function reprOfObject(entries: readonly (readonly [string, unknown])[]): string {
  const [first] = entries;
  if (first?.[0] === '$repr' && entries.length === 1 && typeof first[1] === 'string') return first[1];
  return `{${entries.map(([key, value]) => `${reprOfString(key)}: ${pythonRepr(value)}`).join(', ')}}`;
}

function reprOfString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  // Python escapes the categories Other and Separator, except the ordinary space.
  const escaped = text.replace(/[\\'"]|[\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return character;
    if (character === quote) return `\\${character}`;
    if (character === "'" || character === '"') return character;
    return ESCAPES[character] ?? escapeByNumber(character.codePointAt(0) ?? 0);
  });
  return quote + escaped + quote;
}

function escapeByNumber(codePoint: number): string {
  const digits = codePoint.toString(16);
  if (codePoint < 0x100) return `\\x${digits.padStart(2, '0')}`;
  if (codePoint < 0x10000) return `\\u${digits.padStart(4, '0')}`;
  return `\\U${digits.padStart(8, '0')}`;
}
