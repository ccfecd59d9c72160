// Pods of test/apps/cluster/pod.py behind a load balancer.

import { readFileSync } from 'node:fs';
import { request } from '../clients/http-request.ts';
import { uniquePost } from '../clients/unique-posts.ts';
import { eventually } from '../deadline.ts';
import { serving } from '../log-lines.ts';
import { appFile } from '../project.ts';
import type { Scene } from '../scenario.ts';
import type { Server } from '../server.ts';
import { adminPort, LoadBalancer, servingPort } from './load-balancer.ts';
import { type PodNetwork, podNetwork } from './network.ts';

export interface HeldRequests {
  /** The ids of those that the pod runs; others may be in other pods. */
  readonly inPod: readonly string[];
  /** Lets all of them end, and returns the status of each; undefined if it got no answer. */
  release(): Promise<ReadonlyMap<string, number | undefined>>;
}

export class Deployment {
  readonly #scene: Scene;
  readonly #network: PodNetwork;
  readonly #pods: readonly string[];
  readonly #args: readonly string[];
  #holds = 0;

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
      env: { LEDGER: this.#ledger(pod), POD: pod, RELEASED: this.#scene.path('released') },
    });
    await server.waitForLog(serving);
    return server;
  }

  /** Sends requests to /held until the pod runs one. They wait for `release`. */
  async hold(balancer: LoadBalancer, pod: string): Promise<HeldRequests> {
    const answers = new Map<string, Promise<number | undefined>>();
    while (this.#heldIn([pod], answers).length === 0) {
      const running = this.#heldIn(this.#pods, answers).length;
      this.#holds += 1;
      const id = `held-${this.#holds}`;
      const answer = request(balancer.target, '/held', uniquePost(id));
      answers.set(
        id,
        answer.then(
          ({ status }) => status,
          () => undefined,
        ),
      );
      await eventually('the held request to run', () => this.#heldIn(this.#pods, answers).length > running);
    }
    return {
      inPod: this.#heldIn([pod], answers),
      release: async () => {
        for (const id of answers.keys()) this.#scene.write(`released/${id}`, '');
        const statuses = await Promise.all([...answers].map(async ([id, answer]) => [id, await answer] as const));
        return new Map(statuses);
      },
    };
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

  #heldIn(pods: readonly string[], ids: ReadonlyMap<string, unknown>): readonly string[] {
    return this.runs(pods).filter((id) => ids.has(id));
  }

  #ledger(pod: string): string {
    return this.#scene.path(`ledger-${pod}`);
  }
}
