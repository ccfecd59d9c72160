// docs/timeouts.md is written by hand; its defaults are the table's, and it leaves no limit out.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SETTINGS } from '../../../src/settings/settings.ts';
import { root } from '../../harness/project.ts';

const page = readFileSync(join(root, 'docs', 'timeouts.md'), 'utf8');
const declarations = new Map<string, (typeof SETTINGS)[number][1]>(SETTINGS);

/** The rows of the tables: the columns of setting and default. */
const rows = [...page.matchAll(/^\| [^|]+ \| `(\w+)` \| (\d+)[^|]* \| [^|]+ \| [^|]+ \| [^|]+ \|$/gm)].map(
  ([, setting = '', byDefault = '']) => ({ setting, byDefault }),
);

test('each default on the page is the default of the setting', () => {
  for (const { setting, byDefault } of rows) {
    assert.equal(byDefault, String(declarations.get(setting)?.default), setting);
  }
});

test('each limit has a row', () => {
  const named = new Set(rows.map(({ setting }) => setting));
  for (const [name, { section, kind }] of declarations) {
    const isLimit = section === 'Gateway' && (kind === 'uint' || kind === 'seconds') && name !== 'gateways';
    if (isLimit || name.startsWith('limit_request_')) assert.ok(named.has(name), name);
  }
});

test('each time, and each limit for all connections, has its place in the picture', () => {
  const picture = page.split('```')[1] ?? '';
  const times = [...declarations]
    .filter(([name, { pending }]) => pending === undefined && /timeout$|^gateway_/.test(name))
    .map(([name]) => name);
  for (const name of [...times, 'keepalive', 'body_min_rate', 'shutdown_delay', 'queue_limit']) {
    assert.ok(picture.includes(name), name);
  }
});
