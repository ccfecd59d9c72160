// Every request has exactly one line in the access log, however it ends: in the text form, in the JSON form, and through Python's loggers.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { openSocket } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { serving } from '../../harness/log-lines.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

interface Stage {
  readonly scene: Scene;
  readonly server: Server;
  readonly rendezvous: Rendezvous;
}

interface Ending {
  readonly title: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly act: (stage: Stage) => Promise<void>;
  /** Of the JSON form. */
  readonly end: string;
  readonly status: number | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly requestBytes?: number;
  /** Other requests that the act needed; they are answered. */
  readonly others?: number;
}

async function asks(stage: Stage, path: string, status: number): Promise<void> {
  assert.equal((await request(stage.server.target, path)).status, status);
}

/** Sends the text, expects the status, and waits for the connection's end. */
async function says(stage: Stage, text: string, status: number): Promise<void> {
  const connection = await stage.scene.connect(stage.server);
  await connection.send(text);
  assert.equal((await connection.response()).status, status);
}

/** Sends the text and resets the connection, or closes it, when the server has it. */
async function leaves(stage: Stage, text: string): Promise<void> {
  const connection = await stage.scene.connect(stage.server);
  await connection.send(text);
  // An answer on another connection, accepted after this one's bytes had arrived, shows that they were read.
  await request(stage.server.target, '/other');
  connection.socket.resetAndDestroy();
}

async function held(stage: Stage): Promise<{ readonly leave: () => void; readonly answered: () => Promise<number> }> {
  const connection = await stage.scene.connect(stage.server);
  await connection.send(requestBytes('/hold'));
  await stage.rendezvous.arrived('held');
  return {
    leave: () => connection.socket.resetAndDestroy(),
    answered: async () => (await connection.response()).status,
  };
}

const GET = { method: 'GET' } as const;
const POST_HEAD = 'POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n';

