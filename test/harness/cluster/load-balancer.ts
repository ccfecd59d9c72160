// A real HAProxy in the place of a cluster's Service: it sends requests only to pods whose /readyz says so, and logs which pod got each.

import type { Target } from '../clients/http-connection.ts';
import { LineLog } from '../line-log.ts';
import { DebianProgram, startProxy, stopProxy } from '../machine/front-proxy.ts';
import { HAPROXY_GLOBAL, haproxy } from '../machine/haproxy.ts';
import type { Scene } from '../scenario.ts';
import { balancer, type PodNetwork } from './network.ts';

export const servingPort = 8000;
export const adminPort = 9100;

export interface BalancedRequest {
  readonly id: string;
  readonly pod: string;
  readonly status: number;
  /** Attempts to connect beyond the first. What was sent to a pod is never sent again. */
  readonly retries: number;
}

export class LoadBalancer {
  readonly target: Target;
  readonly #scene: Scene;
  readonly #log: LineLog;
  readonly #stop: () => Promise<void>;

  private constructor(scene: Scene, target: Target, log: LineLog, stop: () => Promise<void>) {
    this.#scene = scene;
    this.target = target;
    this.#log = log;
    this.#stop = stop;
  }

  /** HAProxy considers every pod ready until its first check. */
  static async start(scene: Scene, network: PodNetwork, pods: readonly string[]): Promise<LoadBalancer> {
    const log = new LineLog();
    const target = { path: scene.path('balancer.sock') };
    const config = scene.write('balancer.conf', configuration(scene, network, pods));
    const [program = haproxy.path, ...args] = [...network.launcher(balancer), haproxy.path, '-db', '-f', config];
    const child = await startProxy(scene, new DebianProgram(program), args, target, (text) => log.append(text));
    return new LoadBalancer(scene, target, log, async () => {
      await stopProxy(child, 'SIGUSR1');
      log.end();
    });
  }

  /** The pod's admin address, as it can be reached from outside. */
  admin(pod: string): Target {
    return { path: adminSocket(this.#scene, pod) };
  }

  mark(): number {
    return this.#log.mark();
  }

  async isUp(pod: string, since: number): Promise<void> {
    await this.#log.waitFor(new RegExp(`Server pods/${pod} is UP`), since);
  }

  /** Why it is down. */
  async isDown(pod: string, since: number = 0): Promise<string> {
    const [line] = await this.#log.waitFor(new RegExp(`Server pods/${pod} is DOWN.*`), since);
    return line;
  }

  /** Lets it finish its requests, and returns all of them. */
  async stop(): Promise<readonly BalancedRequest[]> {
    await this.#stop();
    return this.requests();
  }

  requests(since: number = 0): readonly BalancedRequest[] {
    return this.#log.lines.slice(since).flatMap((line) => {
      const match = /^request (-?\d+) pods\/(\S+) retries=\+?(\d+) id=(\S*)$/.exec(line);
      if (match === null) return [];
      const [, status, pod = '', retries, id = ''] = match;
      return [{ id, pod, status: Number(status), retries: Number(retries) }];
    });
  }
}

function adminSocket(scene: Scene, pod: string): string {
  return scene.path(`admin-${pod}.sock`);
}

function configuration(scene: Scene, network: PodNetwork, pods: readonly string[]): string {
  return `
${HAPROXY_GLOBAL}defaults
  mode http
  timeout connect 5s
  # A busy machine may answer late; a pod that is leaving says so.
  timeout check 10s
  timeout client 60s
  timeout server 60s
frontend front
  log global
  log-format "request %ST %b/%s retries=%rc id=%[capture.req.hdr(0)]"
  bind unix@${scene.path('balancer.sock')}
  http-request capture req.hdr(X-Id) len 64
  default_backend pods
backend pods
  log global
  # What has piled up in one pod would stay there otherwise.
  balance leastconn
  http-reuse always
  option httpchk GET /readyz
  http-check expect status 200
  # A connection that a pod does not accept is tried with another one.
  retries 3
  option redispatch 1
  default-server check port ${adminPort} inter 200ms fall 1 rise 1
${pods.map((pod) => `  server ${pod} ${network.address(pod)}:${servingPort}`).join('\n')}
${pods
  .map(
    (pod) => `listen admin-${pod}
  bind unix@${adminSocket(scene, pod)}
  server pod ${network.address(pod)}:${adminPort}`,
  )
  .join('\n')}
`;
}
