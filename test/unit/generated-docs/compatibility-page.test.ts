// docs/compatibility.md follows from the tables of the framework grid; the integration tests check the tables. Its last
// section follows from what the grid of versions has measured.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKS } from '../../frameworks/checks.ts';
import { COLUMNS } from '../../frameworks/columns.ts';
import { checksOf, FRAMEWORKS } from '../../frameworks/frameworks.ts';
import { MIDDLEWARES } from '../../frameworks/middlewares.ts';
import { compatibilityPage } from '../../frameworks/page.ts';
import { pinnedVersions } from '../../frameworks/versions.ts';
import { root } from '../../harness/project.ts';
import { readResults } from '../../versions/results.ts';
import { versionsSection } from '../../versions/section.ts';

const all = [...FRAMEWORKS, ...MIDDLEWARES];

const page = readFileSync(join(root, 'docs', 'compatibility.md'), 'utf8');
const python = /^Python (\S+), with/m.exec(page)?.[1] ?? '';
const versions = pinnedVersions(python);

test('docs/compatibility.md is up to date (npm run compatibility and compatibility:versions write it)', () => {
  assert.equal(page, compatibilityPage(versions, python) + versionsSection(readResults()));
});

test('each package on the page is pinned', () => {
  for (const name of all.flatMap(({ packages }) => packages)) assert.ok(versions.has(name.toLowerCase()), name);
});

test('omissions and known failures name existing checks and worker classes', () => {
  const checks = new Set(CHECKS.map(({ name }) => name));
  for (const framework of all) {
    for (const name of Object.keys(framework.without ?? {})) assert.ok(checks.has(name), `${framework.name}: ${name}`);
    for (const [column, fails] of Object.entries(framework.fails ?? {})) {
      assert.ok(COLUMNS.some(({ name }) => name === column));
      for (const check of Object.keys(fails)) assert.ok(checksOf(framework).some(({ name }) => name === check));
    }
  }
});
