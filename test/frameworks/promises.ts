// The grid as tests: every promise of docs/compatibility.md about a framework and a worker class is kept.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { inCi, otherServer } from '../harness/project.ts';
import { scenario } from '../harness/scenario.ts';
import { cells, complaintsOf } from './cells.ts';
import type { Dialect } from './columns.ts';
import { frameworksVenv, runFramework } from './grid.ts';

const missing = !existsSync(frameworksVenv) && !inCi && '.venv-frameworks does not exist; npm test creates it';

export function promises(dialect: Dialect): void {
  for (const cell of cells(dialect)) {
    scenario(
      `${cell.title} keeps the promises of docs/compatibility.md`,
      async (scene) => {
        const complaints = complaintsOf(cell, await runFramework(scene, cell.framework, cell.column));
        assert.ok(complaints.length === 0, complaints.join('\n'));
      },
      { skip: (otherServer && 'only for Tunicorn') || missing },
    );
  }
}
