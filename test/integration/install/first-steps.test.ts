// The first steps of README.md, typed on a system with Python and without Node.js. docs/first-steps.md shows them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stepSection } from '../../first-steps/page.ts';
import { recordSteps } from '../../first-steps/record.ts';
import { essence } from '../../first-steps/transcript.ts';
import { steps } from '../../first-steps/walk.ts';
import { noCleanRoot } from '../../harness/clean-root/clean-root.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { root as project } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const page = readFileSync(join(project, 'docs', 'first-steps.md'), 'utf8');

/** How the README begins a new release. */
const release = releaseLines(readFileSync(join(project, 'README.md'), 'utf8'));

test('the README has first steps for Flask, Django and FastAPI', () => {
  assert.deepEqual(
    steps.map(({ framework }) => framework),
    ['Flask', 'Django', 'FastAPI'],
  );
  for (const { elsewhere } of steps) assert.ok(elsewhere.some((line) => line.startsWith('curl ')));
});

for (const step of steps) {
  scenario(
    `the README's lines for ${step.framework} serve on a system without Node.js, HUP reloads, and the server ends with 0`,
    async (scene) => {
      const { record, walked } = await recordSteps(scene, step);
      const { terminal, other } = walked;
      const answers = record.entries.filter(({ line }) => line.startsWith('curl ')).map(({ output }) => output[0]);
      for (const answer of answers) assert.equal(answer, 'HTTP/1.1 200 OK');

      const running = terminal.start(`${step.commands.at(-1)} ${release.flag}`);
      await terminal.log.waitFor(generationServing(1), running.since);
      const arbiter = terminal.arbiter();
      assert.equal((await other.type(release.command)).status, 0);
      await terminal.log.waitFor(generationServing(2), running.since);
      for (const line of step.elsewhere) {
        const { status, output } = await other.type(line);
        assert.equal(status, 0, output.join('\n'));
      }
      process.kill(arbiter, 'SIGTERM');
      const { status, output } = await running.end();
      assert.equal(status, 0, output.join('\n'));

      const section = new RegExp(`^## ${step.framework}\n[^]*?(?=^## |$(?![^]))`, 'm').exec(page)?.[0] ?? '';
      const stale = 'docs/first-steps.md does not show this any more: npm run docs:first-steps';
      assert.deepEqual(essence(section), essence(stepSection(record)), stale);
    },
    { skip: noCleanRoot, limitMs: 600_000 },
  );
}

function releaseLines(readme: string): { readonly flag: string; readonly command: string } {
  const [, flag, command] = /start the server with `(--pid \S+)`[^`]*`(kill -HUP [^`]+)`/.exec(readme) ?? [];
  if (flag === undefined || command === undefined) throw new Error('README.md says no longer how to reload');
  return { flag, command };
}
