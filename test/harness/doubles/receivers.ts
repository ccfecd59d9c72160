// Receivers for syslog lines and StatsD metrics, on UDP, TCP and Unix sockets.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { eventually } from '../deadline.ts';
import type { Scene } from '../scenario.ts';

export class Receiver {
  /** The messages so far: each datagram; on a stream, the text before each NUL. */
  readonly messages: string[] = [];
  /** `127.0.0.1:PORT`, or a path. */
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  async waitFor(pattern: RegExp): Promise<string> {
    return await eventually(`a message like ${pattern}; so far ${JSON.stringify(this.messages)}`, () =>
      this.messages.find((message) => pattern.test(message)),
    );
  }

  count(pattern: RegExp): number {
    return this.messages.filter((message) => pattern.test(message)).length;
  }
}

export async function udpReceiver(scene: Scene): Promise<Receiver> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  scene.defer(() => void socket.close());
  const receiver = new Receiver(`127.0.0.1:${socket.address().port}`);
  socket.on('message', (message) => receiver.messages.push(message.toString()));
  return receiver;
}

/** On TCP, or at the path of a Unix socket. */
export async function streamReceiver(scene: Scene, path: string | null = null, port: number = 0): Promise<Receiver> {
  const sockets = new Set<net.Socket>();
  const pieces: string[] = [];
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text: string) => {
      const parts = ((pieces.pop() ?? '') + text).split('\0');
      pieces.push(parts.pop() ?? '');
      for (const part of parts) receiver.messages.push(`${part}\0`);
    });
  });
  server.listen(path === null ? { port, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  scene.defer(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const receiver = new Receiver(
    typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : (path ?? ''),
  );
  return receiver;
}

const PYTHON_RECEIVER = `
import json, os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps(""), flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

/** Node cannot open Unix datagram sockets. */
export async function unixDatagramReceiver(scene: Scene, path: string): Promise<Receiver> {
  const child = spawn('python3', ['-c', PYTHON_RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  scene.defer(() => void child.kill('SIGKILL'));
  const receiver = new Receiver(path);
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) receiver.messages.push(JSON.parse(line));
  });
  // The first message is empty and means that the socket exists.
  await eventually('the receiver', () => receiver.messages.length > 0);
  receiver.messages.length = 0;
  return receiver;
}
