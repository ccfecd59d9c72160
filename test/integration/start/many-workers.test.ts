// A large number of workers: how they boot, at the first start and at a reload.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { getText } from '../../harness/clients/http-request.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

scenario(
  'at the first start a ready worker serves while others boot, as many at a time as there are processors',
  async (scene) => {
    const processors = availableParallelism();
    const workers = processors + 8;
    const rendezvous = await scene.rendezvous();
    const first = `import rendezvous\nrendezvous.wait("importing")\n`;
    const app = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"served"]\n';
    const server = await scene.launch({
      app: 'app',
      args: ['--workers', String(workers), '--timeout', '0'],
      env: { RENDEZVOUS: rendezvous.address },
      files: { 'app.py': first + app },
    });
    await rendezvous.arrived('importing');
    // The others wait there in turn.
    rendezvous.release('importing');
    await server.ready();
    assert.equal(await getText(server.target), 'served');
    await server.waitForLog(new RegExp(`boots ${workers} workers, ${processors} at a time`));
    rendezvous.open('importing');
    await server.workers(workers);
    // A reload does the same, and waits for all of them.
    scene.write('app.py', app.replace('served', 'reloaded'));
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    assert.equal(await getText(server.target), 'reloaded');
    await server.workers(workers);
  },
  onlyTunicorn,
);
