// One arbiter's view of the other one, while an upgrade has two of them.

import type { ChildProcess } from 'node:child_process';

export type UpgradeState =
  | { readonly kind: 'alone' }
  /** This one was told to start the other, and will be succeeded by it or outlive it. */
  | { readonly kind: 'older'; readonly child: ChildProcess; readonly pid: number }
  /** This one was started by the other, and takes its place when that has gone. */
  | { readonly kind: 'newer'; readonly parent: number };
