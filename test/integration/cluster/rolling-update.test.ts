// What a cluster does to the pods of a Deployment, with the real command in network namespaces behind a load balancer that asks /readyz.

import assert from 'node:assert/strict';
import { SteadyPosts } from '../../harness/clients/steady-posts.ts';
import { Deployment } from '../../harness/cluster/deployment.ts';
import { eventually } from '../../harness/deadline.ts';
import { haproxy } from '../../harness/machine/haproxy.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const perSecond = 200;
/** Fifteen of the load balancer's checks. */
const args = ['--workers=1', '--threads=8', '--shutdown-delay=3'];
const oldPods = ['old-1', 'old-2', 'old-3'] as const;
const newPods = ['new-1', 'new-2', 'new-3'] as const;

scenario(
  'three pods are rolled to new code under 200 POSTs per second, and none fails; a killed pod fails only what it was running',
  async (scene) => {
    const deployment = new Deployment(scene, [...oldPods, ...newPods], args);
    const running = new Map<string, Server>();
    await Promise.all(oldPods.map(async (pod) => running.set(pod, await deployment.start(pod, '1'))));
    const balancer = await deployment.balanced();
    for (const pod of newPods) await balancer.isDown(pod);
    const posts = new SteadyPosts(balancer.target, perSecond);
    scene.defer(async () => void (await posts.stop()));
    await posts.answeredMore(100);
    assert.deepEqual(posts.seen('X-Pod'), new Set(oldPods));

    // As a Deployment with maxSurge 1 and maxUnavailable 0 goes on: the next one starts when the new one is ready.
    const ends: Promise<unknown>[] = [];
    for (const [index, pod] of newPods.entries()) {
      const old = oldPods[index] ?? '';
      const since = balancer.mark();
      running.set(pod, await deployment.start(pod, '2'));
      await balancer.isUp(pod, since);
      const held = await deployment.hold(balancer, old);
      const leaving = running.get(old);
      leaving?.signal('SIGTERM');
      assert.match(await balancer.isDown(old, since), /503/, 'it says itself that it is not ready');
      await posts.answeredMore(100);
      for (const [id, status] of await held.release()) assert.equal(status, 200, id);
      ends.push(...(leaving === undefined ? [] : [leaving.ended().then(({ code }) => assert.equal(code, 0))]));
    }
    await Promise.all(ends);
    const { answered } = posts.soFar();
    const sinceTheLast = answered.size;
    await posts.answeredMore(100);
    assert.deepEqual([...posts.soFar().failed], [], 'no request has failed in the rolling update');
    assert.deepEqual(posts.seen('X-Version', sinceTheLast), new Set(['2']));
    const retried = balancer.requests().filter(({ retries }) => retries > 0);
    assert.deepEqual(retried, [], 'no connection was refused');
    const rolled = answered.size;

    const victim = 'new-1';
    const held = await deployment.hold(balancer, victim);
    const since = balancer.mark();
    running.get(victim)?.killAll();
    await balancer.isDown(victim, since);
    const heldFailed = [...(await held.release())].filter(([, status]) => status !== 200).map(([id]) => id);
    assert.deepEqual(
      heldFailed,
      held.inPod,
      'the requests that it ran have failed, and those of the other pods have not',
    );
    await posts.answeredMore(100);
    const comeBack = balancer.mark();
    running.set(victim, await deployment.start(victim, '2'));
    await balancer.isUp(victim, comeBack);
    const sinceTheReturn = answered.size;
    await eventually('the pod to serve again', () => posts.seen('X-Pod', sinceTheReturn).has(victim));
    const { failed } = await posts.stop();
    const requests = await balancer.stop();

    const ofVictim = new Set(requests.filter(({ pod }) => pod === victim).map(({ id }) => id));
    const elsewhere = [...failed.keys()].filter((id) => !ofVictim.has(id));
    assert.deepEqual(elsewhere, [], 'only requests to the killed pod have failed');
    const runs = deployment.runs();
    assert.equal(new Set(runs).size, runs.length, 'no request ran twice');
    const ran = new Set(runs);
    assert.ok([...answered.keys()].every((id) => ran.has(id)));
    process.stdout.write(
      `# ${rolled} POSTs in the rolling update, 0 failed; ${failed.size + heldFailed.length} failed with the killed pod, ${answered.size} answered in all\n`,
    );
  },
  { skip: otherServer ? 'only for Tunicorn' : haproxy.skip, limitMs: 240_000 },
);
