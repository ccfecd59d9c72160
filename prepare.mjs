// `npm ci` and `npm install` run this in a clone: it builds dist/, which takes TypeScript. An installation without development packages has
// none; there it is enough that dist/ has been built before.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

if (existsSync(compiler)) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else if (!existsSync(join(root, 'dist', 'cli', 'main.js'))) {
  console.error(
    `Tunicorn is not built, and TypeScript is not installed here. Run "npm ci" in ${root} first, then this again.`,
  );
  process.exitCode = 1;
}
