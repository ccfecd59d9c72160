// What the tests in test/integration/install/ need: the wheel, a clean root to install it in, and checkers of the files in deploy/.

import { join } from 'node:path';
import process from 'node:process';
import { root, shout, step } from './steps.mjs';
import { prepareDeployVenv } from './venvs.mjs';

/** After `compile`. False if some of these tests cannot run. */
export function prepareInstallation() {
  const built = step('build the wheel', ['python3', 'packaging/build_wheel.py']);
  if (!built || !prepareDeployVenv()) return false;
  if (process.getuid?.() !== 0) {
    shout('Only root can make a clean root: the tests of an installation CANNOT RUN');
    return false;
  }
  const prepare = join(root, 'build', 'test', 'harness', 'clean-root', 'prepare.js');
  return step('make the clean root (the first time: two minutes)', [process.execPath, prepare]);
}
