// The command: arguments in, an exit status out. Finds the interpreter, has the first forkserver evaluate the configuration file,
// resolves the settings, and hands over to the arbiter.

import { Arbiter } from '../arbiter/arbiter.ts';
import { ArbiterPidFile, pidFilePath } from '../arbiter/arbiter-pid-file.ts';
import { setArbiterTitle } from '../arbiter/arbiter-title.ts';
import { EXIT_ERROR, EXIT_OK, EXIT_USAGE } from '../arbiter/exit-status.ts';
import { type ForkserverCommand, ownForkserver, programForkserver } from '../arbiter/forkserver-command.ts';
import { ForkserverHandle } from '../arbiter/forkserver-handle.ts';
import { ForkserverRelay } from '../arbiter/forkserver-relay.ts';
import { describeInherited } from '../arbiter/inherited-sockets.ts';
import { type ListenerOptions, Listeners } from '../arbiter/listeners.ts';
import type { Resolution, ResolvedSettings } from '../arbiter/resolved-settings.ts';
import { makeRuntimeDirectories, removeRuntimeDirectories } from '../arbiter/runtime-directory.ts';
import { firstFacts } from '../arbiter/settle-message.ts';
import { nameSuffix } from '../arbiter/start-self.ts';
import { ErrorLog } from '../log/error-log.ts';
import type { Configure } from '../messages/between-arbiter-and-forkserver.ts';
import { Telemetry } from '../metrics/telemetry.ts';
import type { FlagValues } from '../settings/layers.ts';
import { currentFacts } from '../settings/process-facts.ts';
import { parseArguments, parseCommandArgs } from './arguments.ts';
import { checkApplication } from './check-application.ts';
import { configurationFailure } from './configuration-failure.ts';
import { configureMessage } from './configure-message.ts';
import { reportStart, settleInBackground, startDaemon } from './daemon.ts';
import { embeddingProgram, interpreterOf, withoutProgram } from './embedding-program.ts';
import { type Called, callFirst, settleFirst } from './first-forkserver.ts';
import { findInterpreter } from './interpreter.ts';
import { readStart, type Start } from './own-start.ts';
import { formatConfig, listConfig } from './print-config.ts';
import { resolver } from './resolver.ts';
import { readVersion } from './version.ts';
import { withWritableLogs } from './writable-logs.ts';

/** Runs the command with `argv` (without node and script) and exits the process with its status. */
export async function main(argv: readonly string[]): Promise<never> {
  process.exit(await run(argv));
}

async function run(argv: readonly string[]): Promise<number> {
  const version = readVersion();
  const found = readStart();
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
  const search = { python, env: process.env, cwd };
  const foundPython = program === null ? await findInterpreter(search) : interpreterOf(program);
  if (!foundPython.ok) return failed(`Error: ${foundPython.message}`);
  const { interpreter } = foundPython;

  const relay = new ForkserverRelay();
  const forkserverCommand =
    program === null
      ? ownForkserver(interpreter.path, cwd)
      : programForkserver(program.command, program.cwd, withoutProgram(process.env), version);
  const forkserver = new ForkserverHandle(forkserverCommand, relay);
  const configure = configureMessage(commandArgs.values, commandLine.values);
  forkserver.send(configure);
  const configured = await relay.next();
  if (configured.type !== 'configured') {
    forkserver.kill();
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
    for (const warning of resolution.warnings) process.stderr.write(`Warning: ${warning}\n`);
    const failure = await checkApplication(forkserver, relay, resolved);
    forkserver.kill();
    return failure === null ? EXIT_OK : failed(failure);
  }
  if (resolved.settings.daemon && start.reportDescriptor === null && start.parent === null) {
    forkserver.kill();
    return startDaemon(start, resolved.settings);
  }
  const pythonVersion = interpreter.version.join('.');
  const using = `Using Python ${pythonVersion} at ${interpreter.path} (from ${interpreter.source})`;
  return serve({
    start,
    forkserver,
    relay,
    resolution,
    resolve,
    python: interpreter.path,
    forkserverCommand,
    using,
    configure,
    version,
  });
}

interface Serving {
  readonly start: Start;
  readonly forkserver: ForkserverHandle;
  readonly relay: ForkserverRelay;
  readonly resolution: Resolution & { ok: true };
  readonly resolve: ReturnType<typeof resolver>;
  readonly python: string;
  readonly forkserverCommand: ForkserverCommand;
  readonly using: string;
  readonly configure: Configure;
  readonly version: string;
}

