// How long a run takes, and what all its runners counted together.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './steps.mjs';

const LAST_RUN = join(root, 'build', 'last-whole-run.json');
/** Measured on two quiet cores, with everything installed. */
const USUAL_MINUTES = 17;

/** @typedef {{ what: string, succeeded: boolean, tests: number, failed: number, skipped: number }} Result */

/** What to expect of a run of everything. */
export function estimate() {
  const last = existsSync(LAST_RUN) ? JSON.parse(readFileSync(LAST_RUN, 'utf8')).seconds : undefined;
  const here = last === undefined ? '' : ` The last complete run here took ${duration(last)}.`;
  process.stdout.write(
    `\nEverything: Python, unit, conformance and integration tests: about ${USUAL_MINUTES} minutes on two quiet cores.${here}\n` +
      'Under a minute: npm run test:quick. Some files: npm test -- FILTER.\n',
  );
}

/** The last lines of a run: all runners together. `isWhole`: nothing was left out, so that the next run can say how long it takes. */
export function total(results, seconds, isWhole) {
  const sum = (of) => results.reduce((all, result) => all + of(result), 0);
  const failed = results.filter(({ succeeded }) => !succeeded).map(({ what }) => what);
  process.stdout.write(
    `\n== total: ${sum(({ tests }) => tests)} tests in ${duration(seconds)}: ${sum((result) => result.failed)} failed, ` +
      `${sum(({ skipped }) => skipped)} skipped${failed.length === 0 ? '' : `; FAILED: ${failed.join(', ')}`}\n`,
  );
  if (isWhole && failed.length === 0) {
    mkdirSync(join(root, 'build'), { recursive: true });
    writeFileSync(LAST_RUN, JSON.stringify({ seconds }));
  }
}

/** The result of a run of node:test, from what count-reporter.mjs has written. */
export function countedByNode(what, succeeded, file) {
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const { tests = 0, fail = 0, cancelled = 0, skipped = 0 } = counts;
  return { what, succeeded, tests, failed: fail + cancelled, skipped };
}

/** The result of a run of unittest, from its last lines: `Ran 812 tests in 9.1s`, `OK (skipped=1)`, `FAILED (failures=1, errors=2)`. */
export function countedByUnittest(what, succeeded, output) {
  const number = (pattern) => Number(pattern.exec(output)?.[1] ?? 0);
  const failed = number(/^FAILED \(.*?failures=(\d+)/m) + number(/^FAILED \(.*?errors=(\d+)/m);
  return { what, succeeded, tests: number(/^Ran (\d+) tests?/m), failed, skipped: number(/skipped=(\d+)\)?/) };
}

function duration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
