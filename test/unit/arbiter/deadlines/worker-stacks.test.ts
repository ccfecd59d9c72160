// The application's part of faulthandler's output.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applicationStack, hasSameFrames, lastStacks } from '../../../../src/arbiter/deadlines/worker-stacks.ts';

const OWN = '/opt/tunicorn/python/tunicorn';

const BUSY = `Fatal Python error: Aborted

Current thread 0x00007f1 (most recent call first):
  File "/srv/app/views.py", line 12 in slow
  File "/srv/app/tunicorn/wrapper.py", line 3 in call
  File "/srv/venv/lib/python3.11/site-packages/flask/app.py", line 1511 in wsgi_app
  File "${OWN}/wsgi/run_request.py", line 110 in _answer
  File "${OWN}/worker.py", line 172 in _take_tickets
  File "${OWN}/forkserver.py", line 200 in <module>
  File "<string>", line 1 in <module>
`;

const IDLE = `Fatal Python error: Aborted

Current thread 0x00007f1 (most recent call first):
  File "${OWN}/worker.py", line 158 in _take_tickets
  File "${OWN}/forkserver.py", line 200 in <module>
`;

test('the frames of the application stay, those of the worker around them go', () => {
  assert.equal(
    applicationStack(BUSY, OWN),
    `Current thread 0x00007f1 (most recent call first):
  File "/srv/app/views.py", line 12 in slow
  File "/srv/app/tunicorn/wrapper.py", line 3 in call
  File "/srv/venv/lib/python3.11/site-packages/flask/app.py", line 1511 in wsgi_app`,
  );
});

test('all threads are shown: the one that is stuck need not be the one that was interrupted', () => {
  const other = `Thread 0x00007f2 (most recent call first):
  File "/srv/app/background.py", line 7 in loop
`;
  assert.match(applicationStack(`${other}\n${BUSY}`, OWN), /background\.py.*\nCurrent thread.*\n.*views\.py/);
});

test('a worker between two requests shows its own frames, because it has no others', () => {
  assert.equal(
    applicationStack(IDLE, OWN),
    `Current thread 0x00007f1 (most recent call first):
  File "${OWN}/worker.py", line 158 in _take_tickets
  File "${OWN}/forkserver.py", line 200 in <module>`,
  );
});

test("a folder whose name only begins like ours is the application's", () => {
  const text = `Current thread 0x1 (most recent call first):\n  File "${OWN}_admin/views.py", line 1 in view\n`;
  assert.match(applicationStack(text, OWN), /tunicorn_admin\/views\.py/);
});

test('without a stack the text is empty', () => {
  assert.equal(applicationStack('', OWN), '');
  assert.equal(applicationStack('Fatal Python error: Aborted\n\n', OWN), '');
});

test('of a worker that was asked for its stacks before, the last words are those of its end', () => {
  const asked = 'Current thread 0x1 (most recent call first):\n  File "/srv/app/views.py", line 1 in early\n\n';
  assert.equal(lastStacks(asked + BUSY, asked.length), BUSY);
  assert.equal(lastStacks(asked + BUSY, 0), BUSY);
  assert.equal(lastStacks(BUSY, 0), BUSY);
});

test('without a stack from its end, a requested stack not logged yet counts as the last of the worker', () => {
  const asked = 'Current thread 0x1 (most recent call first):\n  File "/srv/app/views.py", line 1 in early\n\n';
  assert.equal(lastStacks(asked, asked.length), '');
  assert.equal(lastStacks(asked + asked, asked.length), asked);
  const cut = 'Fatal Python error: Aborted\n\n';
  assert.equal(lastStacks(asked + asked + cut, asked.length), asked + cut);
});

test('the list of extension modules, which follows a fatal error, is left out', () => {
  assert.doesNotMatch(applicationStack(`${BUSY}\nExtension modules: uvloop.loop (total: 1)\n`, OWN), /Extension/);
});

test('a stack that the log has already is known by its frames, in either form', () => {
  const logged = 'The request (most recent call last):\n  File "/app.py", line 7, in app\n    spin()\n';
  assert.ok(hasSameFrames('Current thread 0x1 (most recent call first):\n  File "/app.py", line 7 in app', logged));
  assert.ok(!hasSameFrames('Current thread 0x1 (most recent call first):\n  File "/app.py", line 8 in app', logged));
  assert.ok(!hasSameFrames('', logged));
});
