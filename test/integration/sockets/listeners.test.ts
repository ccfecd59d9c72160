// Listening sockets that Python binds and the arbiter holds: real sockets, a real interpreter, and minimal gateways.

import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ListenerOptions, Listeners } from '../../../src/arbiter/sockets/listeners.ts';
import { sendListeningHandle } from '../../../src/arbiter/sockets/listening-handle.ts';
import { type Listener, type OpenedListeners, openListeners } from '../../../src/arbiter/sockets/open-listeners.ts';
import { type Entry, textOf } from '../../../src/log/message.ts';
import { PYTHON_DIR } from '../../../src/python-dir.ts';
import { parseBindAddresses } from '../../../src/settings/kinds/bind-address.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { listenerModes } from '../../harness/machine/listening-sockets.ts';
import { root as repository } from '../../harness/project.ts';

const GATEWAY = fileURLToPath(new URL('../../fixtures/listening-gateway.js', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'tunicorn-listeners-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** The name of this process in /proc. */
const ownName = readFileSync('/proc/self/comm', 'utf8').trim();

interface Logged {
  readonly lines: string[];
  readonly options: ListenerOptions;
}

/** `onLine` is called for each new line of the log. */
function logged(onLine: (line: string) => void = () => {}, changes: Partial<ListenerOptions> = {}): Logged {
  const lines: string[] = [];
  const say = (said: Entry): void => {
    const line = `${said.message.level}: ${textOf(said)}`;
    lines.push(line);
    onLine(line);
  };
  const usual = { python: 'python3', backlog: 64, umask: 0, reusePort: false, uid: null, gid: null };
  return { lines, options: { ...usual, say, ...changes } };
}

function open(binds: readonly string[], { options }: Logged = logged()): Promise<OpenedListeners> {
  const parsed = parseBindAddresses(binds);
  assert.ok(parsed.ok);
  return openListeners({ ...options, binds: parsed.addresses, firstId: 0 });
}

async function opened(binds: readonly string[], log: Logged = logged()): Promise<readonly Listener[]> {
  const result = await open(binds, log);
  assert.ok(result.ok, result.ok ? '' : result.message);
  after(() => {
    for (const listener of result.listeners) listener.close();
  });
  return result.listeners;
}

async function openedOne(bind: string, log: Logged = logged()): Promise<Listener> {
  const [listener] = await opened([bind], log);
  assert.ok(listener !== undefined);
  return listener;
}

async function startGateway(name: string, listener: Listener): Promise<ChildProcess> {
  const gateway = fork(GATEWAY, [name]);
  after(() => gateway.kill('SIGKILL'));
  sendListeningHandle(gateway, { backlog: 64 }, listener.handle);
  const [message] = await once(gateway, 'message');
  assert.equal(message, 'listening');
  return gateway;
}

function connectTo(listener: Listener): Socket {
  const { kind, host, port } = listener.address;
  return kind === 'unix' ? connect(host) : connect(Number(port), host);
}

async function answer(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  for await (const chunk of socket) text += chunk;
  return text;
}

async function listening(where: number | string): Promise<Server> {
  const server = createServer((socket) => {
    // Connections that only probe whether something is listening are gone by now.
    socket.on('error', () => {});
    socket.end('other');
  });
  if (typeof where === 'string') server.listen(where);
  else server.listen(where, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

function refused(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });
}

test('openListeners() holds sockets without accepting: a connection waits until a gateway is there', async () => {
  const listener = await openedOne('127.0.0.1:0');
  const early = connectTo(listener);
  await once(early, 'connect');
  await startGateway('first', listener);
  assert.equal(await answer(early), 'first');
});

test('a listener can be sent to several gateways, and outlives them', async () => {
  const listener = await openedOne('127.0.0.1:0');
  const a = await startGateway('a', listener);
  const b = await startGateway('b', listener);
  a.kill('SIGKILL');
  await once(a, 'exit');
  assert.equal(await answer(connectTo(listener)), 'b');
  b.kill('SIGKILL');
  await once(b, 'exit');
  const waiting = connectTo(listener);
  await once(waiting, 'connect');
  await startGateway('c', listener);
  assert.equal(await answer(waiting), 'c');
});

test('openListeners() opens several addresses in order, and returns each as Gunicorn prints it', async () => {
  const file = path.join(root, 'several.sock');
  const listeners = await opened(['127.0.0.1:0', `unix:${file}`, '[::1]:0', 'localhost:0']);
  assert.deepEqual(
    listeners.map(({ address }) => address.id),
    [0, 1, 2, 3],
  );
  const [tcp, unix, tcp6, named] = listeners.map(({ address }) => address);
  assert.match(tcp?.label ?? '', /^http:\/\/127\.0\.0\.1:[1-9][0-9]+$/);
  assert.deepEqual([tcp?.kind, tcp?.host, `http://127.0.0.1:${tcp?.port}`], ['tcp', '127.0.0.1', tcp?.label]);
  assert.deepEqual(unix, { id: 1, label: `unix:${file}`, kind: 'unix', host: file, port: '' });
  assert.equal(tcp6?.label, `http://[::1]:${tcp6?.port}`);
  assert.equal(named?.host, '127.0.0.1');
  for (const [index, listener] of listeners.entries()) {
    await startGateway(`gateway ${index}`, listener);
    assert.equal(await answer(connectTo(listener)), `gateway ${index}`);
  }
});

test('accept() blocks on no listening socket, whether bound here or inherited', async () => {
  const file = path.join(root, 'modes.sock');
  await opened(['127.0.0.1:0', `unix:${file}`]);
  assert.ok(!listenerModes(process.pid).includes('blocking'));

  // Python makes a blocking socket, as systemd does.
  const binder = path.join(repository, 'test/harness/machine/bind_and_exec.py');
  const script = fileURLToPath(new URL('../../fixtures/inheriting-arbiter.js', import.meta.url));
  const inherited = path.join(root, 'inherited.sock');
  const arbiter = spawn('python3', [binder, '3', `unix:${inherited}`, process.execPath, script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  after(() => arbiter.kill('SIGKILL'));
  await once(createInterface(arbiter.stdout), 'line');
  assert.ok(arbiter.pid !== undefined);
  const modes = listenerModes(arbiter.pid);
  assert.ok(modes.length >= 2, `${modes.length} listening descriptors`);
  assert.ok(!modes.includes('blocking'), modes.join(', '));
});

test('close() of the last holder ends listening', async () => {
  const listener = await openedOne('127.0.0.1:0');
  listener.close();
  listener.close();
  // The process that bound it has a copy until it exits, just after the arbiter has received the socket.
  await eventually('a refused connection', async () => (await refused(connectTo(listener))) === 'ECONNREFUSED');
});

test('a closing listener completes established connections, and accepts no new one that it would reset', async () => {
  const result = await Listeners.open(['127.0.0.1:0'], logged().options);
  assert.ok(result.ok);
  const { listeners } = result;
  const [listener] = listeners.current();
  assert.ok(listener !== undefined);
  const [early, late] = [connectTo(listener), connectTo(listener)];
  await Promise.all([once(early, 'connect'), once(late, 'connect')]);
  // A second holder, as a gateway is: the socket stays open when the arbiter's copy is closed.
  const gateway = await startGateway('gateway', listener);
  assert.deepEqual([await answer(early), await answer(late)], ['gateway', 'gateway']);
  await listeners.sealAndClose('alone');
  const next = refused(connectTo(listener));
  assert.equal(await Promise.race([next, pause(300)]), undefined, 'the handshake is not answered');
  gateway.kill('SIGKILL');
  // The client repeats its handshake after a second.
  assert.equal(await next, 'ECONNREFUSED');
});

test('a listener shared with another arbiter still accepts connections there', async () => {
  const result = await Listeners.open(['127.0.0.1:0'], logged().options);
  assert.ok(result.ok);
  const [listener] = result.listeners.current();
  assert.ok(listener !== undefined);
  await startGateway('other', listener);
  await result.listeners.sealAndClose('shared');
  assert.equal(await answer(connectTo(listener)), 'other');
});

test('an address in use is retried, and bound when it is free', async () => {
  const other = await listening(0);
  const port = portOf(other);
  const log = logged((line) => {
    if (line.startsWith('error: Connection in use')) other.close();
  });
  const listener = await openedOne(`127.0.0.1:${port}`, log);
  assert.equal(listener.address.port, String(port));
  assert.deepEqual(log.lines, [
    `error: Connection in use: ('127.0.0.1', ${port})`,
    `error: connection to ('127.0.0.1', ${port}) failed: [Errno 98] Address already in use`,
    'debug: Retrying in 1 second.',
  ]);
});

test('an address that stays in use is given up after five tries, and nothing stays open', async () => {
  const other = await listening(0);
  const file = path.join(root, 'given-up.sock');
  const log = logged();
  const result = await open([`unix:${file}`, `127.0.0.1:${portOf(other)}`], log);
  const message = `Can't connect to ('127.0.0.1', ${portOf(other)}): it is held by ${ownName} (pid ${process.pid})`;
  assert.deepEqual(result, { ok: false, message });
  assert.equal(log.lines.filter((line) => line.startsWith('error: Connection in use')).length, 5);
  assert.equal(log.lines.filter((line) => line === 'debug: Retrying in 1 second.').length, 4);
  assert.equal(existsSync(file), false);
});

test('an address that this machine does not have is called invalid', async () => {
  const log = logged();
  const result = await open(['192.0.2.1:0'], log);
  assert.equal(log.lines[0], "error: Invalid address: ('192.0.2.1', 0)");
  assert.deepEqual(result, { ok: false, message: "Can't connect to ('192.0.2.1', 0)" });
});

test('a Unix socket in a missing directory is refused immediately, with the path and the reason', async () => {
  const log = logged();
  const result = await open(['unix:/nodir/app.sock'], log);
  assert.deepEqual(result, { ok: false, message: "Can't connect to /nodir/app.sock: No such file or directory" });
  assert.deepEqual(log.lines, []);
});

test('a Unix socket with a path longer than the kernel allows is refused immediately', async () => {
  const result = await open([`unix:/tmp/${'x'.repeat(200)}`]);
  assert.match(result.ok ? '' : result.message, /^Can't connect to \/tmp\/x+: AF_UNIX path too long$/);
});

test('a host name that cannot exist is refused immediately', async () => {
  const log = logged();
  const result = await open([`${'x'.repeat(64)}.example:1`], log);
  assert.match(result.ok ? '' : result.message, /^Can't connect to \('x+\.example', 1\): ./);
  assert.deepEqual(log.lines, []);
});

test('a stale Unix socket is replaced', async () => {
  const file = path.join(root, 'stale.sock');
  const child = spawn('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(file)})`]);
  await once(child, 'close');
  assert.ok(lstatSync(file).isSocket());
  const listener = await openedOne(`unix:${file}`);
  await startGateway('new', listener);
  assert.equal(await answer(connectTo(listener)), 'new');
});

test('a link to a stale Unix socket stays, and the socket that it leads to is replaced', async () => {
  const file = path.join(root, 'linked', 'app.sock');
  const link = path.join(root, 'link.sock');
  mkdirSync(path.dirname(file));
  symlinkSync('linked/app.sock', link);
  const child = spawn('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(file)})`]);
  await once(child, 'close');
  const listener = await openedOne(`unix:${link}`);
  await startGateway('linked', listener);
  assert.equal(await answer(connect(link)), 'linked');
  assert.ok(lstatSync(link).isSymbolicLink());
  listener.close();
  assert.equal(existsSync(file), false);
  assert.ok(lstatSync(link).isSymbolicLink());
  // Now the link is dangling: the socket is created at its target.
  (await openedOne(`unix:${link}`)).close();
});

test('a link to a live Unix socket is refused as an address in use, one to an ordinary file because it is not a socket', async () => {
  const link = path.join(root, 'link-to-other.sock');
  const file = path.join(root, 'other.sock');
  await listening(file);
  symlinkSync(file, link);
  const log = logged();
  const result = await open([`unix:${link}`], log);
  assert.match(result.ok ? '' : result.message, /^Can't connect to .*link-to-other\.sock/);
  assert.equal(log.lines[0], `error: Connection in use: ${link}`);
  rmSync(link);
  symlinkSync('precious', link);
  writeFileSync(path.join(root, 'precious'), 'x');
  const refused = await open([`unix:${link}`]);
  assert.match(refused.ok ? '' : refused.message, /precious' is not a socket$/);
  assert.equal(statSync(path.join(root, 'precious')).size, 1);
});

test('a live Unix socket stays unchanged, and is refused as an address in use', async () => {
  const file = path.join(root, 'live.sock');
  await listening(file);
  let tries = 0;
  const log = logged((line) => {
    if (line === `error: Connection in use: ${file}`) tries += 1;
  });
  const result = await open([`unix:${file}`], log);
  const message = `Can't connect to ${file}: it is held by ${ownName} (pid ${process.pid})`;
  assert.deepEqual(result, { ok: false, message });
  assert.equal(tries, 5);
  assert.equal(await answer(connect(file)), 'other');
});

test('a file that is not a socket stays unchanged, and is refused immediately', async () => {
  const file = path.join(root, 'ordinary');
  writeFileSync(file, 'precious');
  const log = logged();
  assert.deepEqual(await open([`unix:${file}`], log), {
    ok: false,
    message: `Can't connect to ${file}: '${file}' is not a socket`,
  });
  assert.deepEqual(log.lines, []);
  assert.equal(statSync(file).size, 8);
});

test('the mode of a Unix socket is 0777 without the umask', async () => {
  for (const [umask, mode] of [
    [0, 0o777],
    [0o027, 0o750],
    [0o177, 0o600],
  ] as const) {
    const file = path.join(root, `umask-${umask}.sock`);
    await opened([`unix:${file}`], logged(undefined, { umask }));
    assert.equal(statSync(file).mode & 0o777, mode);
  }
});

test('a Unix socket belongs to the user and group of the settings', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can give files away');
  const file = path.join(root, 'owned.sock');
  await opened([`unix:${file}`], logged(undefined, { uid: 12345, gid: 23456 }));
  const { uid, gid } = statSync(file);
  assert.deepEqual([uid, gid], [12345, 23456]);
});

test('close() removes the file of a Unix socket, but not that of a successor at the same path', async () => {
  const file = path.join(root, 'successor.sock');
  const first = await openedOne(`unix:${file}`);
  // Only a stale socket is replaced, and this one is live; the successor renames its own over it.
  const elsewhere = path.join(root, 'elsewhere.sock');
  await listening(elsewhere);
  renameSync(elsewhere, file);
  first.close();
  assert.equal(await answer(connect(file)), 'other');
  const third = path.join(root, 'third.sock');
  const own = await openedOne(`unix:${third}`);
  own.close();
  assert.equal(existsSync(third), false);
});

test('a relative Unix path is relative to where the arbiter was when it was bound', async () => {
  const start = process.cwd();
  process.chdir(root);
  try {
    const listener = await openedOne('unix:relative.sock');
    assert.equal(listener.address.label, 'unix:relative.sock');
    assert.ok(existsSync(path.join(root, 'relative.sock')));
    process.chdir('/');
    listener.close();
    assert.equal(existsSync(path.join(root, 'relative.sock')), false);
  } finally {
    process.chdir(start);
  }
});

test('fd://N that is not open, or not a socket, is refused by its number', async () => {
  assert.deepEqual(await open(['fd://987']), {
    ok: false,
    message:
      "Can't listen on fd://987: descriptor 987 is not open. It must be inherited from the process that starts Tunicorn",
  });
});

test('an inherited socket and an address of its own are both served, and close() ends both', async () => {
  // A separate process plays the arbiter, because descriptors are inherited at the start of a process.
  const outer = await openedOne('127.0.0.1:0');
  const script = fileURLToPath(new URL('../../fixtures/inheriting-arbiter.js', import.meta.url));
  const arbiter = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit', outer.handle.fd] });
  after(() => arbiter.kill('SIGKILL'));
  const said = createInterface(arbiter.stdio[1] as Readable)[Symbol.asyncIterator]();
  const labels: unknown = JSON.parse((await said.next()).value ?? '');
  assert.ok(Array.isArray(labels));
  assert.equal(labels[0], outer.address.label);
  assert.match(String(labels[1]), /^http:\/\/127\.0\.0\.1:/);
  assert.equal(await answer(connectTo(outer)), 'inherited');
  outer.close();
  arbiter.stdin?.write('close\n');
  assert.equal((await said.next()).value, 'closed');
  assert.equal(await refused(connectTo(outer)), 'ECONNREFUSED');
});

test('the process that binds exits when the arbiter is gone, even between attempts', async () => {
  const other = await listening(0);
  const spec = {
    addresses: [{ kind: 'tcp', text: '', host: '127.0.0.1', port: portOf(other) }],
    backlog: 1,
    umask: 0,
    reuse_port: false,
    uid: null,
    gid: null,
  };
  const script = path.join(PYTHON_DIR, 'tunicorn', 'helpers', 'bind_listeners.py');
  const child = spawn('python3', ['-I', '-S', script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(spec);
  const tries: unknown[] = [];
  child.on('message', (message) => {
    tries.push(message);
    if (JSON.stringify(message).includes('"will_retry":true')) child.disconnect();
  });
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [1, null]);
  assert.equal(tries.length, 1);
});

test('an interpreter that cannot be run is named', async () => {
  const result = await open(['127.0.0.1:0'], logged(undefined, { python: '/x/python' }));
  assert.deepEqual(result, {
    ok: false,
    message: "Can't bind: the Python interpreter '/x/python' cannot be run: No such file or directory",
  });
});

for (const version of ['3.9.18', '3.10.13', '3.11.7', '3.12.1', '3.13.0']) {
  const python = path.join(process.env.HOME ?? '', '.pyenv', 'versions', version, 'bin', 'python');
  test(`Python ${version} binds`, { skip: !existsSync(python) }, async () => {
    const listener = await openedOne('127.0.0.1:0', logged(undefined, { python }));
    const early = connectTo(listener);
    await once(early, 'connect');
    early.destroy();
  });
}

test('Listeners.change() keeps, opens and closes, and never reuses an id', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `unix:${path.join(root, `change-${name}.sock`)}`) as [
    string,
    string,
    string,
  ];
  const result = await Listeners.open([a, b], logged().options);
  assert.ok(result.ok);
  const { listeners } = result;
  after(() => listeners.close());
  assert.equal(textOf(listeners.describe()), `Listening at: ${a},${b} (${process.pid})`);
  assert.ok(listeners.isSame([b, a]));
  assert.ok(!listeners.isSame([a]));
  assert.deepEqual(await listeners.change([c, b]), { ok: true });
  assert.deepEqual(
    listeners.current().map(({ address }) => [address.id, address.label]),
    [
      [1, b],
      [2, c],
    ],
  );
  assert.deepEqual(listeners.closedIds(), [0]);
  assert.equal(existsSync(a.slice('unix:'.length)), false);
});

test('Listeners.change() goes from one host to all of them on the same port', async () => {
  const result = await Listeners.open(['127.0.0.1:0'], logged().options);
  assert.ok(result.ok);
  const { listeners } = result;
  after(() => listeners.close());
  const port = listeners.current()[0]?.address.port;
  // Port 0 was written, so the plan cannot know of the collision; the second change can.
  const free = await listening(0);
  const fixed = portOf(free);
  free.close();
  await once(free, 'close');
  assert.deepEqual(await listeners.change([`127.0.0.1:${fixed}`]), { ok: true });
  assert.notEqual(port, String(fixed));
  const released: number[] = [];
  const change = await listeners.change([`0.0.0.0:${fixed}`], (listener) => released.push(listener.address.id));
  assert.deepEqual([change, released], [{ ok: true }, [1]]);
  assert.equal(listeners.current()[0]?.address.label, `http://0.0.0.0:${fixed}`);
});

test('Listeners.change() that fails leaves everything as it was', async () => {
  const kept = `unix:${path.join(root, 'kept.sock')}`;
  const result = await Listeners.open([kept], logged().options);
  assert.ok(result.ok);
  const { listeners } = result;
  after(() => listeners.close());
  const change = await listeners.change(['unix:/nodir/x.sock']);
  assert.equal(change.ok, false);
  assert.deepEqual(
    listeners.current().map(({ address }) => address.label),
    [kept],
  );
  assert.deepEqual(await listeners.change(['x:y']).then(({ ok }) => ok), false);
  const early = connect(kept.slice('unix:'.length));
  await once(early, 'connect');
  early.destroy();
});
