// Records the first steps of one framework: the walk, then Ctrl-C.

import { CleanRoot } from '../harness/clean-root/clean-root.ts';
import type { Scene } from '../harness/scenario.ts';
import type { Record } from './page.ts';
import type { Step } from './readme-steps.ts';
import { type Walk, walk } from './walk.ts';

export interface Recorded {
  readonly record: Record;
  readonly root: CleanRoot;
  readonly walked: Walk;
}

export async function recordSteps(scene: Scene, step: Step): Promise<Recorded> {
  const root = await CleanRoot.open(scene, step.framework.toLowerCase());
  const walked = await walk(scene, root, step);
  return { record: { step, entries: await walked.interrupt() }, root, walked };
}
