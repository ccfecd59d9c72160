// Takes the first steps of one framework in a clean root, as an ordinary user: files, commands, requests, an edit, the end.

import assert from 'node:assert/strict';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CleanRoot } from '../harness/clean-root/clean-root.ts';
import { ordinaryUser } from '../harness/clean-root/clean-root.ts';
import { Terminal } from '../harness/clean-root/terminal.ts';
import { generationServing } from '../harness/log-lines.ts';
import { root as project } from '../harness/project.ts';
import type { Scene } from '../harness/scenario.ts';
import { readSteps, type Step } from './readme-steps.ts';
import { type Entry, settle, shortenDocument, shortenPip } from './transcript.ts';

export const steps: readonly Step[] = readSteps(readFileSync(join(project, 'README.md'), 'utf8'));

export interface Walk {
  readonly entries: readonly Entry[];
  readonly terminal: Terminal;
  readonly other: Terminal;
  /** The server in the first terminal. */
  readonly arbiter: number;
  /** Types Ctrl-C, and waits until the shell has its prompt again. */
  interrupt(): Promise<readonly Entry[]>;
}

/** Everything up to the answers of the running server; each command but the server has to succeed. */
export async function walk(scene: Scene, root: CleanRoot, step: Step): Promise<Walk> {
  const pids = new Map<string, number>();
  const folder = join(ordinaryUser.home, 'shop');
  // curl shows its progress unless it prints to a terminal.
  root.mustRun(`mkdir ${folder}; echo no-progress-meter > ~/.curlrc`);
  for (const [name, text] of Object.entries(step.files)) {
    const path = root.path(join(folder, name));
    writeFileSync(path, text);
    chownSync(path, ordinaryUser.uid, ordinaryUser.uid);
  }
  const terminal = new Terminal(scene, root, { cwd: folder });
  const other = new Terminal(scene, root, { cwd: folder });
  const entries: Entry[] = [];
  for (const line of step.commands.slice(0, -1)) {
    const { output, status } = await terminal.type(line);
    assert.equal(status, 0, `${line}\n${output.join('\n')}`);
    entries.push({ terminal: 'first', line, output: settle(shortenPip(line, output), pids) });
  }
  const server = step.commands.at(-1) ?? '';
  const running = terminal.start(server);
  await terminal.log.waitFor(generationServing(1), running.since);
  const arbiter = terminal.arbiter();
  const others: Entry[] = [];
  for (const line of step.elsewhere) {
    const reloads = /\bkill -HUP\b/.test(line);
    const since = terminal.log.mark();
    const { output, status } = await other.type(line);
    assert.equal(status, 0, `${line}\n${output.join('\n')}`);
    others.push({ terminal: 'other', line, output: settle(shortenDocument(output), pids) });
    if (reloads) await terminal.log.waitFor(/The generation before \S+ has ended|Generation 2 is serving/, since);
  }
  return {
    entries: [...entries, ...others],
    terminal,
    other,
    arbiter,
    interrupt: async () => {
      process.kill(arbiter, 'SIGINT');
      const { output, status } = await running.end();
      assert.equal(status, 0, output.join('\n'));
      const shown = withInterrupt(settle(output, pids));
      return [...entries, { terminal: 'first', line: server, output: shown }, ...others];
    },
  };
}

/** What a terminal shows where Ctrl-C was typed. */
function withInterrupt(output: readonly string[]): readonly string[] {
  return output.flatMap((line) => (/Handling signal: int/.test(line) ? ['^C', line] : [line]));
}
