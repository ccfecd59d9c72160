// test/vectors/link.json against the messages of src/messages/, as python/tunicorn/link/messages.py is tested against it too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type FromForkserver,
  parseFromForkserver,
  type ToForkserver,
} from '../../../src/messages/between-arbiter-and-forkserver.ts';
import { root } from '../../harness/project.ts';

interface Vectors {
  readonly toForkserver: readonly unknown[];
  readonly fromForkserver: {
    readonly good: readonly { readonly type: string }[];
    readonly bad: readonly { readonly name: string; readonly message: unknown }[];
  };
}

const vectors: Vectors = JSON.parse(readFileSync(join(root, 'test', 'vectors', 'link.json'), 'utf8'));

/** The compiler holds these against the declared types, and the test against the vectors. */
const TO_FORKSERVER: readonly ToForkserver[] = [
  {
    type: 'configure',
    config: 'gunicorn.conf.py',
    worker_class: { given: 'gthread', chdir: null, pythonpath: null, known: ['sync', 'gthread'] },
    accounts: { users: ['shop'], groups: [] },
  },
  {
    type: 'settle',
    logs: 'open',
    log_writer: 'node',
    settings: { workers: 2, bind: ['127.0.0.1:8000'] },
    server: {
      pid: 100,
      app: 'shop:app',
      server_software: 'tunicorn/0.1.0 (gunicorn/27.0.1)',
      proc_name: 'shop',
      worker_class: 'gthread',
      errorlog: '-',
      workers: 2,
      worker_age: 3,
      master_pid: 0,
      reexec_pid: 0,
      start: { cwd: '/srv', args: ['tunicorn', 'shop:app'] },
      pidfile: '/run/shop.pid',
      listeners: [{ label: 'http://127.0.0.1:8000', bind: '127.0.0.1:8000' }],
      elsewhere: [{ pid: 101, age: 2 }],
      state: '',
    },
  },
  { type: 'check' },
  {
    type: 'prepare',
    settings: {
      generation: 2,
      runtime_dir: '/tmp/run',
      spool_dir: '/tmp/spool',
      tickets_path: '/tmp/run/tickets-2',
      lifeline_path: '/tmp/run/lifeline',
      server_software: 'tunicorn/0.1.0',
      preload_app: true,
      worker_class: 'gthread',
      slots: 4,
      multiprocess: true,
      graceful_timeout: 30,
      proc_name: 'shop',
      user_id: 0,
      group_id: 0,
      init_group_id: null,
    },
  },
  { type: 'fork', slot: 4, age: 3, gateways: [1, 2] },
  { type: 'signal', pid: 101, signal: 15 },
  { type: 'reopen-logs' },
  { type: 'leave' },
  { type: 'log', level: 'warning', message: 'Beyond ASCII: \u00fc \ud83d\ude00', pid: 102 },
  {
    type: 'access',
    fields: 'REQUEST_METHOD\u0000GET\u0000PATH_INFO\u0000/\u00e9',
    status: null,
    bodyBytes: 0,
    responseHead: '',
    durationUs: 1500,
    queuedMs: 2,
    end: 'client-left',
    pid: 102,
  },
  { type: 'hook', hook: 'when_ready' },
  { type: 'hook', hook: 'nworkers_changed', 'new': 3, old: null },
  { type: 'facts', facts: { workers: 3, pidfile: null } },
  { type: 'pack-state' },
  { type: 'call-handler', signal: 'SIGHUP' },
  { type: 'release-handlers' },
];

const TYPES_TO: Readonly<Record<ToForkserver['type'], true>> = {
  configure: true,
  settle: true,
  check: true,
  prepare: true,
  fork: true,
  signal: true,
  'reopen-logs': true,
  leave: true,
  log: true,
  access: true,
  hook: true,
  facts: true,
  'pack-state': true,
  'call-handler': true,
  'release-handlers': true,
};

const TYPES_FROM: Readonly<Record<FromForkserver['type'], true>> = {
  configured: true,
  settled: true,
  checked: true,
  prepared: true,
  failed: true,
  signalled: true,
  forked: true,
  'not-forked': true,
  ready: true,
  spent: true,
  exiting: true,
  drained: true,
  'boot-failed': true,
  'wants-successor': true,
  loaded: true,
  'extra-files': true,
  exited: true,
  'hook-done': true,
  state: true,
  handles: true,
  lingers: true,
  ask: true,
};

test('every message to the forkserver is declared', () => {
  assert.deepEqual(vectors.toForkserver, TO_FORKSERVER);
  assert.deepEqual(new Set(TO_FORKSERVER.map(({ type }) => type)), new Set(Object.keys(TYPES_TO)));
});

test('every message from the forkserver is parsed', () => {
  for (const message of vectors.fromForkserver.good) {
    assert.deepEqual(parseFromForkserver(JSON.stringify(message)), message);
  }
  const types = vectors.fromForkserver.good.map(({ type }) => type);
  assert.deepEqual(new Set(types), new Set(Object.keys(TYPES_FROM)));
});

for (const { name, message } of vectors.fromForkserver.bad) {
  test(`${name} is not a message of a forkserver`, () => {
    assert.match(String(parseFromForkserver(JSON.stringify(message))), /^not a message of a forkserver: /);
  });
}

test('a line that is cut off is no JSON, and no exception', () => {
  for (const line of [
    '',
    '{"type":"boot-failed","pid":3,"message":"\\ud83d',
    'garbage',
    '{"type":"ready","pid":NaN}',
  ]) {
    assert.match(String(parseFromForkserver(line)), /^not JSON: /);
  }
});
