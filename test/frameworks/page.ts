// docs/compatibility.md, generated from the tables of the grid; grid.ts checks that they are true.

import { CHECKS } from './checks.ts';
import { COLUMNS, type Column } from './columns.ts';
import { checksOf, columnsOf, FRAMEWORKS, type Framework } from './frameworks.ts';
import { MIDDLEWARES } from './middlewares.ts';
import { OWN } from './own-pages.ts';

const WORKS = '✓';
const FAILS = '✗';
const LACKS = '–';

/** Versions by the name on PyPI, in small letters. */
export type Versions = ReadonlyMap<string, string>;

export function compatibilityPage(versions: Versions, python: string): string {
  const version = (name: string): string => versions.get(name.toLowerCase()) ?? '?';
  const packages = (framework: Framework): string =>
    framework.packages.map((name) => `${name} ${version(name)}`).join(', ');
  return `# Compatibility

Frameworks first; [versions of Node.js and Python](#versions-of-nodejs-and-python) are at the end.

Real applications of these frameworks run under every suitable worker class. The applications are in \`test/frameworks/\`, one folder
each. \`npm run compatibility\` runs them all and writes this page; \`npm test\` runs them, too, and fails if a result contradicts this page.

Python ${python}, with gevent ${version('gevent')}, eventlet ${version('eventlet')}, tornado ${version('tornado')} and uvloop ${version('uvloop')};
all versions are pinned in \`test/frameworks/requirements.txt\`. ${WORKS}: works. ${LACKS}: does not apply.${anyFails() ? ` ${FAILS}: does not work.` : ''} The reasons are [below](#not-supported).

## Worker classes

The number of checks that pass for each framework.

${table(
  ['framework', 'versions', ...COLUMNS.map(({ name }) => `\`${name}\``)],
  FRAMEWORKS.map((framework) => [
    framework.name,
    packages(framework),
    ...COLUMNS.map((column) => passed(framework, column)),
  ]),
)}

${COLUMNS.map(({ name, flags, says }) => `- \`${name}\`: ${flags.length === 0 ? 'no flag' : `\`${flags.join(' ')}\``}${says === undefined ? '' : `, ${says}`}.`).join('\n')}

## Checks

${table(
  ['framework', ...[...CHECKS, OWN].map(({ name }) => name)],
  FRAMEWORKS.map((framework) => [framework.name, ...[...CHECKS, OWN].map(({ name }) => mark(framework, name))]),
)}

${[...CHECKS, OWN].map(({ name, says }) => `- **${name}**: ${says}.`).join('\n')}

WhiteNoise serves static files in WSGI applications and Django; elsewhere the framework does.

## Middlewares

Middlewares that depend on the exact behaviour of the server.

${table(
  ['middleware', 'of', 'observation', ...COLUMNS.map(({ name }) => `\`${name}\``)],
  MIDDLEWARES.flatMap((framework) =>
    framework.checks.map(({ name, says }) => [
      name,
      packages(framework),
      says,
      ...COLUMNS.map((column) => cell(framework, column, name)),
    ]),
  ),
)}

## Not supported

${notes().join('\n')}

`;
}

function anyFails(): boolean {
  return [...FRAMEWORKS, ...MIDDLEWARES].some(({ fails }) => fails !== undefined);
}

function passed(framework: Framework, column: Column): string {
  if (!columnsOf(framework).includes(column)) return LACKS;
  const all = checksOf(framework);
  const good = all.filter(({ name }) => cell(framework, column, name) === WORKS);
  return good.length === all.length ? `${WORKS} ${all.length}` : `${good.length} of ${all.length}`;
}

function cell(framework: Framework, column: Column, check: string): string {
  if (!columnsOf(framework).includes(column)) return LACKS;
  return framework.fails?.[column.name]?.[check] === undefined ? WORKS : FAILS;
}

/** For all worker classes together. */
function mark(framework: Framework, check: string): string {
  if (!checksOf(framework).some(({ name }) => name === check)) return LACKS;
  const failing = columnsOf(framework).filter((column) => cell(framework, column, check) === FAILS);
  return failing.length === 0 ? WORKS : `${FAILS} ${failing.map(({ name }) => name).join(', ')}`;
}

function notes(): string[] {
  const places = new Map<string, string[]>();
  const note = (reason: string, place: string): unknown => places.set(reason, [...(places.get(reason) ?? []), place]);
  for (const framework of [...FRAMEWORKS, ...MIDDLEWARES]) {
    for (const [check, reason] of Object.entries(framework.without ?? {})) note(reason, `${framework.name}, ${check}`);
    for (const [column, fails] of Object.entries(framework.fails ?? {})) {
      for (const [check, reason] of Object.entries(fails)) note(reason, `${framework.name} under ${column}, ${check}`);
    }
  }
  const lines = [...places].map(([reason, where]) => `- ${reason} (${grouped(where)}).`);
  return [
    ...lines,
    '- ASGI applications run only under the ASGI classes, WSGI applications only under the WSGI classes; otherwise the server does not start and says why.',
  ];
}

/** `Flask, WebSocket`, `Flask, close code`, `Django, WebSocket` and `Django, close code`: `Flask, Django: WebSocket, close code`. */
function grouped(places: readonly string[]): string {
  const checks = new Map<string, string[]>();
  for (const place of places) {
    const [name = '', check = ''] = place.split(', ');
    checks.set(name, [...(checks.get(name) ?? []), check]);
  }
  const names = new Map<string, string[]>();
  for (const [name, each] of checks) names.set(each.join(', '), [...(names.get(each.join(', ')) ?? []), name]);
  return [...names].map(([each, among]) => `${among.join(', ')}: ${each}`).join('; ');
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
