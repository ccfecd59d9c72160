// How this process was started. Read once, before anything else, and removed from the environment for its children.

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { openFilesAtStart, readLimits } from '../../arbiter/process/open-files.ts';
import type { OwnStart } from '../../arbiter/process/start-self.ts';
import {
  INHERITANCE_VARIABLES,
  type InheritedSockets,
  parentPid,
  readAdminInheritance,
  readInheritance,
} from '../../arbiter/sockets/inherited-sockets.ts';
import type { Entry } from '../../log/message.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import {
  ADMIN_HANDOVER_VARIABLE,
  LAUNCHER_VARIABLE,
  NODE_VARIABLE,
  OPEN_FILES_VARIABLE,
} from '../../messages/environment-variables.ts';
import { type Launcher, readLauncher } from './launcher.ts';

/** In the environment of a process started in the background: the descriptor to report its start on. */
export const DAEMON_VARIABLE = 'TUNICORN_DAEMON';

export interface Start extends OwnStart {
  readonly sockets: InheritedSockets | null;
  readonly adminSockets: InheritedSockets | null;
  /** Why sockets named in the environment are ignored. */
  readonly warning: Entry | null;
  readonly launchedBy: Launcher | null;
  /** For the log. */
  readonly nodeSource: string;
  /** Null for a process started by hand. */
  readonly reportDescriptor: number | null;
}

export type ReadStart = { readonly ok: true; readonly start: Start } | { readonly ok: false; readonly message: string };

export function readStart(): ReadStart {
  const inheritance = readInheritance(process.env, process.pid);
  if (!inheritance.ok) return inheritance;
  const ofAdmin = readAdminInheritance(process.env);
  if (!ofAdmin.ok) return ofAdmin;
  const { sockets, warning } = inheritance;
  const cwd = currentDirectory();
  if (cwd === null) return { ok: false, message: "The current directory doesn't exist any more. Start in another one" };
  const closed = whyClosed(cwd);
  if (closed !== null) {
    const message = `The current directory '${cwd}' cannot be used by user ${process.geteuid?.()}: ${closed}. Start in another one`;
    return { ok: false, message };
  }
  const parent = parentPid(process.env);
  const handover = process.env[ADMIN_HANDOVER_VARIABLE];
  const adminHandover = parent === null || handover === undefined ? null : Number(handover);
  const report = process.env[DAEMON_VARIABLE];
  const launchedBy = readLauncher(process.env[LAUNCHER_VARIABLE]);
  if (typeof launchedBy === 'string') return { ok: false, message: launchedBy };
  if (launchedBy?.givenNode === null) delete process.env[NODE_VARIABLE];
  else if (launchedBy !== null) process.env[NODE_VARIABLE] = launchedBy.givenNode;
  const nodeSource = launchedBy?.node ?? (process.env[NODE_VARIABLE] ? NODE_VARIABLE : 'PATH');
  const openFiles = openFilesAtStart(process.env[OPEN_FILES_VARIABLE], readLimits('self'), readLimits(process.ppid));
  const own = [DAEMON_VARIABLE, OPEN_FILES_VARIABLE, LAUNCHER_VARIABLE, ADMIN_HANDOVER_VARIABLE];
  for (const name of [...INHERITANCE_VARIABLES, ...own]) delete process.env[name];
  const environment = { ...process.env };
  // The watchdog then watches the service's main process, whichever it is.
  if (environment.WATCHDOG_PID === String(process.pid)) delete environment.WATCHDOG_PID;
  const reportDescriptor = report === undefined ? null : Number(report);
  return {
    ok: true,
    start: {
      cwd,
      environment,
      openFiles,
      launcher: launchedBy?.again ?? null,
      launchedBy,
      nodeSource,
      sockets,
      adminSockets: ofAdmin.sockets,
      warning,
      parent,
      adminHandover,
      reportDescriptor,
    },
  };
}

/** $PWD, as the shell has it, so that a symbolic link that later leads to another release is followed there. */
function currentDirectory(): string | null {
  let cwd: string;
  try {
    cwd = process.cwd();
  } catch {
    return null;
  }
  const shown = process.env.PWD;
  if (shown === undefined || !shown.startsWith('/')) return cwd;
  const here = statOf(cwd);
  const there = statOf(shown);
  return here !== null && there !== null && there.dev === here.dev && there.ino === here.ino ? shown : cwd;
}

/** Children have to be able to start in it, which takes more than being in it. */
function whyClosed(cwd: string): string | null {
  try {
    accessSync(cwd, constants.X_OK);
    return null;
  } catch (error) {
    return systemErrorReason(error);
  }
}

/** Null also for a directory that this user may be in but not look up by path. */
function statOf(directory: string): Stats | null {
  try {
    return statSync(directory);
  } catch {
    return null;
  }
}
