// The JSON forms of both logs: typed fields, and one line whatever is in them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessLogJson } from '../../../src/log/access-log-json.ts';
import type { AccessRecord } from '../../../src/log/access-record.ts';
import { jsonLine } from '../../../src/log/json-line.ts';
import { jsonLogLine } from '../../../src/log/log-line.ts';
import { root } from '../../harness/project.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 23, 34, 25, 7);
// Everything below U+00FF, and the line ends beyond it.
const HOSTILE = `${Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')}\u2028\u2029`;

const nothing: AccessRecord = {
  remoteAddress: undefined,
  method: undefined,
  target: undefined,
  protocol: undefined,
  path: undefined,
  query: undefined,
  scheme: undefined,
  host: undefined,
  status: undefined,
  bodyBytes: 0,
  requestBytes: 0,
  durationUs: 1234.9,
  queuedMs: 0,
  end: 'client-gone',
  workerPid: undefined,
  pid: 5,
  generation: undefined,
  requestId: undefined,
  connection: 9,
  requestOfConnection: 1,
  requestHeader: () => undefined,
  responseHeader: () => undefined,
  environ: () => undefined,
};

test('unknown values are null, and counts are numbers', () => {
  const line = JSON.parse(accessLogJson(nothing, NOW_MS, 4));
  assert.deepEqual(line, {
    time: '2026-11-20T23:34:25.007Z',
    log: 'access',
    remote_addr: null,
    user: null,
    method: null,
    target: null,
    path: null,
    query: null,
    protocol: null,
    scheme: null,
    host: null,
    status: null,
    response_bytes: 0,
    request_bytes: 0,
    duration_ms: 1.234,
    queue_ms: 0,
    end: 'client-gone',
    worker_pid: null,
    gateway_pid: 4,
    generation: null,
    connection: 9,
    connection_request: 1,
    request_id: null,
    referer: null,
    user_agent: null,
  });
});

test('no client can end a line or a field by any value that it sends', () => {
  const line = accessLogJson(
    {
      ...nothing,
      remoteAddress: HOSTILE,
      method: HOSTILE,
      target: HOSTILE,
      protocol: HOSTILE,
      path: HOSTILE,
      query: HOSTILE,
      scheme: HOSTILE,
      host: HOSTILE,
      requestId: HOSTILE,
      requestHeader: (name) =>
        name === 'authorization' ? `Basic ${Buffer.from(`${HOSTILE.replace(':', '')}:x`).toString('base64')}` : HOSTILE,
    },
    NOW_MS,
    4,
  );
  assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
  const parsed = JSON.parse(line);
  assert.equal(Object.keys(parsed).length, 25);
  for (const name of ['remote_addr', 'method', 'target', 'protocol', 'path', 'query', 'scheme', 'host', 'referer'])
    assert.equal(parsed[name], HOSTILE, name);
  assert.equal(parsed.user, HOSTILE.replace(':', ''));
});

test('jsonLine() changes nothing that is harmless', () => {
  assert.equal(jsonLine({ a: 'é 漢 \u{1f600}', b: [1, null] }), '{"a":"é 漢 \u{1f600}","b":[1,null]}');
});

test('a line of the error log names its process; a traceback is a separate field', () => {
  const traceback = 'Traceback (most recent call last):\n  File "a.py"\nRuntimeError: b';
  const line = (message: string): unknown =>
    JSON.parse(jsonLogLine({ level: 'error', message, pid: 7, source: 'arbiter' }, NOW_MS));
  const fields = { time: '2026-11-20T23:34:25.007Z', log: 'error', level: 'error', pid: 7, process: 'arbiter' };
  assert.deepEqual(line('two\nlines'), { ...fields, message: 'two\nlines' });
  assert.deepEqual(line(`Failed\n${traceback}`), { ...fields, message: 'Failed', traceback });
});

test('docs/logging.md has each field of both logs in a table', () => {
  const page = readFileSync(join(root, 'docs/logging.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const named = new Set(
    rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
  );
  const access = JSON.parse(accessLogJson(nothing, NOW_MS, 4));
  const error = JSON.parse(
    jsonLogLine(
      { level: 'error', message: 'x\nTraceback (most recent call last):', pid: 7, source: 'arbiter' },
      NOW_MS,
    ),
  );
  for (const field of [...Object.keys(access), ...Object.keys(error)]) assert.ok(named.has(field), field);
});
