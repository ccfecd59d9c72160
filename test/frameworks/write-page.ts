// `npm run compatibility`: runs the whole grid, two servers at a time, prints it, and writes docs/compatibility.md if the results match
// the tables of the grid.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../harness/project.ts';
import { Scene } from '../harness/scenario.ts';
import { readResults } from '../versions/results.ts';
import { versionsSection } from '../versions/section.ts';
import { type Cell, cells, complaintsOf } from './cells.ts';
import { frameworksVenv, runFramework } from './grid.ts';
import { compatibilityPage } from './page.ts';
import { pinnedVersions, pythonVersion } from './versions.ts';

const AT_ONCE = 2;
const queue = [...cells('all')];
let complaints = 0;

await Promise.all(Array.from({ length: AT_ONCE }, runQueue));
if (complaints === 0) {
  const python = pythonVersion(frameworksVenv);
  const page = compatibilityPage(pinnedVersions(python), python) + versionsSection(readResults());
  writeFileSync(join(root, 'docs', 'compatibility.md'), page);
  process.stdout.write(`\n${page}\ndocs/compatibility.md is written.\n`);
} else {
  process.stderr.write(`${complaints} complaints: docs/compatibility.md is left as it was.\n`);
  process.exitCode = 1;
}

async function runQueue(): Promise<void> {
  for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
    const found = await complaintsAbout(cell);
    complaints += found.length;
    process.stdout.write(`${[cell.title, ...found].join('\n  ')}\n`);
  }
}

async function complaintsAbout(cell: Cell): Promise<readonly string[]> {
  const scene = new Scene();
  try {
    return complaintsOf(cell, await runFramework(scene, cell.framework, cell.column));
  } catch (error) {
    return [String(error)];
  } finally {
    await scene.end();
  }
}
