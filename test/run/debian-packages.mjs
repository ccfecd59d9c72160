// Proxies and service managers that some tests need: packages of Debian, installed if that is permitted.

import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { has, shout, step } from './steps.mjs';

const PROGRAMS = [
  { name: 'nginx', from: 'nginx-light' },
  { name: 'haproxy', from: 'haproxy' },
  { name: 'supervisord', from: 'supervisor' },
  { name: 'systemd-socket-activate', from: 'systemd' },
  { name: 'strace', from: 'strace' },
  { name: 'promtool', from: 'prometheus' },
  { name: 'ip', from: 'iproute2' },
  { name: 'debootstrap', from: 'debootstrap' },
  { name: 'pg_ctlcluster', from: 'postgresql' },
];

const missing = () => PROGRAMS.filter(({ name }) => !has(name));

/**
 * Installs what is missing, after a question if somebody sits at a terminal. True if every program is there; of each that is not, a loud line
 * says that its tests cannot run.
 */
export async function prepareDebianPackages() {
  if (missing().length > 0 && process.getuid?.() === 0 && has('apt-get') && (await isPermitted())) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    step('apt-get update', ['apt-get', 'update', '-qq'], env);
    for (const { name, from } of missing()) {
      step(`install ${name}`, ['apt-get', 'install', '-qq', '-y', '--no-install-recommends', from], env);
    }
  }
  for (const { name } of missing()) {
    shout(`${name} is missing and is not installed here: the tests behind it CANNOT RUN`);
  }
  return missing().length === 0;
}

/** TEST_APT says it (`yes` or `no`). Otherwise a terminal is asked; a run without one, in CI or a container, installs. */
async function isPermitted() {
  const packages = missing().map(({ from }) => from);
  const [said, isTerminal] = [process.env.TEST_APT, process.stdin.isTTY && process.stdout.isTTY];
  if (said === 'yes' || said === 'no') return said === 'yes';
  if (said !== undefined) {
    shout(`TEST_APT is "${said}"; wanted: yes (install Debian packages) or no`);
    return false;
  }
  if (!isTerminal) {
    process.stdout.write(`\nInstalling Debian packages by apt-get: ${packages.join(', ')} (TEST_APT=no declines)\n`);
    return true;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`\nSome tests need Debian packages: ${packages.join(', ')}.\nInstall? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
