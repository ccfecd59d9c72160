// Does something with the rights of the account that gateways and workers will run as, while this process stays root: to find out at the
// start what they may do. Only for what is synchronous, since every thread of the process has these rights meanwhile.

export interface Account {
  readonly userId: number;
  readonly groupId: number;
  /** As in GatewaySettings. */
  readonly initGroupId: number | null;
}

/** Node has it; its types do not. */
type WithInitgroups = NodeJS.Process & { readonly initgroups?: (user: number, extraGroup: number) => void };
const { initgroups }: WithInitgroups = process;

export function asAccount<T>({ userId, groupId, initGroupId }: Account, act: () => T): T {
  if (process.geteuid?.() !== 0 || (userId === 0 && groupId === 0)) return act();
  const groups = process.getgroups?.() ?? [];
  const group = process.getegid?.() ?? 0;
  try {
    joinGroups(userId, groupId, initGroupId);
    if (groupId !== 0) process.setegid?.(groupId);
    if (userId !== 0) process.seteuid?.(userId);
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(group);
    process.setgroups?.(groups);
  }
}

/** As gateway/drop-privileges.ts does it for good. */
function joinGroups(userId: number, groupId: number, initGroupId: number | null): void {
  if (initGroupId !== null) {
    try {
      initgroups?.(userId, initGroupId);
      return;
    } catch {
      // A number without an account is a member of nothing.
    }
  }
  if (groupId !== 0) process.setgroups?.([groupId]);
}
