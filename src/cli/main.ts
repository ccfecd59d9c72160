// The command, from arguments to exit status. Finds the interpreter, has the first forkserver evaluate the configuration file, resolves
// the settings, and serves with them (serve.ts).

import * as z from 'zod';
import { ownForkserver, programForkserver } from '../arbiter/forkserver/forkserver-command.ts';
import { ForkserverHandle } from '../arbiter/forkserver/forkserver-handle.ts';
import { ForkserverRelay } from '../arbiter/forkserver/forkserver-relay.ts';
import { nameSuffix } from '../arbiter/process/arbiter-names.ts';
import { START_MESSAGES } from '../log/catalog/start.ts';
import { entry, textOf as messageText } from '../log/message.ts';
import { EXIT_OK, EXIT_USAGE } from '../messages/exit-status.ts';
import { readVersion } from '../package-facts.ts';
import { resolver } from '../settings/for-processes/resolver.ts';
import type { FlagValues } from '../settings/layers.ts';
import { currentFacts } from '../settings/process-facts.ts';
import { parseArguments, parseCommandArgs } from './arguments.ts';
import { describeErrors, failed } from './failed.ts';
import { formatConfig } from './print-config.ts';
import { warningOfProcessOne } from './process-one.ts';
import { serve } from './serve.ts';
import { checkApplication } from './start/check-application.ts';
import { configurationFailure } from './start/configuration-failure.ts';
import { configureMessage } from './start/configure-message.ts';
import { settleInBackground, startDaemon } from './start/daemon.ts';
import type { EarlyProcesses } from './start/early-processes.ts';
import { embeddingProgram, interpreterOf, withoutProgram } from './start/embedding-program.ts';
import { type FirstSteps, takeFirstSteps } from './start/first-steps.ts';
import { findInterpreter } from './start/interpreter.ts';
import { interpreterOfLauncher } from './start/launcher.ts';
import type { ReadStart } from './start/own-start.ts';
import { StartSignals } from './start-signals.ts';

// A process checks a few messages: compiling the checks would take longer than running them.
z.config({ jitless: true });

/** Runs the command with `argv` (without node and script) and exits the process with its status. */
export async function main(
  argv: readonly string[],
  { found, early }: FirstSteps = takeFirstSteps(argv),
): Promise<never> {
  const exitCode = await run(argv, found, early);
  early.discard();
  process.exit(exitCode);
}

async function run(argv: readonly string[], found: ReadStart, early: EarlyProcesses): Promise<number> {
  const version = readVersion();
  if (!found.ok) return failed(`Error: ${found.message}`);
  const { start } = found;
  settleInBackground(start);
  const program = embeddingProgram(process.env);
  if (typeof program === 'string') return failed(`Error: ${program}`);
  const readsCommandLine = program === null || program.readsCommandLine;
  const commandLine = parseArguments(readsCommandLine ? argv : [], version);
  if (commandLine.kind !== 'run') return printed(commandLine);
  const commandArgs = parseCommandArgs(readsCommandLine ? process.env.GUNICORN_CMD_ARGS : undefined, version);
  if (commandArgs.kind !== 'run') return printed(commandArgs);

  const python = textOf(commandLine.values, 'python') ?? textOf(commandArgs.values, 'python');
  const { cwd } = start;
  const chdir = textOf(commandLine.values, 'chdir') ?? textOf(commandArgs.values, 'chdir');
  const search = { python, env: process.env, cwd, chdir, trustsName: true };
  const serves = willServe(commandLine.values);
  if (serves) early.startGateway();
  const launcher = program === null && python === undefined ? start.launchedBy : null;
  const foundPython =
    program !== null ? interpreterOf(program) : (interpreterOfLauncher(launcher) ?? (await findInterpreter(search)));
  if (!foundPython.ok) return failed(`Error: ${foundPython.message}`);
  const { interpreter, notes } = foundPython;

  const relay = new ForkserverRelay();
  const forkserverCommand =
    program === null
      ? ownForkserver(interpreter.path, launcher?.pythonFlags ?? [], argv, cwd, start.openFiles)
      : programForkserver(program, withoutProgram(process.env), version, start.openFiles);
  const forkserver = new ForkserverHandle(early.takeForkserver(forkserverCommand), relay);
  if (start.sockets === null && serves) early.startBinder(interpreter.path);
  const startSignals = new StartSignals(() => {
    forkserver.kill();
    early.discard();
  });
  const configure = configureMessage(commandArgs.values, commandLine.values);
  forkserver.send(configure);
  const configured = await relay.next();
  if (configured.type !== 'configured') {
    forkserver.kill();
    // Perhaps it is no Python, whatever its name.
    const isUnproven = configured.type === 'gone' && interpreter.version === null;
    const asked = isUnproven ? await findInterpreter({ ...search, trustsName: false }) : foundPython;
    if (!asked.ok) return failed(`Error: ${asked.message}`);
    return failed(configurationFailure(configured, program !== null));
  }
  const resolve = resolver({
    environment: process.env,
    facts: { ...currentFacts(commandLine.app), cwd },
    commandLine: commandLine.values,
    commandArgs: commandArgs.values,
    app: commandLine.app,
    isEmbedded: program !== null,
    version,
    nameSuffix: () => nameSuffix(start),
  });
  const resolution = resolve(configured);
  if (!resolution.ok) {
    forkserver.kill();
    return failed(describeErrors(resolution.errors));
  }
  const { resolved } = resolution;
  const { check_config, print_config, show_origins } = resolved.settings;
  if (show_origins) process.stdout.write(formatConfig(resolved.settings, resolved.origins));
  else if (print_config) process.stdout.write(formatConfig(resolved.settings));
  if (check_config || print_config || show_origins) {
    for (const warning of [...notes, ...resolution.warnings])
      process.stderr.write(`Warning: ${messageText(warning)}\n`);
    const failure = await checkApplication(forkserver, relay, resolved);
    forkserver.kill();
    return failure === null ? EXIT_OK : failed(failure);
  }
  if (resolved.settings.daemon && start.reportDescriptor === null && start.parent === null) {
    forkserver.kill();
    early.discard();
    return startDaemon(start, resolved.settings);
  }
  const pythonVersion = (interpreter.version ?? configured.python).join('.');
  const { path, source } = interpreter;
  const node = { version: process.versions.node, path: process.execPath, source: start.nodeSource };
  const using = [
    entry(START_MESSAGES.usingNode, node),
    entry(START_MESSAGES.usingPython, { version: pythonVersion, path, source }),
  ];
  const warning = warningOfProcessOne(process.pid);
  const warnings = [...(warning === null ? [] : [warning]), ...notes, ...resolution.warnings];
  return serve({
    start,
    forkserver,
    relay,
    resolution: { ...resolution, warnings },
    resolve,
    python: interpreter.path,
    forkserverCommand,
    using,
    configure,
    version,
    pythonVersion,
    startSignals,
    early,
  });
}

function printed(result: { readonly kind: 'print' | 'usage-error'; readonly text: string }): number {
  if (result.kind === 'print') {
    process.stdout.write(result.text);
    return EXIT_OK;
  }
  process.stderr.write(result.text);
  return EXIT_USAGE;
}

/** Whether the command will serve, as far as its command line says. */
function willServe({ check_config, print_config, show_origins, daemon }: FlagValues): boolean {
  return ![check_config, print_config, show_origins, daemon].includes(true);
}

function textOf(values: FlagValues, name: keyof FlagValues): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