const endings: readonly Ending[] = [
  { title: 'is answered', act: (s) => asks(s, '/?q=1', 200), end: 'answered', status: 200, ...GET, target: '/?q=1' },
  {
    title: 'is garbage',
    act: (s) => says(s, 'nonsense\r\n\r\n', 400),
    end: 'refused',
    status: 400,
    method: null,
    target: null,
  },
  {
    title: 'has an invalid field',
    act: (s) => says(s, 'GET /wrong HTTP/1.1\r\nHost: a\r\nwrong field\r\n\r\n', 400),
    end: 'refused',
    status: 400,
    ...GET,
    target: '/wrong',
  },
  {
    title: 'has a target that is too long',
    act: (s) => says(s, `GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414),
    end: 'refused',
    status: 414,
    method: null,
    target: null,
  },
  {
    title: 'has too many fields',
    args: ['--limit-request-fields', '1'],
    act: (s) => says(s, 'GET /many HTTP/1.1\r\nHost: a\r\nB: b\r\n\r\n', 431),
    end: 'refused',
    status: 431,
    ...GET,
    target: '/many',
  },
  {
    title: 'announces a body that is too large',
    args: ['--limit-request-body', '3'],
    act: (s) => says(s, POST_HEAD, 413),
    end: 'refused',
    status: 413,
    method: 'POST',
    target: '/post',
  },
  {
    title: 'has a body that grows too large',
    args: ['--limit-request-body', '3'],
    act: (s) =>
      says(
        s,
        'POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\nnonsense\r\n',
        413,
      ),
    end: 'refused',
    status: 413,
    method: 'POST',
    target: '/post',
    requestBytes: 4,
  },
  {
    title: 'has an invalid body',
    act: (s) => says(s, 'POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabnonsense\r\n', 400),
    end: 'refused',
    status: 400,
    method: 'POST',
    target: '/post',
    requestBytes: 2,
  },
  {
    title: 'has a head that never ends',
    args: ['--head-timeout', '1'],
    act: (s) => says(s, 'GET /slow HTTP/1.1\r\nHost:', 408),
    end: 'request-timeout',
    status: 408,
    ...GET,
    target: '/slow',
  },
  {
    title: 'has a body that stops',
    args: ['--body-timeout', '1'],
    act: (s) => says(s, `${POST_HEAD}12345`, 408),
    end: 'request-timeout',
    status: 408,
    method: 'POST',
    target: '/post',
    requestBytes: 5,
  },
  {
    title: 'is given up by its client in the middle of its head',
    act: (s) => leaves(s, 'GET /gone HTTP/1.1\r\nHost:'),
    end: 'client-gone',
    status: null,
    ...GET,
    target: '/gone',
    others: 1,
  },
  {
    title: 'is given up by its client in the middle of its first line',
    act: (s) => leaves(s, 'GET /gone'),
    end: 'client-gone',
    status: null,
    method: null,
    target: null,
    others: 1,
  },
  {
    title: 'is given up by its client in the middle of its body',
    act: (s) => leaves(s, `${POST_HEAD}1234`),
    end: 'client-gone',
    status: null,
    method: 'POST',
    target: '/post',
    requestBytes: 4,
    others: 1,
  },
  {
    title: 'is left incomplete by a client that still reads',
    act: async (s) => {
      const connection = await s.scene.connect(s.server);
      await connection.send('GET /half HTTP/1.1\r\nHost:');
      connection.endSending();
      assert.equal((await connection.response()).status, 400);
    },
    end: 'client-gone',
    status: 400,
    ...GET,
    target: '/half',
  },
  {
    title: 'is given up by its client before the response',
    act: async (s) => {
      const { leave } = await held(s);
      leave();
      // Wait until the gateway knows; only then release the worker.
      await eventually('the line of the request', () => linesOf(s.scene).length === 1);
      s.rendezvous.open('held');
    },
    end: 'client-gone',
    status: null,
    ...GET,
    target: '/hold',
  },
  {
    title: 'is given up by its client in the middle of the response',
    act: async (s) => {
      const connection = await s.scene.connect(s.server);
      await connection.send(requestBytes('/stream'));
      assert.equal((await connection.head()).status, 200);
      await s.rendezvous.arrived('streaming');
      connection.socket.resetAndDestroy();
      await eventually('the line of the request', () => linesOf(s.scene).length === 1);
      s.rendezvous.open('streaming');
    },
    end: 'client-gone',
    status: 200,
    ...GET,
    target: '/stream',
  },
  {
    title: 'has a response that is not read',
    args: ['--write-timeout', '1'],
    act: async (s) => {
      const socket = await openSocket(s.server.target, 'never');
      s.scene.defer(() => void socket.destroy());
      socket.write(requestBytes('/endless'));
      await eventually('the line of the request', () => linesOf(s.scene).length === 1);
    },
    end: 'write-timeout',
    status: 200,
    ...GET,
    target: '/endless',
  },
  {
    title: 'has a response that the application breaks off',
    act: async (s) => assert.equal((await request(s.server.target, '/break')).end, 'cut'),
    end: 'cut-off',
    status: 200,
    ...GET,
    target: '/break',
  },
  {
    title: 'kills its worker',
    act: (s) => asks(s, '/die', 502),
    end: 'worker-died',
    status: 502,
    ...GET,
    target: '/die',
  },
  {
    title: 'kills its worker in the middle of the response',
    act: async (s) => assert.equal((await request(s.server.target, '/die-late')).end, 'cut'),
    end: 'worker-died',
    status: 200,
    ...GET,
    target: '/die-late',
  },
  {
    title: 'runs longer than timeout',
    args: ['--timeout', '1'],
    act: (s) => asks(s, '/sleep', 504),
    end: 'timeout',
    status: 504,
    ...GET,
    target: '/sleep',
  },
  {
    title: 'runs longer than timeout in the middle of the response',
    args: ['--timeout', '1'],
    act: async (s) => assert.equal((await request(s.server.target, '/sleep-late')).end, 'cut'),
    end: 'timeout',
    status: 200,
    ...GET,
    target: '/sleep-late',
  },
  {
    title: 'waits too long for a worker',
    args: ['--queue-timeout', '0.2'],
    act: async (s) => {
      const first = await held(s);
      // It may well lie in the ticket pipe.
      assert.equal((await request(s.server.target, '/late')).status, 503);
      s.rendezvous.open('held');
      assert.equal(await first.answered(), 200);
    },
    end: 'queue-timeout',
    status: 503,
    ...GET,
    target: '/late',
    others: 1,
  },
  {
    title: 'arrives when too many are waiting',
    args: ['--queue-limit', '1'],
    act: async (s) => {
      const first = await held(s);
      // One in the ticket pipe, one in the queue, and one too many.
      const others = [1, 2, 3].map(() => request(s.server.target, '/many'));
      await eventually('a line', () => linesOf(s.scene).length > 0);
      s.rendezvous.open('held');
      assert.equal(await first.answered(), 200);
      const statuses = (await Promise.all(others)).map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, 200, 503]);
    },
    end: 'overload',
    status: 503,
    ...GET,
    target: '/many',
    others: 3,
  },
  {
    title: 'arrives on one connection too many',
    args: ['--gateway-connections', '1'],
    act: async (s) => {
      const first = await held(s);
      const connection = await s.scene.connect(s.server);
      await connection.send('GET /away HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal((await connection.response()).status, 503);
      await eventually('its line', () => linesOf(s.scene).length === 1);
      s.rendezvous.open('held');
      assert.equal(await first.answered(), 200);
    },
    end: 'overload',
    status: 503,
    ...GET,
    target: '/away',
    others: 1,
  },
  {
    title: 'is answered after its client has half-closed',
    args: ['--workers', '2'],
    act: async (s) => {
      const connection = await s.scene.connect(s.server);
      await connection.send(requestBytes('/hold'));
      await s.rendezvous.arrived('held');
      connection.socket.end();
      // An answer on another connection, accepted after this one's end had arrived, shows that it was seen.
      await asks(s, '/other', 200);
      s.rendezvous.open('held');
      assert.equal((await connection.response()).status, 200);
    },
    end: 'answered',
    status: 200,
    ...GET,
    target: '/hold',
    others: 1,
  },
  {
    title: 'has a worker that gets SIGABRT',
    act: async (s) => {
      const [worker = 0] = await s.server.workers(1);
      const { answered } = await held(s);
      process.kill(worker, 'SIGABRT');
      assert.equal(await answered(), 502);
    },
    end: 'worker-died',
    status: 502,
    ...GET,
    target: '/hold',
  },
  {
    title: 'is running when the server stops immediately',
    act: async (s) => {
      const { answered } = await held(s);
      s.server.signal('SIGQUIT');
      assert.equal(await answered(), 503);
      await s.server.ended();
    },
    end: 'shutting-down',
    status: 503,
    ...GET,
    target: '/hold',
  },
];

function linesOf(scene: Scene): readonly string[] {
  const file = scene.path('access.log');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** A custom class, even without changes, makes Python's loggers write everything. */
const OWN_LOGGERS = `
from gunicorn.glogging import Logger
class Own(Logger):
    pass
logger_class = Own
`;

async function play(scene: Scene, ending: Ending, form: 'text' | 'json' | 'python'): Promise<readonly string[]> {
  const rendezvous = await scene.rendezvous();
  const args = ['--access-logfile', scene.path('access.log'), ...(ending.args ?? [])];
  if (form !== 'python') args.push('--log-format', form);
  else args.push('--config', scene.write('loggers.py', OWN_LOGGERS));
  const env = { RENDEZVOUS: rendezvous.address };
  const server = await scene.launch({ app: 'endings', args, env });
  // Not through a connection, which could take the place of one that is counted.
  await server.waitForLog(serving);
  await ending.act({ scene, server, rendezvous });
  rendezvous.open('held');
  if (ending.end !== 'shutting-down') await server.stop();
  return linesOf(scene);
}

for (const ending of endings) {
  const { title, end, status, method, target, others = 0 } = ending;

  scenario(`a request that ${title} has one line: ${end}`, async (scene) => {
    const records = (await play(scene, ending, 'json')).map((line) => JSON.parse(line));
    const told = JSON.stringify(records, null, 1);
    assert.equal(
      records.filter((record) => record.end === 'answered').length,
      others + (end === 'answered' ? 1 : 0),
      told,
    );
    const of = records.filter((record) => record.end === end && record.target === target);
    assert.equal(of.length, 1, told);
    assert.equal(records.length, others + 1, told);
    const [record] = of;
    assert.deepEqual([record.status, record.method, record.target], [status, method, target], told);
    assert.equal(record.request_bytes, ending.requestBytes ?? 0);
    assert.ok(record.duration_ms >= 0 && record.queue_ms >= 0, told);
    assert.match(record.request_id, /^[0-9a-f]{32}$/);
  });

  for (const [form, how] of [
    ['text', "in Gunicorn's form"],
    ['python', "through Python's loggers"],
  ] as const) {
    scenario(`a request that ${title} has one line ${how}`, async (scene) => {
      const lines = await play(scene, ending, form);
      const shown = method === null ? '-' : `${method} ${target} HTTP/1.1`;
      const line = new RegExp(
        `^127\\.0\\.0\\.1 - - \\[\\S+ \\S+\\] "${escaped(shown)}" ${status ?? '-'} \\d+ "-" "-"$`,
      );
      assert.equal(lines.filter((text) => line.test(text)).length, 1, lines.join('\n'));
      assert.equal(lines.length, others + 1, lines.join('\n'));
    });
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

scenario('a connection without a byte is not a request, and has no line', async (scene) => {
  const args = ['--access-logfile', scene.path('access.log')];
  const server = await scene.tunicorn({ app: 'hello', args });
  const [silent, later] = [await scene.connect(server), await scene.connect(server)];
  silent.close();
  assert.equal((await request(server.target, '/')).status, 200);
  later.endSending();
  assert.ok(await later.closesSilently());
  await server.stop();
  assert.equal(linesOf(scene).length, 1);
});

scenario('each request of a keep-alive connection has its number, and each connection its own', async (scene) => {
  const args = ['--access-logfile', scene.path('access.log'), '--log-format', 'json'];
  const server = await scene.tunicorn({ app: 'hello', args });
  const connection = await scene.connect(server);
  for (let count = 0; count < 2; count += 1) {
    await connection.send(requestBytes('/'));
    assert.equal((await connection.response()).status, 200);
  }
  await connection.send('nonsense\r\n\r\n');
  assert.equal((await connection.response()).status, 400);
  assert.equal((await request(server.target, '/')).status, 200);
  await server.stop();
  const records = linesOf(scene).map((line) => JSON.parse(line));
  assert.deepEqual(
    records.map((record) => record.connection_request),
    [1, 2, 3, 1],
  );
  const [first, second, third, other] = records.map((record) => record.connection);
  assert.deepEqual([second, third], [first, first]);
  assert.notEqual(other, first);
});
