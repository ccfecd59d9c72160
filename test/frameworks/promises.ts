// The grid as tests: what docs/compatibility.md says of a framework and a worker class is so. Called by the integration tests.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { inCi, otherServer } from '../harness/project.ts';
import { scenario } from '../harness/scenario.ts';
import { cells, complaintsOf } from './cells.ts';
import type { Dialect } from './columns.ts';
import { frameworksVenv, runFramework } from './grid.ts';

const missing = !existsSync(frameworksVenv) && !inCi && '.venv-frameworks is not there; npm test makes it';

export function promises(dialect: Dialect): void {
  for (const cell of cells(dialect)) {
    scenario(
      `${cell.title} does what the page on compatibility says`,
      async (scene) => {
        const complaints = complaintsOf(cell, await runFramework(scene, cell.framework, cell.column));
        assert.ok(complaints.length === 0, complaints.join('\n'));
      },
      { skip: (otherServer && 'only for Tunicorn') || missing },
    );
  }
}
