// A gateway in this process, on real sockets, with a run queue whose workers the test plays (worker-double.ts). The test calls it in
// place of an arbiter.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { RequestLog } from '../../../src/gateway/report/request-log.ts';
import { ErrorLog } from '../../../src/log/error-log.ts';
import type { FromGateway, StreamCounts } from '../../../src/messages/between-arbiter-and-gateway.ts';
import { ClaimsBoard } from '../../../src/runqueue/claims-board.ts';
import { type GatewaySettings, toGatewaySettings } from '../../../src/settings/for-processes/gateway-settings.ts';
import { resolveSettings } from '../../../src/settings/resolve.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { HttpConnection } from '../clients/http-connection.ts';
import { freePort } from '../scenario.ts';
import { WorkerDouble } from './worker-double.ts';

const GATEWAY_NUMBER = 5;
const FACTS = {
  cwd: '/',
  userId: process.getuid?.() ?? 0,
  groupId: process.getgid?.() ?? 0,
  application: 'app',
  isFolder: () => true,
};

export class LiveGateway {
  readonly gateway: Gateway;
  readonly directory: string;
  readonly port: number;
  readonly sent: FromGateway[];
  readonly #settings: GatewaySettings;
  readonly #workers: WorkerDouble[] = [];
  #generation = 0;

  private constructor(
    gateway: Gateway,
    directory: string,
    port: number,
    settings: GatewaySettings,
    sent: FromGateway[],
  ) {
    this.gateway = gateway;
    this.directory = directory;
    this.port = port;
    this.#settings = settings;
    this.sent = sent;
  }

  /** `asgi` unless changed; one generation with one worker with one slot. */
  static async start(t: TestContext, changes: Partial<GatewaySettings> = {}): Promise<LiveGateway> {
    const directory = mkdtempSync(join(tmpdir(), 'tunicorn-gateway-'));
    mkdirSync(join(directory, 'spool'));
    const settings = settingsFor(directory, changes);
    const opened = ErrorLog.open({ source: 'gateway', target: join(directory, 'error.log'), level: 'debug' });
    if (!opened.ok) throw new Error(opened.message);
    ClaimsBoard.create(directory, 1, FACTS).close();
    const sent: FromGateway[] = [];
    const gateway = new Gateway({
      number: GATEWAY_NUMBER,
      index: 0,
      runtimeDir: directory,
      spoolDir: join(directory, 'spool'),
      settings,
      log: opened.log,
      requestLog: new RequestLog(opened.log, new Telemetry(opened.log, 'python3', settings), settings),
      descriptors: { limit: Number.POSITIVE_INFINITY, reserved: 0 },
      send: (message) => sent.push(message),
    });
    await gateway.openChannels();
    const port = await freePort();
    const listener = {
      id: 0,
      label: `http://127.0.0.1:${port}`,
      kind: 'tcp',
      host: '127.0.0.1',
      port: `${port}`,
    } as const;
    gateway.listen(listener, { host: '127.0.0.1', port });
    const live = new LiveGateway(gateway, directory, port, settings, sent);
    t.after(() => live.#stop());
    return live;
  }

  /** Begins the next generation, with one worker. */
  async serve(concurrency = 1): Promise<WorkerDouble> {
    this.#generation += 1;
    const pipe = join(this.directory, `tickets-${this.#generation}`);
    spawnSync('mkfifo', [pipe]);
    const slot = 3 * this.#generation;
    const worker = new WorkerDouble(pipe, join(this.directory, 'board'), slot, this.#generation, {
      socket: join(this.directory, `gateway-${GATEWAY_NUMBER}.sock`),
      number: GATEWAY_NUMBER,
    });
    this.#workers.push(worker);
    this.gateway.serve(this.#generation, 16, concurrency, this.#settings);
    return worker;
  }

  connect(): Promise<HttpConnection> {
    return HttpConnection.open({ host: '127.0.0.1', port: this.port });
  }

  /** The last counts of long-lived connections that the arbiter was sent. */
  streams(): readonly StreamCounts[] {
    return this.sent.findLast((message) => message.type === 'streams')?.streams ?? [];
  }

  accessLines(): string[] {
    return readFileSync(join(this.directory, 'access.log'), 'utf8').trimEnd().split('\n').filter(Boolean);
  }

  errorLog(): string {
    return readFileSync(join(this.directory, 'error.log'), 'utf8');
  }

  /** As the arbiter does: meanwhile the listening sockets close, and the drain waits for them. */
  drain(manner: 'graceful' | 'quick', limitMs: number): Promise<void> {
    this.gateway.unlistenAll();
    return this.gateway.drain(manner, limitMs);
  }

  async #stop(): Promise<void> {
    for (const worker of this.#workers) worker.die();
    await this.drain('quick', 0);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function settingsFor(directory: string, changes: Partial<GatewaySettings>): GatewaySettings {
  const resolution = resolveSettings(
    { environment: {}, framework: null, overrides: null, file: null, commandArgs: {}, commandLine: {} },
    FACTS,
  );
  if (!resolution.ok) throw new Error(resolution.errors.join('\n'));
  const ids = { userId: FACTS.userId, groupId: FACTS.groupId };
  const accessLogFormat = '%(m)s %(U)s %(s)s %(B)s';
  const accessLog = join(directory, 'access.log');
  return { ...toGatewaySettings(resolution.settings, ids), dialect: 'asgi', accessLog, accessLogFormat, ...changes };
}
