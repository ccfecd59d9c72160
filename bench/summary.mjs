/**
 * What a day's results say together: a page with the goals of all scenarios, and the pictures. Written from the files of figures, so that
 * scenarios can be run one by one, and pages be written again without measuring again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { detailsOf, figuresOf, replaceFigures } from './figures.mjs';
import { BENCH, RESULTS, ROOT } from './places.mjs';
import { setUpCharts } from './set-up.mjs';
import { summaryPage } from './summary-page.mjs';

/** @typedef {import('./summary-page.mjs').Result} Result */

/**
 * @param {string} directory the results of one day
 * @param {string} kind how the names of the files end: '', '-quick' or '-partial'
 * @returns {Result[]} in the order in which they were measured
 */
function readResults(directory, kind) {
  const endings = ['-quick', '-partial'];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .filter((name) => {
      const stem = basename(name, '.json');
      return kind === '' ? endings.every((ending) => !stem.endsWith(ending)) : stem.endsWith(kind);
    })
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')))
    .filter((result) => typeof result.scenario === 'string')
    .sort((a, b) => (a.measuredAt < b.measuredAt ? -1 : 1));
}

/**
 * @param {string} directory
 * @param {string} kind
 */
export async function summarizeDay(directory, kind) {
  const results = readResults(directory, kind);
  const pictures = await draw(results, directory, kind);
  const path = join(directory, `summary${kind}.md`);
  writeFileSync(path, summaryPage(results, pictures, kind));
  console.log(
    `Written to ${[path, ...pictures.map((name) => join(directory, name))].map((each) => relative(ROOT, each)).join(', ')}`,
  );
}

/**
 * Writes the figures of a day into README.md and bench/README.md.
 * @param {string} day
 */
export function writeFigures(day) {
  const results = readResults(join(RESULTS, day), '');
  const pages = [
    { path: join(ROOT, 'README.md'), figures: figuresOf(results, `bench/results/${day}`) },
    { path: join(BENCH, 'README.md'), figures: detailsOf(results, `results/${day}`) },
  ];
  for (const { path, figures } of pages) {
    writeFileSync(path, replaceFigures(readFileSync(path, 'utf8'), figures));
    console.log(`Written to ${relative(ROOT, path)}`);
  }
}

/**
 * @param {readonly Result[]} results
 * @param {string} directory
 * @param {string} kind
 * @returns {Promise<string[]>} the names of the pictures
 */
async function draw(results, directory, kind) {
  if (!(await setUpCharts())) return [];
  const { pictures } = await import('./charts/pictures.mjs');
  return pictures(results).map(({ name, svg }) => {
    writeFileSync(join(directory, `${name}${kind}.svg`), svg);
    return `${name}${kind}.svg`;
  });
}
