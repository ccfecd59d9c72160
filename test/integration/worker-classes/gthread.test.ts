// worker_class gthread: threads.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { manyAtOnce, scenariosOf } from '../../harness/subjects/many-at-once.ts';

scenariosOf({
  name: 'gthread',
  args: (atOnce) => ['--worker-class', 'gthread', '--threads', String(atOnce)],
  onDeadline: 'is replaced',
});

scenario(
  'sync with threads is gthread',
  async (scene) => {
    const { server } = await manyAtOnce(scene, ['--threads', '2']);
    assert.equal(server.log.count(/Using worker: gthread/), 1);
    await getText(server.target);
  },
  onlyTunicorn,
);
