// Takes root's rights from a gateway, as the settings user, group and initgroups ask. Called once its logs are open.

import type { GatewaySettings } from '../settings/for-processes/gateway-settings.ts';

/** Node has it; its types do not. */
type WithInitgroups = NodeJS.Process & { readonly initgroups?: (user: number, extraGroup: number) => void };
const { initgroups }: WithInitgroups = process;

/** As in Gunicorn, 0 leaves things as they are. The groups first: a plain user may not change them any more. */
export function dropPrivileges(settings: Pick<GatewaySettings, 'userId' | 'groupId' | 'initGroupId'>): void {
  const { userId, groupId, initGroupId } = settings;
  if (process.geteuid?.() !== 0) return;
  const joined = initGroupId === null ? 'no account' : joinGroups(userId, initGroupId);
  // Root's supplementary groups are not the user's.
  if (joined === 'no account' && groupId !== 0) process.setgroups?.([groupId]);
  if (groupId !== 0) process.setgid?.(groupId);
  if (userId !== 0) process.setuid?.(userId);
}

function joinGroups(userId: number, initGroupId: number): 'joined' | 'no account' {
  try {
    initgroups?.(userId, initGroupId);
    return 'joined';
  } catch {
    return 'no account'; // A number without an account is a member of nothing.
  }
}
