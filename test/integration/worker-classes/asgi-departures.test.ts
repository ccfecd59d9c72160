// ASGI clients that leave: exceptions of frameworks then are not the application's fault, and the access log has the reason of the end.

import assert from 'node:assert/strict';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { RawWebSocket } from '../../harness/clients/raw-web-socket.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const upload = 'Host: x\r\nContent-Length: 10\r\n\r\nhalf';

scenario(
  'a client that leaves an ASGI application causes no error in the log, whatever the framework raises',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'departing:app',
      args: ['-k', 'asgi', '--access-logfile', '-', '--log-format', 'json'],
    });
    const ended = async (path: string, end: string): Promise<void> => {
      await server.waitForLog(new RegExp(`"target": ?"${path}".*"end": ?"${end}"`));
    };

    for (const path of ['/stream', '/wrapped/stream']) {
      const reader = await scene.connect(server);
      await reader.send(requestBytes(path));
      assert.equal((await reader.head()).status, 200);
      assert.equal((await reader.chunk())?.toString(), 'piece\n');
      reader.close();
      await ended(path, 'client-gone');
    }
    let uploads = 0;
    for (const path of ['/upload', '/wrapped/upload']) {
      const sender = await scene.connect(server);
      await sender.send(`POST ${path} HTTP/1.1\r\n${upload}`);
      uploads += 1;
      await eventually('the upload has begun', () => server.log.count(/upload begins/) === uploads);
      sender.close();
      await ended(path, 'client-gone');
    }
    const socket = await RawWebSocket.open(server.target, '/socket');
    await socket.accepted();
    socket.connection.close();
    await ended('/socket', 'client-gone');

    for (const count of [1, 2]) {
      const poller = await scene.connect(server);
      await poller.send(requestBytes('/poll'));
      // One closes its socket immediately, the other when it seems to be waiting.
      if (count === 2) await eventually('the poll has begun', () => server.log.count(/poll begins/) === 2);
      if (count === 2) await pause(100);
      poller.endSending();
      assert.equal((await poller.untilEnd()).toString(), '');
      const line = /"target": ?"\/poll".*"status": ?null.*"end": ?"client-gone"/;
      await eventually('the poll has ended', () => server.log.count(line) === count);
    }

    const broken = await scene.connect(server);
    await broken.send(requestBytes('/broken'));
    await server.waitForLog(/broken begins/);
    broken.close();
    await server.waitForLog(/a fault of the application's own/);
    await server.stop();
    assert.equal(server.log.count(/Error handling request/), 1);
  },
  onlyTunicorn,
);
