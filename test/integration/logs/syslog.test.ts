// The lines that the Node processes send to syslog, in Gunicorn's form, over each kind of socket.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { type Receiver, streamReceiver, udpReceiver, unixDatagramReceiver } from '../../harness/doubles/receivers.ts';
import { appFile } from '../../harness/project.ts';
import { freePort, type Scene, scenario } from '../../harness/scenario.ts';

const ACCESS =
  /^<14>gunicorn\.hello\.access: \[\d+\] 127\.0\.0\.1 - - \[\S+ \S+\] "GET \/seen HTTP\/1\.1" 200 \d+ "-" "-"\0$/;

async function showsBoth(scene: Scene, receiver: Receiver, address: string): Promise<void> {
  const server = await scene.tunicorn({ app: 'hello', args: ['--log-syslog', '--log-syslog-to', address] });
  await receiver.waitFor(new RegExp(`^<14>gunicorn\\.hello\\.error: \\[${server.pid}\\] Starting tunicorn \\S+\\0$`));
  await receiver.waitFor(/^<14>gunicorn\.hello\.error: \[\d+\] Listening at: /);
  await getText(server.target, '/seen');
  await receiver.waitFor(ACCESS);
  const connection = await scene.connect(server);
  await connection.send('nonsense\r\n\r\n');
  await receiver.waitFor(/^<12>gunicorn\.hello\.error: \[\d+\] Invalid request from ip=127\.0\.0\.1: /);
  assert.equal((await server.stop()).code, 0);
  await receiver.waitFor(/\] Shutting down: Arbiter\0$/);
  assert.equal(receiver.count(ACCESS), 1);
  await server.nothingLeft();
  // In addition to the files, not instead of them.
  assert.match(server.log.text(), /Starting tunicorn/);
  assert.doesNotMatch(server.log.text(), /GET \/seen/);
}

scenario('syslog gets the lines of arbiter and gateway, and the access log, by UDP', async (scene) => {
  const receiver = await udpReceiver(scene);
  await showsBoth(scene, receiver, `udp://${receiver.address.replace('127.0.0.1', 'localhost')}`);
});

scenario('syslog gets the same by TCP', async (scene) => {
  const receiver = await streamReceiver(scene);
  await showsBoth(scene, receiver, `tcp://${receiver.address}`);
});

for (const suffix of ['#dgram', '']) {
  scenario(`syslog gets the same by a Unix socket for datagrams, unix://PATH${suffix}`, async (scene) => {
    const receiver = await unixDatagramReceiver(scene, scene.path('log.sock'));
    await showsBoth(scene, receiver, `unix://${receiver.address}${suffix}`);
  });
}

for (const suffix of ['#stream', '']) {
  scenario(`syslog gets the same by a Unix socket for streams, unix://PATH${suffix}`, async (scene) => {
    const receiver = await streamReceiver(scene, scene.path('log.sock'));
    await showsBoth(scene, receiver, `unix://${receiver.address}${suffix}`);
  });
}

scenario(
  'prefix and facility are in each line; the access log can be kept out, and stays in its file',
  async (scene) => {
    const receiver = await udpReceiver(scene);
    const access = scene.path('access.log');
    const syslog = ['--log-syslog', '--log-syslog-to', `udp://${receiver.address}`];
    const naming = ['--log-syslog-prefix', 'shop', '--log-syslog-facility', 'local3'];
    const args = [...syslog, ...naming, '--disable-redirect-access-to-syslog', '--access-logfile', access];
    const server = await scene.tunicorn({ app: 'hello', args });
    await getText(server.target, '/seen');
    await server.stop();
    // 19 * 8 + 6
    await receiver.waitFor(/^<158>gunicorn\.shop\.error: \[\d+\] Shutting down: Arbiter\0$/);
    assert.equal(receiver.count(/access:/), 0);
    assert.match(readFileSync(access, 'utf8'), /GET \/seen/);
  },
);

scenario('the colon of MODULE:CALLABLE is a dot in the name of the program', async (scene) => {
  const receiver = await udpReceiver(scene);
  await scene.tunicorn({
    app: 'hello:application',
    args: ['--log-syslog', '--log-syslog-to', `udp://${receiver.address}`],
  });
  await receiver.waitFor(/^<14>gunicorn\.hello\.application\.error: /);
});

scenario('a syslog server that starts late, stops and returns delays nothing, and gets lines again', async (scene) => {
  const port = await freePort();
  const args = ['--log-syslog', '--log-syslog-to', `tcp://127.0.0.1:${port}`];
  const server = await scene.tunicorn({ app: 'hello', args });
  await getText(server.target, '/before');
  const receiver = await streamReceiver(scene, null, port);
  await eventually('a line', async () => {
    await getText(server.target, '/after');
    return receiver.count(/GET \/after/) > 0;
  });
  await server.waitForLog(/\[WARNING\] syslog: \d+ messages dropped; nothing is accepting them at syslog_addr/);
});

scenario("syslog's Unix socket is found again when it is recreated", async (scene) => {
  const first = await streamReceiver(scene, scene.path('log.sock'));
  const server = await scene.tunicorn({
    app: 'hello',
    args: ['--log-syslog', '--log-syslog-to', `unix://${first.address}`],
  });
  await getText(server.target, '/one');
  await first.waitFor(/GET \/one/);
  const moved = scene.path('moved.sock');
  const second = await unixDatagramReceiver(scene, moved);
  const { renameSync } = await import('node:fs');
  renameSync(moved, first.address);
  first.messages.length = 0;
  assert.ok(existsSync(first.address));
  assert.equal((await request(server.target, '/two')).status, 200);
  // The open stream continues; only its end makes the relay check the socket again.
  await first.waitFor(/GET \/two/);
  assert.equal(second.messages.length, 0);
});

scenario('a reload turns syslog on, moves it and turns it off again', async (scene) => {
  const [one, two] = [await udpReceiver(scene), await udpReceiver(scene)];
  const hello = readFileSync(appFile('hello'), 'utf8');
  const server = await scene.tunicorn({ app: 'hello', files: { 'hello.py': hello, 'gunicorn.conf.py': '' } });
  const settings = [
    `syslog = True\nsyslog_addr = "udp://${one.address}"\n`,
    `syslog = True\nsyslog_addr = "udp://${two.address}"\nsyslog_prefix = "moved"\n`,
    '',
  ];
  for (const [index, text] of settings.entries()) {
    scene.write('gunicorn.conf.py', text);
    server.signal('SIGHUP');
    await server.waitForLog(new RegExp(`Generation ${index + 2} is serving`));
    await getText(server.target, `/round-${index}`);
    if (index === 0) await one.waitFor(/^<14>gunicorn\.hello\.access: .*GET \/round-0/);
    if (index === 1) await two.waitFor(/^<14>gunicorn\.moved\.access: .*GET \/round-1/);
  }
  await server.stop();
  assert.equal(one.count(/round-1|round-2/) + two.count(/round-0|round-2|Shutting down/), 0);
});
