// Splits text into words as Python's shlex.split does: like a POSIX shell without expansions. Pure.

export type SplitWords =
  | { readonly ok: true; readonly words: string[] }
  | { readonly ok: false; readonly error: string };

const SPACE = /[ \t\r\n]/;

export function splitWords(text: string): SplitWords {
  const words: string[] = [];
  /** Null between words: '' and "" are words, whitespace is not. */
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== null && character === quote) {
      quote = null;
    } else if (character === '\\' && quote !== "'") {
      at++;
      if (at === text.length) return { ok: false, error: 'No escaped character' };
      const next = text.charAt(at);
      // In double quotes a backslash is literal unless a double quote or a backslash follows.
      const isEscape = quote === null || next === '"' || next === '\\';
      word = (word ?? '') + (isEscape ? next : character + next);
    } else if (quote !== null) {
      word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (SPACE.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== null) return { ok: false, error: 'No closing quotation' };
  if (word !== null) words.push(word);
  return { ok: true, words };
}
