// The network of a few pods and one load balancer: a network namespace for each, and a link from the balancer to each pod. Where
// namespaces are not permitted, each pod has an address of the loopback range instead.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { DebianProgram } from '../machine/front-proxy.ts';
import { inCi } from '../project.ts';
import type { Scene } from '../scenario.ts';

const ip: DebianProgram = new DebianProgram('ip');
let networks = 0;

export interface PodNetwork {
  /** The pod's address, for the balancer. */
  address(pod: string): string;
  /** A prefix for the command of a pod, or of the balancer. */
  launcher(place: string): readonly string[];
}

export const balancer = 'balancer';

export function podNetwork(scene: Scene, pods: readonly string[]): PodNetwork {
  networks += 1;
  const prefix = `tunicorn-${process.pid}-${networks}`;
  const added: string[] = [];
  // Killed processes may still be there; the namespace goes with the last of them.
  scene.defer(() => {
    for (const name of added) ipTool(['netns', 'del', name]);
  });
  for (const place of [balancer, ...pods]) {
    const name = `${prefix}-${place}`;
    const problem = ipTool(['netns', 'add', name]);
    if (problem === undefined) {
      added.push(name);
      continue;
    }
    if (inCi) throw new Error(`no network namespaces: ${problem}`);
    process.stderr.write(`!!! NO NETWORK NAMESPACES (${problem}): the pods are addresses of the loopback range\n`);
    return { address: (pod) => `127.77.0.${pods.indexOf(pod) + 1}`, launcher: () => [] };
  }
  for (const [index, pod] of pods.entries()) link(prefix, pod, index);
  return {
    address: podAddress(pods),
    launcher: (place) => [ip.path, 'netns', 'exec', `${prefix}-${place}`],
  };
}

function podAddress(pods: readonly string[]): (pod: string) => string {
  return (pod) => `10.77.${pods.indexOf(pod)}.2`;
}

function link(prefix: string, pod: string, index: number): void {
  const [near, far] = [`${prefix}-${balancer}`, `${prefix}-${pod}`];
  const end = `pod${index}`;
  for (const command of [
    ['-n', near, 'link', 'add', end, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far],
    ['-n', near, 'addr', 'add', `10.77.${index}.1/30`, 'dev', end],
    ['-n', near, 'link', 'set', end, 'up'],
    ['-n', far, 'addr', 'add', `10.77.${index}.2/30`, 'dev', 'eth0'],
    ['-n', far, 'link', 'set', 'eth0', 'up'],
    ['-n', far, 'link', 'set', 'lo', 'up'],
  ]) {
    const problem = ipTool(command);
    if (problem !== undefined) throw new Error(`ip ${command.join(' ')}: ${problem}`);
  }
}

/** What is wrong; undefined if nothing is. */
function ipTool(args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(ip.path, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}
