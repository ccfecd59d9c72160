// SIGHUP with another list of addresses: new ones answer, old ones are closed, and no descriptor stays behind.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { listeningDescriptors } from '../../harness/machine/listening-sockets.ts';
import { freePort, onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const app = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"text"]\n';

scenario(
  'an address that one SIGHUP adds stays when the next removes the first, which then refuses connections',
  async (scene) => {
    const [first, second] = [await freePort(), await freePort()];
    const server = await started(scene, first);
    await reload(scene, server, 2, [first, second]);
    await answers(second);
    assert.equal(await getText(at(first)), 'text');
    await reload(scene, server, 3, [second]);
    await eventually('the first address to be closed', async () => (await tryConnect(first)) !== 'connected');
    assert.equal(await tryConnect(first), 'ECONNREFUSED');
    assert.equal(await getText(at(second)), 'text');
  },
  onlyTunicorn,
);

scenario(
  'reloads that change addresses leave no listening descriptors behind in the gateway, nor in the arbiter',
  async (scene) => {
    const [stays, ...others] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const server = await started(scene, stays);
    const [gateway = 0, ...more] = server.family().gateways;
    assert.deepEqual(more, []);
    assert.equal(listeningDescriptors(gateway), 1);
    const lists = [[others[0]], [others[0], others[1]], [others[1]], [others[2], others[0]], [others[2]]].map((list) =>
      list.filter((port) => port !== undefined),
    );
    for (const [count, list] of lists.entries()) {
      await reload(scene, server, count + 2, [stays, ...list]);
      for (const port of [stays, ...list]) await answers(port);
    }
    // Messages sent before the last address have arrived before it: the gateway has everything that it will get.
    for (const pid of [gateway, server.pid]) {
      await eventually(`two listening descriptors; there are ${listeningDescriptors(pid)} in ${pid}`, () => {
        return listeningDescriptors(pid) === 2;
      });
    }
    assert.deepEqual(server.family().gateways, [gateway], 'the gateway is the same all the while');
    for (const port of [others[0], others[1]]) assert.equal(await tryConnect(port ?? 0), 'ECONNREFUSED');
    for (const port of [stays, others[2] ?? 0]) assert.equal(await getText(at(port)), 'text');
  },
  onlyTunicorn,
);

async function started(scene: Scene, port: number): Promise<Server> {
  const files = { 'app.py': app, 'gunicorn.conf.py': config([port]) };
  return await scene.tunicorn({ app: 'app', files, listen: 'none', target: at(port) });
}

async function reload(scene: Scene, server: Server, generation: number, ports: readonly number[]): Promise<void> {
  scene.write('gunicorn.conf.py', config(ports));
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(generation));
}

function config(ports: readonly number[]): string {
  return `bind = ${JSON.stringify(ports.map((port) => `127.0.0.1:${port}`))}\n`;
}

function at(port: number): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port };
}

async function answers(port: number): Promise<void> {
  await eventually(`an answer at port ${port}`, async () => (await getText(at(port)).catch(() => '')) === 'text');
}

/** `connected`, or the code of the error. */
async function tryConnect(port: number): Promise<string> {
  const socket = connect(at(port));
  const outcome = new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  return await within(`a connection to port ${port}`, outcome).finally(() => socket.destroy());
}
