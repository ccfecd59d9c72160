// Packages of any Debian release, unpacked in a folder: apt-get works on lists of its own, and installs nothing.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filled, run, runtimesDir } from './fetch.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Unpacks these packages of the release into the folder. */
export function unpackPackages(release, names, folder) {
  aptGet('deb', release, ['download', ...names], folder);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run(['dpkg-deb', '-x', file, '.'], { cwd: folder });
  }
}

/** Unpacks the original sources of a package; the folder that they are in. */
export function unpackSource(release, name, folder) {
  mkdirSync(folder, { recursive: true });
  aptGet('deb-src', release, ['source', '--download-only', name], folder);
  const archive = readdirSync(folder).find((file) => /\.orig\.tar\.\w+$/.test(file));
  if (archive === undefined) throw new Error(`Debian ${release} has no sources of ${name}`);
  run(['tar', '-xf', archive, '--strip-components=1', '--no-same-owner'], { cwd: folder });
  return folder;
}

function aptGet(kind, release, command, cwd) {
  const lists = filled(`apt-${kind}-${release}`, (folder) => {
    mkdirSync(join(folder, 'lists', 'partial'), { recursive: true });
    mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    writeFileSync(join(folder, 'sources.list'), `${kind} [signed-by=${KEYRING}] ${mirror()} ${release} main\n`);
    run(['apt-get', ...privately(folder), 'update', '-qq']);
  });
  run(['apt-get', ...privately(lists), '-qq', ...command], { cwd });
}

function privately(folder) {
  const options = [
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    // apt's own user may not be able to write below this project.
    'APT::Sandbox::User=root',
  ];
  return options.flatMap((option) => ['-o', option]);
}

/** The one that this machine uses. */
function mirror() {
  const format = ['--format', '$(REPO_URI) $(LABEL)', 'Created-By: Packages'];
  const uris = run(['apt-get', 'indextargets', ...format], { cwd: runtimesDir }).split('\n');
  const found = uris.find((line) => line.endsWith(' Debian'))?.split(' ')[0];
  if (found === undefined) throw new Error('this machine has no lists of Debian packages (apt-get update)');
  return found;
}
