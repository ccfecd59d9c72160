// A system account for one scenario, with group memberships, and the rights of a process as the kernel reports them. Root only.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Scene } from '../scenario.ts';

export interface Account {
  readonly name: string;
  readonly userId: number;
  /** The user's own group. */
  readonly groupId: number;
  /** Another group of the user. */
  readonly clubId: number;
}

let accounts = 0;

/** Both are removed at the end of the scenario. */
export function makeAccount(scene: Scene): Account {
  accounts += 1;
  const name = `tuni${process.pid}x${accounts}`;
  const club = `${name}club`;
  execFileSync('/usr/sbin/groupadd', [club]);
  scene.defer(() => void execFileSync('/usr/sbin/groupdel', [club]));
  execFileSync('/usr/sbin/useradd', ['--no-create-home', '--user-group', '--groups', club, name], { stdio: 'ignore' });
  scene.defer(() => void execFileSync('/usr/sbin/userdel', [name], { stdio: 'ignore' }));
  const [, , userId, groupId] = entry('passwd', name);
  const [, , clubId] = entry('group', club);
  return { name, userId: Number(userId), groupId: Number(groupId), clubId: Number(clubId) };
}

export interface Rights {
  readonly userId: number;
  readonly groupId: number;
  readonly groups: readonly number[];
}

/** The effective ids and the supplementary groups of a process. */
export function rightsOf(pid: number): Rights {
  const fields = (name: string): number[] =>
    (new RegExp(`^${name}:(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '')
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  return { userId: fields('Uid')[1] ?? -1, groupId: fields('Gid')[1] ?? -1, groups: fields('Groups') };
}

function entry(database: 'passwd' | 'group', name: string): string[] {
  return execFileSync('getent', [database, name], { encoding: 'utf8' }).trim().split(':');
}
