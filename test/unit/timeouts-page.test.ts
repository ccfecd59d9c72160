// docs/timeouts.md is written by hand; its defaults are the table's, and it leaves no limit out.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SETTINGS } from '../../src/settings/settings.ts';
import { root } from '../harness/project.ts';

const page = readFileSync(join(root, 'docs', 'timeouts.md'), 'utf8');
const declarations = new Map<string, (typeof SETTINGS)[number][1]>(SETTINGS);

/** The rows of the tables: what stands in the columns of setting, default and metric. */
const rows = [...page.matchAll(/^\| [^|]+ \| `(\w+)` \| (\d+)[^|]* \| [^|]+ \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gm)].map(
  ([, setting = '', byDefault = '', metric = '']) => ({ setting, byDefault, metric }),
);

test('each default on the page is the default of the setting', () => {
  for (const { setting, byDefault } of rows) {
    assert.equal(byDefault, String(declarations.get(setting)?.default), setting);
  }
});

test('each limit has a row and a place in the picture', () => {
  const named = new Set(rows.map(({ setting }) => setting));
  const picture = page.split('```')[1]?.replace(/_\s+╎/g, '_') ?? '';
  const limits = [...declarations].filter(
    ([, { section, kind }]) => section === 'Gateway' && (kind === 'uint' || kind === 'seconds'),
  );
  const others = ['limit_request_line', 'limit_request_fields', 'timeout', 'graceful_timeout', 'keepalive'];
  const expected = [...limits.map(([name]) => name), ...others].filter((name) => name !== 'gateways');
  for (const name of expected) assert.ok(named.has(name), name);
  const drawn = picture.replace(/\s*╎\s*/g, ' ').replace(/_ /g, '_');
  for (const name of ['head_timeout', 'body_timeout', 'body_min_rate', 'queue_timeout', 'write_timeout', ...others]) {
    assert.ok(drawn.includes(name), `the picture has no ${name}`);
  }
});

test('each metric counts, and names the setting in its label', () => {
  for (const { setting, metric } of rows) {
    if (setting === 'shutdown_delay') continue;
    assert.match(metric, new RegExp(`^\`tunicorn_[a-z_]+_total\\{limit="${setting}"\\}\`$`));
  }
});