async function serve(serving: Serving): Promise<number> {
  const checked = withWritableLogs(serving.resolution);
  if (!checked.ok) {
    serving.forkserver.kill();
    return failed(describeErrors(checked.errors));
  }
  const { resolved, warnings } = checked;
  const { settings, ids } = resolved;
  const startDir = serving.forkserverCommand.cwd;
  process.chdir(settings.chdir);
  const opened = ErrorLog.open({
    speaker: 'arbiter',
    target: resolved.gateway.errorLog,
    level: settings.loglevel,
    form: settings.log_format,
    owner: { uid: ids.userId, gid: ids.groupId },
  });
  if (!opened.ok) {
    serving.forkserver.kill();
    return failed(`Error: ${opened.message}`);
  }
  const { log } = opened;
  const telemetry = new Telemetry(log, serving.python, resolved.gateway);
  const { forkserver, relay } = serving;
  const settled = await settleFirst(forkserver, relay, resolved, firstFacts(startDir, serving.start.parent));
  if (!settled.ok) {
    forkserver.kill();
    return failed(settled.message);
  }
  const { hooks } = settled;
  if (resolved.gateway.logWriter === 'python') log.relay.target = forkserver;
  const counted = await callFirst(forkserver, relay, hooks, {
    type: 'hook',
    hook: 'nworkers_changed',
    new: settings.workers,
    old: null,
  });
  if (!counted.ok) return await endedByHook(forkserver, counted);
  setArbiterTitle(resolved.gateway.procName);
  log.log('info', `Starting tunicorn ${serving.version}`);
  log.log('info', serving.using);
  for (const warning of warnings) log.log('warning', warning);
  log.log('debug', `Current configuration:\n${listConfig(settings)}`);

  const { start } = serving;
  if (start.warning !== null) log.log('warning', start.warning);
  if (start.sockets !== null) log.log('info', describeInherited(start.sockets));
  const starting = await callFirst(forkserver, relay, hooks, { type: 'hook', hook: 'on_starting' });
  if (!starting.ok) return await endedByHook(forkserver, starting);
  const reasons: string[] = [];
  const options: ListenerOptions = {
    python: serving.python,
    backlog: settings.backlog,
    umask: settings.umask,
    reusePort: settings.reuse_port,
    uid: ids.userId,
    gid: ids.groupId,
    log: (level, message) => {
      if (level === 'error' && !reasons.includes(message)) reasons.push(message);
      log.log(level, message);
    },
  };
  const listeners = await Listeners.open(settings.bind, options, start.sockets);
  if (!listeners.ok) {
    log.log('error', listeners.message);
    reportStart({ type: 'failed', text: errorText(`Error: ${[...reasons, listeners.message].join('\n')}`) });
    await forkserver.leave();
    return EXIT_ERROR;
  }
  const pidFile = ArbiterPidFile.create(pidFilePath(settings, nameSuffix(start)));
  if (!pidFile.ok) {
    listeners.listeners.close();
    await forkserver.leave();
    return failed(`Error: ${pidFile.message}`);
  }
  log.log('info', listeners.listeners.describe());
  log.log('info', `Using worker: ${resolved.workerClass.name}`);
  return runArbiter(serving, resolved, hooks, { log, telemetry }, listeners.listeners, pidFile.pidFile);
}

/** With what has been logged so far, which the forkserver may not have written yet. */
async function endedByHook(
  forkserver: ForkserverHandle,
  { message, exitCode }: Called & { ok: false },
): Promise<number> {
  await forkserver.leave();
  failed(message);
  return exitCode;
}

async function runArbiter(
  serving: Serving,
  resolved: ResolvedSettings,
  hooks: ReadonlySet<string>,
  { log, telemetry }: { readonly log: ErrorLog; readonly telemetry: Telemetry },
  listeners: Listeners,
  pidFile: ArbiterPidFile,
): Promise<number> {
  const { worker_tmp_dir: runtimeParent, tmp_upload_dir: spoolParent } = resolved.settings;
  const made = makeRuntimeDirectories(runtimeParent, spoolParent, resolved.ids);
  if (!made.ok) {
    listeners.close();
    pidFile.remove();
    serving.forkserver.kill();
    return failed(`Error: ${made.message}`);
  }
  const { directories } = made;
  try {
    const arbiter = new Arbiter({
      python: serving.python,
      forkserverCommand: serving.forkserverCommand,
      configure: serving.configure,
      firstForkserver: (listener) => {
        serving.relay.handOver(listener);
        return serving.forkserver;
      },
      resolved,
      hooks,
      resolve: (found) => withWritableLogs(serving.resolve(found)),
      log,
      telemetry,
      listeners,
      directories,
      pidFile,
      ownStart: serving.start,
    });
    reportStart({ type: 'started' });
    return await arbiter.run();
  } finally {
    removeRuntimeDirectories(directories);
    telemetry.close();
    log.close();
  }
}

function printed(result: { readonly kind: 'print' | 'usage-error'; readonly text: string }): number {
  if (result.kind === 'print') {
    process.stdout.write(result.text);
    return EXIT_OK;
  }
  process.stderr.write(result.text);
  return EXIT_USAGE;
}

function failed(message: string): number {
  const text = errorText(message);
  process.stderr.write(text);
  reportStart({ type: 'failed', text });
  return EXIT_ERROR;
}

function errorText(message: string): string {
  return `\n${message.trimEnd()}\n\n`;
}

function describeErrors(errors: readonly string[]): string {
  return errors.map((error) => `Error: ${error}`).join('\n');
}

function textOf(values: FlagValues, name: keyof FlagValues): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
