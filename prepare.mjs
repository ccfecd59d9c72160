// `npm ci` and `npm install` run this in a clone: it builds dist/, which takes TypeScript and esbuild. An installation without development packages has
// none; there it is enough that dist/ has been built before.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

if (existsSync(compiler)) {
  const steps = [[compiler, '-p', 'tsconfig.json'], ['bundle.cjs']];
  const failed = steps.find((step) => spawnSync(process.execPath, step, { cwd: root, stdio: 'inherit' }).status !== 0);
  process.exitCode = failed === undefined ? 0 : 1;
} else if (
  !existsSync(join(root, 'dist', 'bundle', 'command.cjs')) &&
  !existsSync(join(root, 'dist', 'cli', 'main.js'))
) {
  console.error(
    `Tunicorn is not built, and TypeScript is not installed here. Run "npm ci" in ${root} first, then this again.`,
  );
  process.exitCode = 1;
}
