// A mount namespace of a server's own, in which a test gives it other file systems.

import { spawnSync } from 'node:child_process';
import { inCi, otherServer } from '../project.ts';

/** An ordinary user has one in a user namespace only. */
const unshare = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--mount', '--map-root-user'];
const mayMount = spawnSync('env', [...unshare, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** Why a test cannot have one, for its option `skip`. */
export const noMounts: string | false = otherServer
  ? 'other words'
  : !mayMount && !inCi && 'nothing can be mounted here: THIS TEST CANNOT RUN';

/** Stands before a command: runs `mounts`, lines of shell, where they change nothing for others. */
export function withMounts(mounts: string): readonly string[] {
  return [...unshare, 'sh', '-c', `set -e; mount --make-rprivate /; ${mounts}; exec "$0" "$@"`];
}
