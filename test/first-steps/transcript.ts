// What a newcomer has seen, without what differs from run to run, and what of it must stay true.

/** One line that was typed, with what followed. */
export interface Entry {
  readonly terminal: 'first' | 'other';
  readonly line: string;
  readonly output: readonly string[];
}

const DAY = '2026-12-01';
const TIME = '09:30:00';
const WEEKDAY = 'Tue, 01 Dec 2026 09:30:00 GMT';
const PID = /\[(\d+)\](?= \[)|(?<=pid:? ?)(\d+)|\((\d+)\)$/g;

/** Replaces times and process ids, these by the order in which they appear. */
export function settle(lines: readonly string[], pids: Map<string, number>): readonly string[] {
  return lines.map((line) =>
    line
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, `${DAY} ${TIME}`)
      .replace(/\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d/g, `01/Dec/2026:${TIME}`)
      .replace(/^((?:date|Date): ).*GMT/, `$1${WEEKDAY}`)
      .replace(PID, (found) => found.replace(/\d+/, (pid) => String(numberOf(pid, pids)))),
  );
}

/** Of pip's many lines, those that matter: what was asked for, with its version. */
export function shortenPip(line: string, output: readonly string[]): readonly string[] {
  const asked = /pip install (.*)$/.exec(line)?.[1]?.split(' ');
  if (asked === undefined) return output;
  return output.flatMap((text) => {
    const installed = /^Successfully installed (.*)$/.exec(text)?.[1]?.split(' ');
    if (installed === undefined) return [];
    const named = installed.filter((name) => asked.some((word) => name.toLowerCase().startsWith(`${word}-`)));
    return ['…', `Successfully installed … ${named.join(' … ')} …`];
  });
}

/** A long page of HTML ends after its title. */
export function shortenDocument(output: readonly string[]): readonly string[] {
  const title = output.findIndex((line) => line.includes('<title>'));
  return title < 0 ? output : [...output.slice(0, title + 1), '…'];
}

/** The page's text as far as it may not change by itself: lines of several processes come in any order, and versions move on. */
export function essence(page: string): readonly string[] {
  const blocks = page.split(/^(?=\$ |```)/m);
  return blocks.flatMap((block) => {
    const [first = '', ...rest] = block.trimEnd().split('\n');
    return [first, ...rest.sort()].map((line) =>
      line
        .replace(PID, 'N')
        .replace(/\d+\.\d+\.\d+/g, 'VERSION')
        .replace(/\d+ ms/g, 'T ms'),
    );
  });
}

function numberOf(pid: string, pids: Map<string, number>): number {
  const known = pids.get(pid) ?? 100 + pids.size;
  pids.set(pid, known);
  return known;
}
