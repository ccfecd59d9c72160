// What nothing uses: files, exports, dependencies. Run twice by `npm run check:structure`: over everything, where an export that only its own
// file uses is one too many; and with --production, where src/ must not keep for the tests alone what it does not use itself.
// `@internal` marks the few exports that are there for tests and tools.

const isProduction = process.argv.includes('--production');

export default {
  entry: [
    'src/cli/start/first-steps.ts!',
    'src/cli/main.ts!',
    'src/gateway/main.ts!',
    'src/generated-docs/write-all.ts!',
    'bin/start.cjs',
    'bin/gateway.cjs',
    'test/**/*.test.ts',
    'test/frameworks/write-page.ts',
    'test/run/count-reporter.mjs',
    'test/first-steps/write-page.ts',
    'test/harness/clean-root/prepare.ts',
    'test/versions/write-section.ts',
    'test/conformance/fuzz.ts',
    'bench/scenarios/*.mjs',
    'bench/soak/run.ts',
  ],
  project: ['src/**/*.ts!', 'test/**/*.{ts,mjs}', 'bench/**/*.{ts,mjs}', 'bin/*.cjs', '*.{mjs,cjs}'],
  // Programs of the system are no packages.
  exclude: ['binaries'],
  // bench/charts is a package of its own, with its own lock file.
  ignoreDependencies: ['@mixmark-io/domino', '@observablehq/plot'],
  ignoreExportsUsedInFile: isProduction,
};
