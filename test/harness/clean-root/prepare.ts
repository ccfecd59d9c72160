// Makes the base of the clean roots and its folder of wheels, unless they are there from an earlier run. About two minutes, with the network.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mountLines } from './mounts.ts';
import { baseDir, debootstrapArguments, mirror, requirements, wheelhouseDir } from './recipe.ts';

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

function main(): void {
  if (!existsSync(baseDir)) make(baseDir, makeBase);
  if (!existsSync(wheelhouseDir)) make(wheelhouseDir, downloadWheels);
}

/** Whole or not at all. */
function make(path: string, fill: (draft: string) => void): void {
  const draft = `${path}.draft-${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    fill(draft);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function makeBase(draft: string): void {
  run('debootstrap', [...debootstrapArguments, draft, mirror]);
  run('chroot', [draft, 'useradd', '--create-home', '--shell', '/bin/bash', 'dev']);
  for (const path of ['wheels', 'own-wheel', 'srv/node']) mkdirSync(join(draft, path), { recursive: true });
  for (const path of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man']) {
    rmSync(join(draft, path), { recursive: true, force: true });
  }
}

/** With the base's own Python, so that the wheels fit it. */
function downloadWheels(draft: string): void {
  const scratch = `${draft}-root`;
  const [target, upper, work] = [join(scratch, 'root'), join(scratch, 'upper'), join(scratch, 'work')] as const;
  for (const path of [draft, target, upper, work]) mkdirSync(path, { recursive: true });
  const mounts = mountLines({ target, layers: [baseDir], changes: { upper, work }, memory: ['/run'] });
  const download = [
    'python3 -m venv /tmp/venv',
    `/tmp/venv/bin/pip download --quiet --dest /wheels --requirement /tmp/requirements.txt`,
  ].join(' && ');
  try {
    mkdirSync(join(upper, 'tmp'), { mode: 0o1777 });
    copyFileSync(requirements, join(upper, 'tmp', 'requirements.txt'));
    copyFileSync(CERTIFICATES, join(upper, 'tmp', 'certificates.crt'));
    const script = [
      mounts,
      `mount --bind ${draft} ${target}/wheels`,
      `cp /etc/resolv.conf /etc/hosts ${target}/etc/ 2>/dev/null || true`,
      `exec env -i PATH=/usr/sbin:/usr/bin:/bin PIP_CERT=/tmp/certificates.crt chroot ${target} sh -c '${download}'`,
    ].join('\n');
    run('unshare', ['--mount', '--propagation=private', 'sh', '-c', script]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${program} has failed: ${error?.message ?? `exit code ${status}`}`);
}

main();
