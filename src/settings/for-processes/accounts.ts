// The numeric ids of the settings user and group. Pure: a forkserver has looked the names up with Python's pwd and grp.

import type { Settings } from '../settings.ts';

export interface AccountIds {
  readonly userId: number;
  readonly groupId: number;
}

/** By name, or by number as text; null if the system does not know it. `group_id` is the user's main group. */
export interface KnownAccounts {
  readonly users: Readonly<Record<string, { readonly id: number; readonly group_id: number | null } | null>>;
  readonly groups: Readonly<Record<string, number | null>>;
}

export type AccountLookup =
  | { readonly ok: true; readonly ids: AccountIds }
  | { readonly ok: false; readonly errors: readonly string[] };

export function findAccounts({ user, group }: Pick<Settings, 'user' | 'group'>, known: KnownAccounts): AccountLookup {
  const userId = typeof user === 'number' ? user : (entryOf(known.users, user)?.id ?? null);
  const groupId = typeof group === 'number' ? group : entryOf(known.groups, group);
  if (userId !== null && groupId !== null) return { ok: true, ids: { userId, groupId } };
  const errors: string[] = [];
  if (userId === null) errors.push(`No such user: '${user}'`);
  if (groupId === null) errors.push(`No such group: '${group}'`);
  return { ok: false, errors };
}

/**
 * The group for initgroups(3) to add to the user's memberships: the setting group, or else the user's own. Null if the settings do not
 * ask for initgroups.
 */
export function findInitGroup(
  { initgroups, user }: Pick<Settings, 'initgroups' | 'user'>,
  ids: AccountIds,
  known: KnownAccounts,
): number | null {
  if (!initgroups || ids.userId === 0) return null;
  return ids.groupId === 0 ? (entryOf(known.users, String(user))?.group_id ?? null) : ids.groupId;
}

function entryOf<Entry>(entries: Readonly<Record<string, Entry | null>>, name: string): Entry | null {
  // A user may be named `constructor`.
  return Object.hasOwn(entries, name) ? (entries[name] ?? null) : null;
}
