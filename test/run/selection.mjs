// Which test files a run has.

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { root } from './steps.mjs';

/** The tests that the filters select: everything without a filter. Without a file that fits, a title that does (`pattern`). */
export function select(filters) {
  const unit = testFiles('unit');
  const conformance = testFiles('conformance');
  const integration = testFiles('integration');
  const all = [...unit, ...conformance, ...integration];
  const fits = (file) => filters.some((filter) => isNamed(file, filter));
  const chosen = { unit, conformance, integration, pattern: undefined };
  if (filters.length === 0) return { ...chosen, python: true };
  if (filters.every((filter) => all.some((file) => isNamed(file, filter)))) {
    const fitting = { unit: unit.filter(fits), conformance: conformance.filter(fits) };
    return { ...chosen, ...fitting, integration: integration.filter(fits), python: false };
  }
  return { ...chosen, python: false, pattern: filters.join(' ') };
}

export function testFiles(kind) {
  const directory = join(root, 'build', 'test', kind);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => join(directory, name));
}

/** `reload`: files such as auto-reload.test.js, and all in a folder `reload`; `unit/gateway`: all in that folder. */
function isNamed(file, filter) {
  const folder = `${sep}${relative(join(root, 'build', 'test'), dirname(file))}${sep}`;
  const wanted = filter.replace(/^test\//, '').replace(/\/$/, '');
  return basename(file).includes(filter) || folder.includes(`${sep}${wanted}${sep}`);
}
