// Pods of test/apps/cluster/pod.py behind a load balancer.

import { readFileSync } from 'node:fs';
import { serving } from '../log-lines.ts';
import { appFile } from '../project.ts';
import type { Scene } from '../scenario.ts';
import type { Server } from '../server.ts';
import { adminPort, LoadBalancer, servingPort } from './load-balancer.ts';
import { type PodNetwork, podNetwork } from './network.ts';

export class Deployment {
  readonly #scene: Scene;
  readonly #network: PodNetwork;
  readonly #pods: readonly string[];
  readonly #args: readonly string[];

  /** `pods` are the names of all that there will ever be. */
  constructor(scene: Scene, pods: readonly string[], args: readonly string[]) {
    this.#scene = scene;
    this.#network = podNetwork(scene, pods);
    this.#pods = pods;
    this.#args = args;
  }

  /** Starts a pod, and waits until it serves. */
  async start(pod: string, version: string): Promise<Server> {
    const code = readFileSync(appFile('pod'), 'utf8').replace(/^VERSION = .*$/m, `VERSION = "${version}"`);
    this.#scene.write(`code-${version}/pod.py`, code);
    const address = this.#network.address(pod);
    const server = await this.#scene.launch({
      app: 'pod:application',
      chdir: this.#scene.path(`code-${version}`),
      listen: 'none',
      launcher: this.#network.launcher(pod),
      args: [`--bind=${address}:${servingPort}`, `--admin-bind=${address}:${adminPort}`, ...this.#args],
      env: { LEDGER: this.#ledger(pod), POD: pod, RELEASE: this.#scene.path('release') },
    });
    await server.waitForLog(serving);
    return server;
  }

  /** Ends the requests to /held. */
  release(): void {
    this.#scene.write('release', '');
  }

  async balanced(): Promise<LoadBalancer> {
    return await LoadBalancer.start(this.#scene, this.#network, this.#pods);
  }

  /** The ids of the requests that have run, in all pods or in one. */
  runs(pods: readonly string[] = this.#pods): readonly string[] {
    return pods.flatMap((pod) => {
      const lines = readFileSync(this.#ledger(pod), { encoding: 'utf8', flag: 'a+' }).split('\n');
      return lines.filter((line) => line !== '');
    });
  }

  #ledger(pod: string): string {
    return this.#scene.path(`ledger-${pod}`);
  }
}
