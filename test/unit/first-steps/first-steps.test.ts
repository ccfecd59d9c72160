import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSteps } from '../../first-steps/readme-steps.ts';
import { essence, settle, shortenPip } from '../../first-steps/transcript.ts';

const README = `# Title

## First steps

\`\`\`python app.py
app = 1
\`\`\`

\`\`\`sh
# Flask
pip install flask tunicorn

tunicorn app:app
\`\`\`

\`\`\`sh
# Flask, in another terminal
curl -i http://127.0.0.1:8000/
\`\`\`

\`\`\`sh
# Other
tunicorn other
\`\`\`

## Later

\`\`\`sh
# Not a step
\`\`\`
`;

test('the steps of a README are its files and commands between two headings', () => {
  assert.deepEqual(readSteps(README), [
    {
      framework: 'Flask',
      files: { 'app.py': 'app = 1\n' },
      commands: ['pip install flask tunicorn', 'tunicorn app:app'],
      elsewhere: ['curl -i http://127.0.0.1:8000/'],
    },
    { framework: 'Other', files: {}, commands: ['tunicorn other'], elsewhere: [] },
  ]);
  assert.throws(() => readSteps('# Title\n'), /no heading "## First steps"/);
});

test('times and process ids of a transcript are replaced, ids by the order in which they appear', () => {
  const lines = [
    '[2026-11-30 17:00:01 +0000] [4711] [INFO] Listening at: http://127.0.0.1:8000 (4711)',
    '[2026-11-30 17:00:02 +0000] [4712] [INFO] Booting worker with pid: 4712',
    'Date: Mon, 30 Nov 2026 17:00:03 GMT',
  ];
  assert.deepEqual(settle(lines, new Map()), [
    '[2026-12-01 09:30:00 +0000] [100] [INFO] Listening at: http://127.0.0.1:8000 (100)',
    '[2026-12-01 09:30:00 +0000] [101] [INFO] Booting worker with pid: 101',
    'Date: Tue, 01 Dec 2026 09:30:00 GMT',
  ]);
});

test("of pip's lines, those packages remain that were asked for", () => {
  const output = ['Collecting flask', 'Successfully installed blinker-1.9 flask-3.1 tunicorn-0.1.0'];
  const expected = ['…', 'Successfully installed … flask-3.1 … tunicorn-0.1.0 …'];
  assert.deepEqual(shortenPip('.venv/bin/pip install flask tunicorn', output), expected);
  assert.deepEqual(shortenPip('ls', ['a']), ['a']);
});

test('a page is not stale because of versions, process ids and the order of log lines, but because of its words', () => {
  const page = (...lines: readonly string[]): readonly string[] =>
    essence(['```console', '$ tunicorn app', ...lines, '$ ls', '```'].join('\n'));
  const one = page('[100] [INFO] Starting tunicorn 0.1.0', '[101] [INFO] Booting worker with pid: 101');
  assert.deepEqual(page('[102] [INFO] Booting worker with pid: 102', '[100] [INFO] Starting tunicorn 0.2.0'), one);
  assert.notDeepEqual(page('[102] [INFO] Booting worker with pid: 102', '[100] [INFO] Began tunicorn 0.2.0'), one);
});
