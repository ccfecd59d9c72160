// Control groups with limits for a container, of either version, if this machine allows them.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../deadline.ts';
import type { Scene } from '../scenario.ts';

export interface Limits {
  readonly memoryBytes: number;
  /** Of one processor. */
  readonly processorShare: number;
}

export interface ControlGroups {
  /** Files to which a process writes its id to become a member. */
  readonly members: readonly string[];
  peakMemoryBytes(): number;
}

const TOP = '/sys/fs/cgroup';
const PERIOD_US = 100_000;

/** Undefined if there are none here. */
export function limitedGroups(scene: Scene, name: string, limits: Limits): ControlGroups | undefined {
  try {
    return existsSync(join(TOP, 'cgroup.controllers')) ? unified(scene, name, limits) : separate(scene, name, limits);
  } catch {
    return undefined;
  }
}

function unified(scene: Scene, name: string, limits: Limits): ControlGroups {
  const path = make(scene, join(TOP, name));
  writeFileSync(join(path, 'memory.max'), String(limits.memoryBytes));
  writeFileSync(join(path, 'cpu.max'), `${limits.processorShare * PERIOD_US} ${PERIOD_US}`);
  return {
    members: [join(path, 'cgroup.procs')],
    peakMemoryBytes: () => Number(readFileSync(join(path, 'memory.peak'), 'utf8')),
  };
}

function separate(scene: Scene, name: string, limits: Limits): ControlGroups {
  const memory = make(scene, join(TOP, 'memory', name));
  const processor = make(scene, join(TOP, 'cpu', name));
  writeFileSync(join(memory, 'memory.limit_in_bytes'), String(limits.memoryBytes));
  writeFileSync(join(processor, 'cpu.cfs_period_us'), String(PERIOD_US));
  writeFileSync(join(processor, 'cpu.cfs_quota_us'), String(limits.processorShare * PERIOD_US));
  return {
    members: [join(memory, 'cgroup.procs'), join(processor, 'cgroup.procs')],
    peakMemoryBytes: () => Number(readFileSync(join(memory, 'memory.max_usage_in_bytes'), 'utf8')),
  };
}

function make(scene: Scene, path: string): string {
  mkdirSync(path);
  scene.defer(async () => {
    await eventually(`${path} to be empty`, () => {
      try {
        rmdirSync(path);
        return true;
      } catch {
        return false;
      }
    });
  });
  return path;
}
