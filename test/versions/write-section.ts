// `npm run compatibility:versions`: runs the grid of versions, two servers at a time, and writes test/versions/results.json and the section of
// docs/compatibility.md, whatever the results are; it fails if something does not work.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { root, venvPython } from '../harness/project.ts';
import { CLASSES, complaintsAbout, GREEN_CLASSES } from './core.ts';
import { type Result, type Results, readResults, resultsPath, type UnitResult } from './results.ts';
import { type Pair, pairsOf, type Runtime, type Runtimes } from './runtimes.ts';
import { HEADING, versionsSection } from './section.ts';

const AT_ONCE = 2;

const [listPath = '', ownPython = ''] = process.argv.slice(2);
const runtimes = JSON.parse(readFileSync(listPath, 'utf8')) as Runtimes;
const nodes = [...runtimes.nodes, ...runtimes.musl.nodes];
const pythons = [...runtimes.pythons, ...runtimes.musl.pythons];
const [oldestNode] = nodes;
if (oldestNode === undefined || pythons.length === 0) throw new Error('no Node.js, or no Python');

const ownPair: Pair = { node: oldestNode, python: { name: ownPython, path: venvPython } };
const [green, pairs, units] = [
  await runPair(ownPair, GREEN_CLASSES),
  await atOnce(pairsOf(runtimes), (pair) => runPair(pair, CLASSES)),
  [...(await atOnce(nodes, runOfNode)), ...(await atOnce(pythons, runOfPython))],
];
const results: Results = {
  measuredAt: new Date().toISOString().slice(0, 10),
  machine: process.arch === 'x64' ? 'x86-64' : process.arch,
  nodes: nodes.map(({ name }) => name),
  pythons: pythons.map(({ name }) => name),
  pairs,
  green,
  units,
  notRun: runtimes.notRun,
};
writeFileSync(resultsPath, `${JSON.stringify(results, undefined, 2)}\n`);
const pagePath = join(root, 'docs', 'compatibility.md');
const [frameworks = ''] = readFileSync(pagePath, 'utf8').split(HEADING);
writeFileSync(pagePath, `${frameworks}${versionsSection(readResults())}`);
process.stdout.write(`\n${versionsSection(results)}\ndocs/compatibility.md is written.\n`);
if ([...pairs, green].some(({ complaints }) => complaints.length > 0) || units.some(({ works }) => !works)) {
  process.exitCode = 1;
}

async function runPair(pair: Pair, classes: typeof CLASSES): Promise<Result> {
  const complaints = await complaintsAbout(pair, classes);
  process.stdout.write(
    `${[`Node.js ${pair.node.name} with Python ${pair.python.name}`, ...complaints].join('\n  ')}\n`,
  );
  return { node: pair.node.name, python: pair.python.name, complaints };
}

async function runOfNode({ name, path }: Runtime): Promise<UnitResult> {
  const folder = join(root, 'build', 'test', 'unit');
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.js'));
  // Without those of the page that this writes.
  const files = tests.filter((file) => !basename(file).startsWith('compatib'));
  const command = ['--enable-source-maps', '--test', '--test-concurrency=1', '--test-reporter=spec'];
  return await unitTests(`Node.js ${name}`, name, path, [...command, ...files.map((file) => join(folder, file))]);
}

async function runOfPython({ name, path }: Runtime): Promise<UnitResult> {
  return await unitTests(`Python ${name}`, name, path, ['-m', 'unittest', 'discover', '-s', 'test/python']);
}

/** The output is shown only if they fail. */
async function unitTests(what: string, name: string, program: string, args: readonly string[]): Promise<UnitResult> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  process.stdout.write(`${code === 0 ? '' : output}unit tests with ${what}: ${code === 0 ? 'passed' : 'FAILED'}\n`);
  return { name, works: code === 0 };
}

/** Two at a time, in order. */
async function atOnce<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const [queue, results] = [[...all.entries()], [] as R[]];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await each(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
