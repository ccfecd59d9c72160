// Bundles each kind of Node process into one file, dist/bundle/NAME.cjs: reading and compiling 150 modules took most of a start.
// bin/load.cjs runs them. The modules that tsc writes to dist/ stay beside them, and run if a bundle is missing or older.

const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { buildSync } = require('esbuild');

const ENTRIES = { first: 'src/cli/start/first-steps.ts', command: 'src/cli/main.ts', gateway: 'src/gateway/main.ts' };

const folder = path.join(__dirname, 'dist', 'bundle');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const packages = new Set();
for (const [name, entry] of Object.entries(ENTRIES)) {
  const { outputFiles, metafile } = buildSync({
    metafile: true,
    absWorkingDir: __dirname,
    entryPoints: [entry],
    outfile: path.join(folder, `${name}.cjs`),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Half the source to read and to keep; names stay, and bin/stack-traces.cjs restores positions.
    minifyWhitespace: true,
    minifySyntax: true,
    // One byte per character in memory.
    charset: 'ascii',
    legalComments: 'inline',
    sourcemap: 'external',
    sourcesContent: false,
    write: false,
    define: {
      'import.meta.url': 'bundleUrl',
      // The native helpers of ws are not among the dependencies: it need not look for them.
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
    },
    logLevel: 'warning',
  });
  for (const input of Object.keys(metafile.inputs)) {
    const [, packageName] = /node_modules\/([^/]+)\//.exec(input) ?? [];
    if (packageName !== undefined) packages.add(packageName);
  }
  for (const { path: file, text } of outputFiles) {
    if (file.endsWith('.map')) writeFileSync(file, text);
    // The last line tells bin/load.cjs which compiled code belongs to it.
    else writeFileSync(file, `${text}//${createHash('sha256').update(text).digest('hex').slice(0, 16)}\n`);
  }
}

// Packages of npm may be passed on with their licences only.
const licences = [...packages].sort().map((name) => {
  const text = readFileSync(path.join(__dirname, 'node_modules', name, 'LICENSE'), 'utf8');
  return `${name}\n${'='.repeat(name.length)}\n\n${text.trim()}\n`;
});
writeFileSync(path.join(folder, 'LICENSES.txt'), licences.join('\n\n'));
