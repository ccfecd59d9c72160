// The autoscaler's arithmetic on the server's own metric: it asks for pods during a burst, and with them the time in the queue falls.

import assert from 'node:assert/strict';
import { Load } from '../../harness/clients/load.ts';
import { echoFault, uniquePost } from '../../harness/clients/unique-posts.ts';
import { desiredReplicas, meanSeconds, type QueueSample, scrape } from '../../harness/cluster/autoscaler.ts';
import { Deployment } from '../../harness/cluster/deployment.ts';
import type { LoadBalancer } from '../../harness/cluster/load-balancer.ts';
import { haproxy } from '../../harness/machine/haproxy.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const pods = ['pod-1', 'pod-2', 'pod-3'] as const;
const [first, ...further] = pods;
/** Requests take 50 ms each, one at a time in each pod. */
const clients = 8;
const targetSeconds = 0.1;

scenario(
  'a burst makes the autoscaler ask for more pods, and with them the time in the queue falls below its target',
  async (scene) => {
    const deployment = new Deployment(scene, pods, ['--workers=1']);
    await deployment.start(first, '1');
    const balancer = await deployment.balanced();
    for (const pod of further) await balancer.isDown(pod);
    const load = new Load(balancer.target, {
      keepAliveClients: clients,
      request: (id) => ({ ...uniquePost(id), path: '/slow' }),
      check: echoFault,
    });
    scene.defer(async () => void (await load.stop()));
    await load.answeredMore(clients);
    const alone = await means(balancer, [first], load);
    const wanted = desiredReplicas({ replicas: 1, maxReplicas: pods.length }, alone, targetSeconds);
    assert.ok(wanted > 1, `${alone} s in the queue`);

    const added = further.slice(0, wanted - 1);
    const since = balancer.mark();
    await Promise.all(added.map(async (pod) => await deployment.start(pod, '1')));
    for (const pod of added) await balancer.isUp(pod, since);
    // What had piled up before is not the new pods' concern.
    await load.answeredMore(3 * clients);
    const together = await means(balancer, [first, ...added], load);
    const { failed, wrong, complaints } = await load.stop();
    assert.deepEqual([failed, wrong], [0, 0], complaints.join('\n'));
    const next = desiredReplicas({ replicas: wanted, maxReplicas: pods.length + 10 }, together, targetSeconds);
    process.stdout.write(
      `# queue: ${alone.map(inMs)} with one pod; the autoscaler wants ${wanted}; ${together.map(inMs).join(', ')} with them; it then wants ${next}\n`,
    );
    assert.ok(next <= wanted, `${together} s in the queue of ${wanted} pods`);
  },
  { skip: otherServer ? 'only for Tunicorn' : haproxy.skip },
);

/** The mean time in the queue of each pod, over some load. */
async function means(balancer: LoadBalancer, names: readonly string[], load: Load): Promise<readonly number[]> {
  const all = (): Promise<readonly QueueSample[]> =>
    Promise.all(names.map(async (name) => await scrape(balancer.admin(name))));
  const before = await all();
  await load.answeredMore(10 * clients);
  const after = await all();
  return after.map((sample, index) => meanSeconds(before[index] ?? sample, sample));
}

function inMs(seconds: number): string {
  return `${Math.round(seconds * 1000)} ms`;
}
