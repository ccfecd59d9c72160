// StatsD: Gunicorn's metrics, one datagram each, checked against real listeners.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { udpReceiver, unixDatagramReceiver } from '../../harness/doubles/receivers.ts';
import { appFile } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';

scenario('statsd gets a count, a duration and a status for each request, and the number of workers', async (scene) => {
  const receiver = await udpReceiver(scene);
  const args = ['--statsd-host', receiver.address, '--workers', '2'];
  const server = await scene.tunicorn({ app: 'hello', args });
  await receiver.waitFor(/^gunicorn\.workers:2\|g$/);
  for (let count = 0; count < 3; count += 1) await getText(server.target);
  const connection = await scene.connect(server);
  await connection.send('nonsense\r\n\r\n');
  assert.equal((await connection.response()).status, 400);
  await receiver.waitFor(/^gunicorn\.request\.status\.400:1\|c\|@1\.0$/);
  assert.equal(receiver.count(/^gunicorn\.request\.status\.200:1\|c\|@1\.0$/), 3);
  assert.equal(receiver.count(/^gunicorn\.requests:1\|c\|@1\.0$/), 4);
  assert.equal(receiver.count(/^gunicorn\.request\.duration:\d+\.\d+\|ms$/), 4);
  // The gateway warned of the request that it refused.
  await receiver.waitFor(/^gunicorn\.log\.warning:1\|c\|@1\.0$/);
  server.signal('SIGTTIN');
  await receiver.waitFor(/^gunicorn\.workers:3\|g$/);
  assert.equal(receiver.count(/\n/), 0);
});

scenario('messages below the log level are counted, too', async (scene) => {
  const receiver = await udpReceiver(scene);
  const args = ['--statsd-host', receiver.address, '--log-level', 'critical'];
  const server = await scene.launch({ app: 'hello', args });
  await receiver.waitFor(/^gunicorn\.workers:1\|g$/);
  const connection = await scene.connect(server);
  await connection.send('nonsense\r\n\r\n');
  assert.equal((await connection.response()).status, 400);
  await receiver.waitFor(/^gunicorn\.log\.warning:1\|c\|@1\.0$/);
  assert.equal(server.log.text(), '');
});

scenario('each metric has prefix and tags, with one dot between prefix and name', async (scene) => {
  const receiver = await udpReceiver(scene);
  const naming = ['--statsd-prefix', 'shop.eu..', '--dogstatsd-tags', 'env:test,tier:web'];
  const server = await scene.tunicorn({ app: 'hello', args: ['--statsd-host', receiver.address, ...naming] });
  await getText(server.target);
  await receiver.waitFor(/^shop\.eu\.gunicorn\.requests:1\|c\|@1\.0\|#env:test,tier:web$/);
  await receiver.waitFor(/^shop\.eu\.gunicorn\.workers:1\|g\|#env:test,tier:web$/);
  assert.equal(receiver.count(/^shop\.eu\.gunicorn\..*\|#env:test,tier:web$/), receiver.messages.length);
});

scenario('statsd at a Unix socket gets the same', async (scene) => {
  const receiver = await unixDatagramReceiver(scene, scene.path('statsd.sock'));
  const server = await scene.tunicorn({ app: 'hello', args: ['--statsd-host', `unix://${receiver.address}`] });
  await getText(server.target);
  await receiver.waitFor(/^gunicorn\.workers:1\|g$/);
  await receiver.waitFor(/^gunicorn\.requests:1\|c\|@1\.0$/);
  await receiver.waitFor(/^gunicorn\.request\.status\.200:1\|c\|@1\.0$/);
  await server.stop();
  await server.nothingLeft();
});

scenario('enable_backlog_metric sends the number of connections that wait to be accepted', async (scene) => {
  const receiver = await udpReceiver(scene);
  const args = ['--statsd-host', receiver.address, '--enable-backlog-metric'];
  const server = await scene.tunicorn({ app: 'hello', args });
  await receiver.waitFor(/^gunicorn\.backlog:0\|h$/);
  const [gateway = 0] = server.family().gateways;
  process.kill(gateway, 'SIGSTOP');
  scene.defer(() => void server.killAll());
  for (let count = 0; count < 3; count += 1) await scene.connect(server);
  await receiver.waitFor(/^gunicorn\.backlog:3\|h$/);
  process.kill(gateway, 'SIGCONT');
});

for (const [what, address] of [
  ['that nothing listens at', async () => `127.0.0.1:${await freePort()}`],
  ['whose name does not resolve', async () => 'no-such-host.invalid:8125'],
  ['at a Unix socket that is not there', async () => 'unix:///nowhere/statsd.sock'],
] as const) {
  scenario(`a StatsD server ${what} neither delays nor breaks anything`, async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: ['--statsd-host', await address()] });
    for (let count = 0; count < 200; count += 1) assert.equal((await request(server.target, '/')).status, 200);
    const { gateways } = server.family();
    assert.equal((await server.stop()).code, 0);
    assert.equal(gateways.length, 1);
    assert.doesNotMatch(server.log.text(), /starting a new one|\bat .*\.js/);
  });
}

scenario('a reload turns statsd on and off', async (scene) => {
  const receiver = await udpReceiver(scene);
  const hello = readFileSync(appFile('hello'), 'utf8');
  const server = await scene.tunicorn({ app: 'hello', files: { 'hello.py': hello, 'gunicorn.conf.py': '' } });
  scene.write('gunicorn.conf.py', `statsd_host = "${receiver.address}"\n`);
  server.signal('SIGHUP');
  await server.waitForLog(/Generation 2 is serving/);
  await receiver.waitFor(/^gunicorn\.workers:\d\|g$/);
  await getText(server.target);
  await receiver.waitFor(/^gunicorn\.requests:1/);
  scene.write('gunicorn.conf.py', '');
  server.signal('SIGHUP');
  await server.waitForLog(/Generation 3 is serving/);
  for (let count = 0; count < 5; count += 1) await getText(server.target);
  await server.stop();
  assert.equal(receiver.count(/^gunicorn\.requests:1/), 1);
});
