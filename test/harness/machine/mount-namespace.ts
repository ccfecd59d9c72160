// A mount namespace for one server, in which a test mounts other file systems.

import { spawnSync } from 'node:child_process';
import { inCi, otherServer } from '../project.ts';

/** Ordinary users can have one only in a user namespace. */
const unshare = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--mount', '--map-root-user'];
const mayMount = spawnSync('env', [...unshare, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** The reason why mount namespaces are unavailable, for a test's option `skip`. */
export const noMounts: string | false = otherServer
  ? 'other words'
  : !mayMount && !inCi && 'nothing can be mounted here: THIS TEST CANNOT RUN';

/** A prefix for a command: runs `mounts`, lines of shell, in a namespace of their own. */
export function withMounts(mounts: string): readonly string[] {
  return [...unshare, 'sh', '-c', `set -e; mount --make-rprivate /; ${mounts}; exec "$0" "$@"`];
}
