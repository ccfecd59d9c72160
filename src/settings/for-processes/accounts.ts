// The numbers behind the settings user and group. findAccounts() is pure; lookUpAccounts(), which the arbiter calls,
// reads the system's databases for it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Settings } from '../settings.ts';

export interface AccountIds {
  readonly userId: number;
  readonly groupId: number;
}

export type AccountLookup =
  | { readonly ok: true; readonly ids: AccountIds }
  | { readonly ok: false; readonly errors: readonly string[] };

export type Accounts = Pick<Settings, 'user' | 'group'>;

/** `passwd` and `group` are in the form of /etc/passwd and /etc/group: colons, the name first, its number third. */
export function findAccounts(accounts: Accounts, databases: { passwd: string; group: string }): AccountLookup {
  const userId = numberOf(accounts.user, databases.passwd);
  const groupId = numberOf(accounts.group, databases.group);
  if (userId !== null && groupId !== null) return { ok: true, ids: { userId, groupId } };
  const errors: string[] = [];
  if (userId === null) errors.push(`No such user: '${accounts.user}'`);
  if (groupId === null) errors.push(`No such group: '${accounts.group}'`);
  return { ok: false, errors };
}

export function lookUpAccounts(accounts: Accounts): AccountLookup {
  return findAccounts(accounts, {
    passwd: readDatabase('passwd', accounts.user),
    group: readDatabase('group', accounts.group),
  });
}

/**
 * The group that initgroups(3) is to add to those of the user's memberships: the setting group, or else the user's own. Null where the
 * settings do not ask for it.
 */
export function lookUpInitGroup(settings: Pick<Settings, 'initgroups'>, ids: AccountIds): number | null {
  if (!settings.initgroups || ids.userId === 0) return null;
  if (ids.groupId !== 0) return ids.groupId;
  return mainGroup(ids.userId, readText('/etc/passwd')) ?? mainGroup(ids.userId, getent('passwd', String(ids.userId)));
}

/** `passwd` is in the form of /etc/passwd. */
export function mainGroup(userId: number, passwd: string): number | null {
  for (const line of passwd.split('\n')) {
    const [, , id = '', groupId = ''] = line.split(':');
    if (id === String(userId) && /^\d+$/.test(groupId)) return Number(groupId);
  }
  return null;
}

function numberOf(account: number | string, database: string): number | null {
  if (typeof account === 'number') return account;
  for (const line of database.split('\n')) {
    const [name, , id = ''] = line.split(':');
    if (name === account && /^\d+$/.test(id)) return Number(id);
  }
  return null;
}

function readDatabase(database: 'passwd' | 'group', account: number | string): string {
  if (typeof account === 'number') return '';
  const text = readText(`/etc/${database}`);
  if (numberOf(account, text) !== null) return text;
  // Accounts of a directory service are not in the file. Where there is no getent, stdout is null.
  return `${text}\n${getent(database, account)}`;
}

function getent(database: 'passwd' | 'group', account: string): string {
  const found = spawnSync('getent', ['--', database, account], { encoding: 'utf8', timeout: 10_000 });
  return found.stdout ?? '';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A system without the file has no accounts in it; the directory service is still asked.
    return '';
  }
}
