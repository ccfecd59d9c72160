// The first steps of the command, a bundle of its own: it starts processes while the rest of the command loads.
//
// Which interpreter they need is a guess, from a glance at the command line: the command takes them once it has found out the same.

import { ownForkserver } from '../../arbiter/forkserver/forkserver-command.ts';
import { PROGRAM_VARIABLE } from '../../messages/environment-variables.ts';
import { EarlyProcesses } from './early-processes.ts';
import { guessInterpreter } from './interpreter.ts';
import { type ReadStart, readStart } from './own-start.ts';

export interface FirstSteps {
  readonly found: ReadStart;
  readonly early: EarlyProcesses;
}

/** Flags with which the command does not serve, or not in this process, also in their abbreviations; some others begin in the same way. */
const MAY_NOT_SERVE = /^(-[hvD]|--(h|v|che|pri|sh|da))/;

export function takeFirstSteps(argv: readonly string[]): FirstSteps {
  const found = readStart();
  const early = new EarlyProcesses();
  const isEmbedded = process.env[PROGRAM_VARIABLE] !== undefined;
  if (!found.ok || found.start.reportDescriptor !== null || isEmbedded || argv.some((word) => MAY_NOT_SERVE.test(word)))
    return { found, early };
  const { cwd, openFiles, sockets } = found.start;
  const given = { python: lastValue(argv, '--python'), chdir: lastValue(argv, '--chdir') };
  const launcher = given.python === undefined ? found.start.launchedBy : null;
  const python = launcher?.python ?? guessInterpreter({ ...given, env: process.env, cwd });
  if (python === null) return { found, early };
  early.startForkserver(ownForkserver(python, launcher?.pythonFlags ?? [], argv, cwd, openFiles));
  early.startGateway();
  if (sockets === null) early.startBinder(python);
  return { found, early };
}

function lastValue(argv: readonly string[], flag: string): string | undefined {
  let value: string | undefined;
  for (const [at, word] of argv.entries()) {
    if (word === flag) value = argv[at + 1];
    else if (word.startsWith(`${flag}=`)) value = word.slice(flag.length + 1);
  }
  return value;
}
