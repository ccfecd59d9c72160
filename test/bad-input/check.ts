// Runs the command with a mistake, and compares its output and its exit status.

import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { describe } from 'node:test';
import { otherServer } from '../harness/project.ts';
import { type Scene, scenario } from '../harness/scenario.ts';
import { APP, type BadInput } from './bad-input.ts';

export function refuses(cases: readonly BadInput[]): void {
  describe('bad input', { concurrency: 4 }, () => {
    for (const bad of cases) {
      scenario(`${bad.it} is reported and ends the command`, (scene) => check(scene, bad), {
        skip: otherServer && 'other words',
      });
    }
  });
}

async function check(scene: Scene, { args, files = {}, env = {}, bind, exits, says }: BadInput): Promise<void> {
  const isBound = bind === 'default' || args.includes('-b');
  const { code, text, stdout } = await scene.run({
    files: { 'app.py': APP, ...files },
    args: isBound ? args : ['--bind', 'unix:s.sock', ...args],
    env,
  });
  assert.equal(stdout, '');
  assert.deepEqual(linesOf(text, realpathSync(scene.dir)), says);
  assert.equal(code, exits);
}

function linesOf(text: string, dir: string): string[] {
  return text
    .replaceAll(dir, 'DIR')
    .replace(/\(the interpreter is \/\S+, Python [0-9.]+; /g, '(the interpreter is PYTHON; ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes(' [INFO] ') && !/^[ ^~]+$/.test(line))
    .map((line) => line.replace(/^\[[^\]]+\] \[\d+\] /, ''));
}
