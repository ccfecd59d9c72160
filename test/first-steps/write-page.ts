// Writes docs/first-steps.md: `npm run docs:first-steps`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noCleanRoot } from '../harness/clean-root/clean-root.ts';
import { root } from '../harness/project.ts';
import { Scene } from '../harness/scenario.ts';
import { firstStepsPage, type Record } from './page.ts';
import { recordSteps } from './record.ts';
import { steps } from './walk.ts';

async function main(): Promise<void> {
  if (noCleanRoot !== false) throw new Error(noCleanRoot);
  const records: Record[] = [];
  for (const step of steps) {
    const scene = new Scene();
    try {
      const { record } = await recordSteps(scene, step);
      records.push(record);
    } finally {
      await scene.end();
    }
  }
  writeFileSync(join(root, 'docs', 'first-steps.md'), firstStepsPage(records));
}

await main();
