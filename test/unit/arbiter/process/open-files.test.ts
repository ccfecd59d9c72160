// The limit of open files that applications find.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFilesAtStart } from '../../../../src/arbiter/process/open-files.ts';

function limits(soft: string, hard: string): string {
  return `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft.padEnd(20)} ${hard.padEnd(20)} files\n`;
}

test("the launcher's measurement counts", () => {
  assert.equal(openFilesAtStart('1024', limits('4096', '4096'), limits('2048', '4096')), 1024);
  assert.equal(openFilesAtStart('unlimited', limits('4096', '4096'), limits('2048', '4096')), null);
});

test("without it the parent's soft limit counts, if its hard limit is the same", () => {
  assert.equal(openFilesAtStart(undefined, limits('4096', '4096'), limits('1024', '4096')), 1024);
  assert.equal(openFilesAtStart(undefined, limits('4096', '4096'), limits('1024', '8192')), null);
  assert.equal(openFilesAtStart(undefined, limits('4096', '4096'), ''), null);
  assert.equal(openFilesAtStart(undefined, '', limits('1024', '4096')), null);
});
