// Whatever a client sends, a proxy and the server behind it must agree where each message ends: the application sees exactly the requests
// that the proxy logged as forwarded, and every response goes to the client that asked.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { HttpConnection, type Target } from '../harness/clients/http-connection.ts';
import { request } from '../harness/clients/http-request.ts';
import type { FrontOptions, ProxiedRequest } from '../harness/machine/front-proxy.ts';
import { haproxy, startHaproxy } from '../harness/machine/haproxy.ts';
import { nginx, startNginx } from '../harness/machine/nginx.ts';
import { otherServer } from '../harness/project.ts';
import { scenario } from '../harness/scenario.ts';
import { type Attempt, readAttempts } from './smuggling-attempts.ts';

/** The record and response of test/apps/proxies/witness.py for a request. */
interface Run {
  readonly run: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** A message that never ends keeps a proxy waiting; its time limit then ends the attempt. */
const clientTimeoutMs = 500;
/** If the server waits for bytes that the proxy considers sent, the proxy gives up and answers 504. */
const serverTimeoutMs = 5000;

const attempts = readAttempts();
const fronts = [
  { program: nginx, start: startNginx, manners: 'strict', listen: 'unix' },
  { program: nginx, start: startNginx, manners: 'lenient', listen: 'tcp' },
  { program: haproxy, start: startHaproxy, manners: 'strict', listen: 'tcp' },
  { program: haproxy, start: startHaproxy, manners: 'lenient', listen: 'unix' },
] as const;

for (const { program, start, manners, listen } of fronts) {
  scenario(
    `${attempts.length} messages through a ${manners} ${program.name}: it and the server agree where each ends`,
    async (scene) => {
      const ledger = scene.write('ledger', '');
      const server = await scene.tunicorn({
        app: 'witness',
        listen,
        args: ['--workers', '2'],
        env: { LEDGER: ledger },
      });
      const options: FrontOptions = { manners, clientTimeoutMs, serverTimeoutMs };
      const front = await start(scene, server.target, options);
      const complaints: string[] = [];
      const received = new Map<string, string>();
      for (const attempt of attempts) {
        received.set(attempt.id, await play(front.target, attempt));
        for (const number of [1, 2]) complaints.push(...(await checkVictim(front.target, attempt, number)));
      }
      const { requests } = await front.stop();
      const runs = readRuns(ledger);
      for (const attempt of attempts) {
        const passedOn = requests.filter((one) => one.requestLine.includes(`/${attempt.id}/`));
        const seen = runs.filter(({ target }) => target.includes(`/${attempt.id}/`));
        const problems = compare(attempt, passedOn, seen, received.get(attempt.id) ?? '');
        complaints.push(...problems.map((problem) => `[${attempt.name}] ${problem}`));
      }
      const strays = runs.filter(({ target }) => !/^(http:\/\/[^/]+)?\/a\d\d\//.test(target));
      complaints.push(...strays.map((run) => `a request that no client sent: ${run.method} ${run.target}`));
      assert.deepEqual(complaints, []);
    },
    { skip: otherServer ? 'only for Tunicorn' : program.skip, limitMs: 300_000 },
  );
}

/** Sends the attempt and its marker, and returns all bytes until the proxy closes. */
async function play(target: Target, { bytes, id }: Attempt): Promise<string> {
  const connection = await HttpConnection.open(target);
  try {
    const marker = `GET /${id}/marker HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`;
    await connection.send(Buffer.concat([bytes, Buffer.from(marker)]));
    return (await connection.untilEnd()).toString('latin1');
  } finally {
    connection.close();
  }
}

/** Another client's request, which the proxy may send on the same connection to the server as the attempt. */
async function checkVictim(target: Target, { name, id }: Attempt, number: number): Promise<string[]> {
  const path = `/${id}/victim-${number}`;
  const { status, body } = await request(target, path);
  const text = body.toString('latin1');
  const got = status === 200 ? (JSON.parse(text) as Run) : undefined;
  if (got?.method === 'GET' && got.target === path && got.body === '') return [];
  return [`[${name}] the next client's GET ${path} was answered ${status}: ${text.slice(0, 300)}`];
}

/** Compares the proxy's log, the application's record, and the client's responses, and returns the discrepancies. */
function compare(
  attempt: Attempt,
  logged: readonly ProxiedRequest[],
  seen: readonly Run[],
  received: string,
): string[] {
  const problems: string[] = [];
  const answered = logged.filter(({ fate, status }) => fate === 'answered' && status === 200);
  const said = answered.map(({ requestLine }) => withoutVersion(requestLine)).filter(isNoVictim);
  const saw = seen.map(({ method, target }) => `${method} ${withoutAuthority(target)}`).filter(isNoVictim);
  if (said.join('\n') !== saw.join('\n'))
    problems.push(`the proxy passed on ${show(said)}, the application saw ${show(saw)}`);

  const lost = logged.filter(({ fate }) => fate === 'lost');
  problems.push(...lost.map(({ logLine }) => `the server left the proxy without an answer: ${logLine}`));

  const got = [...received.matchAll(/"run": "([0-9a-f]+)"/g)].map((match) => match[1]);
  const due = seen.filter(({ target }) => isNoVictim(target)).map(({ run }) => run);
  if (got.join() !== due.join())
    problems.push(`${due.length} requests ran, ${got.length} answers came to their client`);

  if (attempt.seen !== undefined && saw.length !== attempt.seen) {
    problems.push(`the application must see ${attempt.seen} requests, and saw ${show(saw)}`);
  }
  return problems;
}

function readRuns(ledger: string): readonly Run[] {
  const lines = readFileSync(ledger, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Run);
}

function isNoVictim(text: string): boolean {
  return !text.includes('/victim-');
}

function withoutVersion(requestLine: string): string {
  const [method = '', target = ''] = requestLine.split(/[ \t]+/);
  return `${method} ${withoutAuthority(target)}`;
}

function withoutAuthority(target: string): string {
  return target.replace(/^http:\/\/[^/]+/, '');
}

function show(lines: readonly string[]): string {
  return lines.length === 0 ? 'nothing' : lines.join(', ');
}
