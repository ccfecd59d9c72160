// Whatever is wrong with what the command is given, it says so in its own words, and exits with Gunicorn's status. The cases are in
// test/bad-input.

import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { describe } from 'node:test';
import { APPLICATIONS } from '../../bad-input/applications.ts';
import { APP, type BadInput } from '../../bad-input/bad-input.ts';
import { CONFIG_FILES } from '../../bad-input/config-files.ts';
import { ENVIRONMENT } from '../../bad-input/environment.ts';
import { FILE_VALUES } from '../../bad-input/file-values.ts';
import { FLAGS } from '../../bad-input/flags.ts';
import { HOOKS } from '../../bad-input/hooks.ts';
import { LOGGERS } from '../../bad-input/loggers.ts';
import { otherServer } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';

const skip = otherServer && 'other words';

describe('bad input', { concurrency: 4 }, () => {
  for (const bad of [
    ...FLAGS,
    ...ENVIRONMENT,
    ...FILE_VALUES,
    ...CONFIG_FILES,
    ...HOOKS,
    ...LOGGERS,
    ...APPLICATIONS,
  ]) {
    scenario(`${bad.it} is told and ends the command`, (scene) => check(scene, bad), { skip });
  }
});

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
