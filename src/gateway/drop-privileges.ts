// Drops a gateway's root privileges, as the settings user, group and initgroups say.

import type { GatewaySettings } from '../settings/for-processes/gateway-settings.ts';

/** Node has it, but its types do not. */
type WithInitgroups = NodeJS.Process & { readonly initgroups?: (user: number, extraGroup: number) => void };
const { initgroups }: WithInitgroups = process;

/** As in Gunicorn, 0 changes nothing. Groups come first: an unprivileged user can no longer change them. */
export function dropPrivileges(settings: Pick<GatewaySettings, 'userId' | 'groupId' | 'initGroupId'>): void {
  const { userId, groupId, initGroupId } = settings;
  if (process.geteuid?.() !== 0) return;
  const joined = initGroupId === null ? 'no account' : joinGroups(userId, initGroupId);
  // Root's supplementary groups must not stay.
  if (joined === 'no account' && groupId !== 0) process.setgroups?.([groupId]);
  if (groupId !== 0) process.setgid?.(groupId);
  if (userId !== 0) process.setuid?.(userId);
}

function joinGroups(userId: number, initGroupId: number): 'joined' | 'no account' {
  try {
    initgroups?.(userId, initGroupId);
    return 'joined';
  } catch {
    return 'no account'; // A user id without an account is in no group.
  }
}
