// Runs a function with the rights of the account that gateways and workers will use, while this process stays root, to find out at the
// start what that account may do. Only for synchronous functions: all threads of the process have these rights meanwhile.

export interface Account {
  readonly userId: number;
  readonly groupId: number;
  /** As in GatewaySettings. */
  readonly initGroupId: number | null;
}

/** Missing in Node's types. */
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

/** The temporary form of gateway/drop-privileges.ts. */
function joinGroups(userId: number, groupId: number, initGroupId: number | null): void {
  if (initGroupId !== null) {
    try {
      initgroups?.(userId, initGroupId);
      return;
    } catch {
      // A user id without an account is in no groups.
    }
  }
  if (groupId !== 0) process.setgroups?.([groupId]);
}
