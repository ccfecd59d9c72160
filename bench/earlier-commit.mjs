/** Tunicorn as it was at an earlier commit, built in a folder of its own, to be measured beside this working tree. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './owned-processes.mjs';
import { BENCH, ROOT, TUNICORN } from './places.mjs';
import { runOrThrow, SetUpError } from './set-up.mjs';

/** @typedef {import('./contenders/contender.mjs').Contender} Contender */

const BUILDS = join(BENCH, '.against');

/**
 * @param {string} revision a commit, tag or branch
 * @returns {Promise<{ commit: string, command: string }>} its short name, and its bin/tunicorn
 */
export async function buildEarlier(revision) {
  const { code, output } = await run('git', ['-C', ROOT, 'rev-parse', '--short', '--verify', `${revision}^{commit}`]);
  const commit = output.trim();
  if (code !== 0) throw new SetUpError(`--baseline: there is no commit '${revision}' here`);
  const folder = join(BUILDS, commit);
  const command = join(folder, 'bin', 'tunicorn');
  if (existsSync(folder)) return { commit, command };
  console.error(`Building Tunicorn of ${commit} in bench/.against ...`);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const archive = 'git -C "$1" archive "$2" | tar -x -C "$3"';
  await runOrThrow(`Unpacking ${commit}`, 'sh', ['-c', archive, 'sh', ROOT, commit, unfinished]);
  await runOrThrow('Installing its packages', 'npm', ['--prefix', unfinished, 'ci', '--ignore-scripts']);
  await runOrThrow('Building it', 'npm', ['--prefix', unfinished, 'run', 'build']);
  renameSync(unfinished, folder);
  return { commit, command };
}

/**
 * @param {readonly Contender[]} contenders
 * @param {{ commit: string, command: string }} earlier
 * @returns {Contender[]} the same, and behind each Tunicorn the earlier one
 */
export function withEarlier(contenders, { commit, command }) {
  return contenders.flatMap((contender) => {
    if (!contender.name.startsWith('tunicorn')) return [contender];
    /** @type {Contender['command']} */
    const earlier = (launch) => {
      const { file, args } = contender.command(launch);
      return { file: file === TUNICORN ? command : file, args };
    };
    const name = `${contender.name}@${commit}`;
    return [contender, { ...contender, name, title: `${contender.title} of ${commit}`, command: earlier }];
  });
}
