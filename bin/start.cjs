// Starts the command in a Node.js that is new enough.

// These signals are meant for a running arbiter. Before it runs they must neither end nor stop the process, nor (USR1's default) open
// Node's debugger, so they are caught before anything else is loaded.
for (const signal of ['SIGHUP', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']) process.on(signal, () => {});

// bin/tunicorn has hidden it from Node.
const { TUNICORN_CA_CERTS: certificates } = process.env;
if (certificates !== undefined) {
  delete process.env.TUNICORN_CA_CERTS;
  if (certificates === '') delete process.env.NODE_EXTRA_CA_CERTS;
  else process.env.NODE_EXTRA_CA_CERTS = certificates;
}

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { isBuilt, load, loadBundle } = require('./load.cjs');

// Loading the program alone takes about a hundred descriptors, and Node's own error says only that there were too few.
const NEEDED_FILES = 128;
const root = path.dirname(__dirname);

void start();

async function start() {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'latin1') : '';
  const openFiles = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? NEEDED_FILES);
  if (openFiles < NEEDED_FILES) {
    fail(
      `A process may have ${openFiles} open files here (ulimit -Hn), and at least ${NEEDED_FILES} are needed. Raise the limit`,
    );
  }
  if (!isBuilt()) {
    fail(`Tunicorn is not built. Run "npm ci" in ${root} first`);
  }
  const argv = process.argv.slice(2);
  const first = loadBundle('first')?.takeFirstSteps(argv);
  const { main } = await load('command');
  await main(argv, first);
}

function fail(message) {
  process.stderr.write(`Error: ${message}\n`);
  process.exit(1);
}
