// WebSockets and event streams are visible to operators: as gauges of StatsD, and in a log line when their generation drains.

import assert from 'node:assert/strict';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { openWebSockets } from '../../harness/clients/kept-streams.ts';
import { udpReceiver } from '../../harness/doubles/receivers.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const STILL = /still has/;

const APP = `
import asyncio

async def app(scope, receive, send):
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
    elif scope["path"] == "/deaf":
        # Never checks whether the client listens.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 0\\n\\n", "more_body": True})
        await asyncio.sleep(3600)
    else:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for number in range(int(scope["query_string"] or 600)):
            await send({"type": "http.response.body", "body": b"data: %d\\n\\n" % number, "more_body": True})
            await asyncio.sleep(0.1)
        await send({"type": "http.response.body"})
`;

function start(scene: Scene, args: readonly string[] = [], config = ''): Promise<Server> {
  const given = ['-k', 'asgi', '--asgi-lifespan', 'off', ...args];
  return scene.tunicorn({ app: 'app:app', args: given, files: { 'app.py': APP, 'gunicorn.conf.py': config } });
}

async function listen(scene: Scene, server: Server, path = '/'): Promise<HttpConnection> {
  const connection = await scene.connect(server);
  await connection.send(requestBytes(path));
  assert.equal((await connection.head()).status, 200);
  await connection.chunk();
  return connection;
}

scenario(
  'statsd gets the sums over all gateways, and a client that leaves is subtracted even if the application does not notice',
  async (scene) => {
    const receiver = await udpReceiver(scene);
    const server = await start(scene, ['--gateways', '2', '--statsd-host', receiver.address]);
    await receiver.waitFor(/^gunicorn\.web_sockets:0\|g$/);
    await receiver.waitFor(/^gunicorn\.tunnels:0\|g$/);
    await receiver.waitFor(/^gunicorn\.event_streams:0\|g$/);
    const webSockets = await openWebSockets({ scene, server }, 5);
    const streams: HttpConnection[] = [];
    for (let count = 0; count < 4; count += 1) streams.push(await listen(scene, server, '/deaf'));
    await receiver.waitFor(/^gunicorn\.web_sockets:5\|g$/);
    await receiver.waitFor(/^gunicorn\.event_streams:4\|g$/);
    receiver.messages.length = 0;
    for (const stream of streams) stream.close();
    for (const { webSocket } of webSockets.slice(0, 3)) webSocket.connection.close();
    await receiver.waitFor(/^gunicorn\.event_streams:0\|g$/);
    await receiver.waitFor(/^gunicorn\.web_sockets:2\|g$/);
    assert.equal(receiver.count(/^gunicorn\.tunnels/), 0);
    for (const { webSocket } of webSockets) webSocket.connection.close();
    server.killAll();
  },
  onlyTunicorn,
);

scenario(
  'a generation that drains at a reload, or at the end, logs its remaining streams once, over all gateways',
  async (scene) => {
    const server = await start(scene, ['--gateways', '2', '--graceful-timeout', '20']);
    const streams = [await listen(scene, server), await listen(scene, server), await listen(scene, server)];
    const webSockets = await openWebSockets({ scene, server }, 2);
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await server.waitForLog(/Generation 1 still has 2 WebSockets and 3 event streams; they may go on for 20 s$/);
    const last = await listen(scene, server);
    for (const stream of streams) stream.close();
    for (const { webSocket } of webSockets) webSocket.connection.close();
    server.signal('SIGTERM');
    await server.waitForLog(/Generation 2 still has 1 event stream; they may go on for 20 s$/);
    last.close();
    assert.equal((await server.ended()).code, 0);
    assert.equal(server.log.count(STILL), 2);
  },
  onlyTunicorn,
);

scenario(
  'a generation without streams logs nothing about them, nor does a quick stop',
  async (scene) => {
    const server = await start(scene);
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await listen(scene, server);
    assert.equal((await server.stop('SIGINT')).code, 0);
    assert.equal(server.log.count(STILL), 0);
  },
  onlyTunicorn,
);

scenario(
  'at a stop an event stream has the graceful_timeout of its own generation, not of the first one',
  async (scene) => {
    const server = await start(scene, [], 'graceful_timeout = 1\n');
    scene.write('gunicorn.conf.py', 'graceful_timeout = 20\n');
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    const stream = await listen(scene, server, '/?30');
    server.signal('SIGTERM');
    await server.waitForLog(/Generation 2 still has 1 event stream; they may go on for 20 s$/);
    let events = 1;
    while ((await stream.chunk()) !== undefined) events += 1;
    assert.equal(events, 30);
    assert.equal((await server.ended()).code, 0);
  },
  onlyTunicorn,
);
