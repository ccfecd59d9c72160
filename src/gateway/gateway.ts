// One gateway: accepts connections, admits complete requests to the run queue, passes responses back. Each message from the arbiter
// has one method; longer activities are in parts of their own.

import fs from 'node:fs';
import net, { type Server, type Socket } from 'node:net';
import { GATEWAY_MESSAGES } from '../log/catalog/gateway.ts';
import type { ErrorLog } from '../log/error-log.ts';
import { illegalMove } from '../log/illegal-move.ts';
import type { FromGateway, ListenerAddress } from '../messages/between-arbiter-and-gateway.ts';
import type { ResponseHead } from '../runqueue/channel-decoder.ts';
import { CANCELS_PER_GATEWAY, ClaimsBoard, type SlotRange } from '../runqueue/claims-board.ts';
import { answersPath, channelSocketPath } from '../runqueue/runtime-files.ts';
import type { GatewaySettings } from '../settings/for-processes/gateway-settings.ts';
import type { GatewayReport, Limit } from '../telemetry/snapshot/gateway-report.ts';
import { Accepting } from './accept/accepting.ts';
import { Arrivals, type Opening } from './accept/arrivals.ts';
import type { DescriptorRoom } from './accept/descriptor-room.ts';
import { SurplusConnections } from './accept/surplus-connections.ts';
import type { Transport } from './accept/transport.ts';
import { ClientConnection } from './connection/client-connection.ts';
import type { ConnectionOwner, ServingConnection } from './connection/connection-owner.ts';
import { MemoryBudget } from './connection/memory-budget.ts';
import { SpoolBudget } from './connection/spool-budget.ts';
import { Drain } from './drain.ts';
import { AnswerPipe } from './exchange/answer-pipe.ts';
import type { Exchange } from './exchange/exchange.ts';
import { type ChannelOwner, WorkerChannel } from './exchange/worker-channel.ts';
import { type HttpSettings, toHttpSettings } from './http-settings.ts';
import { Refusal } from './http1/refusal.ts';
import { NumberedTable } from './numbered-table.ts';
import { ArrivingAnswers } from './queue/arriving-answers.ts';
import { DeadWorkers } from './queue/dead-workers.ts';
import type { QueuePolicy } from './queue/queue-policy.ts';
import { failClientLeft, failOverdue, RunQueue } from './queue/run-queue.ts';
import { TicketPipe } from './queue/ticket-pipe.ts';
import type { RecordedConnection, UnservedRequest } from './report/access-records.ts';
import type { RequestLog } from './report/request-log.ts';
import { countConnections, StreamReport } from './report/stream-counts.ts';
import { Sendfile } from './static/sendfile.ts';
import { StaticFiles } from './static/static-files.ts';
import type { Upgraded } from './upgraded/upgraded.ts';
import { closeWithin, WebSocketRetirement } from './upgraded/websocket-retirement.ts';

const CHECK_TIME_MS = 1000;
const CHECK_QUEUE_MS = 20;
const CHECK_WORKERS_MS = 200;

export interface GatewayStart {
  readonly number: number;
  readonly index: number;
  readonly runtimeDir: string;
  readonly spoolDir: string;
  readonly settings: GatewaySettings;
  readonly log: ErrorLog;
  readonly requestLog: RequestLog;
  readonly descriptors: DescriptorRoom;
  readonly send: (message: FromGateway) => void;
}

export class Gateway implements ConnectionOwner, ChannelOwner {
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly spoolBudget: SpoolBudget;
  readonly #start: GatewayStart;
  readonly queue: RunQueue;
  readonly #connections: NumberedTable<ClientConnection> = new NumberedTable((connection) => connection.number);
  readonly #channels: Set<WorkerChannel> = new Set();
  readonly #arriving: ArrivingAnswers = new ArrivingAnswers(this.#channels, () => this.#answers?.readEmpty());
  readonly #channelServer: Server;
  readonly #accepting: Accepting;
  readonly #arrivals: Arrivals;
  readonly #surplus: SurplusConnections;
  readonly #deadWorkers: DeadWorkers;
  readonly #retirement: WebSocketRetirement;
  readonly #drain: Drain;
  readonly #streams: StreamReport;
  readonly #timers: NodeJS.Timeout[];
  /** Null until a worker has made it. */
  #answers: AnswerPipe | null = null;
  #lastConnection = 0;
  #checkedQueueMs: number = performance.now();
  #settings: GatewaySettings;
  #http: HttpSettings;
  #files: StaticFiles | null;
  #sendfile: Sendfile | null;

  constructor(start: GatewayStart) {
    this.#start = start;
    this.spoolDir = start.spoolDir;
    this.#settings = start.settings;
    this.#http = toHttpSettings(start.settings);
    this.#files = this.#newFiles(start.settings);
    this.#sendfile = Sendfile.of(start.settings, start.log, start.descriptors);
    this.budget = new MemoryBudget(start.settings.memoryLimitBytes);
    this.spoolBudget = new SpoolBudget(start.settings.spoolLimitBytes);
    this.#lookAtDisk();
    const board = ClaimsBoard.open(start.runtimeDir);
    const cancels = { first: start.index * CANCELS_PER_GATEWAY, count: CANCELS_PER_GATEWAY };
    this.queue = new RunQueue(start.number, board, cancels, (then) => this.#arriving.whenRead(then));
    // Half-open, because a tunnel passes the end of each direction on.
    this.#channelServer = net.createServer({ allowHalfOpen: true }, (socket) => {
      this.#channels.add(new WorkerChannel(socket, this));
      this.#arriving.channelAccepted();
    });
    this.queue.setPolicy(toQueuePolicy(start.settings));
    this.#accepting = new Accepting(start.log, (socket, listener) => this.#connected(socket, listener));
    this.#arrivals = new Arrivals((socket, transport, opening) => this.#arrived(socket, transport, opening));
    this.#surplus = new SurplusConnections(start.log, start.requestLog, start.descriptors);
    this.#deadWorkers = new DeadWorkers(
      board,
      this.queue,
      { channels: this.#channels, readPipe: () => this.#answers?.readEmpty() },
      start.log,
    );
    this.#retirement = new WebSocketRetirement(this.#connections, this.queue, board);
    this.#drain = new Drain({
      accepting: this.#accepting,
      arrivals: this.#arrivals,
      connections: this.#connections,
      surplus: this.#surplus,
      runQueue: this.queue,
      log: start.log,
    });
    this.#streams = new StreamReport(this.#connections, start.send);
    // Timers run before sockets are polled in a turn of the event loop. After a pause of the process, every client would seem late whose
    // bytes have arrived meanwhile but have not been read; so limits are checked after the sockets.
    this.#timers = [
      setInterval(() => setImmediate(() => this.#checkTime()), CHECK_TIME_MS).unref(),
      setInterval(() => this.#checkQueue(), CHECK_QUEUE_MS).unref(),
    ];
  }

  /** Opens the socket to which workers connect their channels. */
  openChannels(): Promise<void> {
    const { runtimeDir, number } = this.#start;
    return new Promise((resolve) => this.#channelServer.listen(channelSocketPath(runtimeDir, number), resolve));
  }

  // Messages from the arbiter

  listen(listener: ListenerAddress, handle: object): void {
    if (this.#drain.phase.kind !== 'draining') this.#accepting.listen(listener, handle, this.#settings.backlog);
  }

  unlisten(id: number): void {
    this.#accepting.close(id);
  }

  unlistenAll(): void {
    this.#accepting.closeAll();
  }

  serve(generation: number, capacity: number, concurrency: number, settings: GatewaySettings): void {
    if (settings !== this.#settings) {
      this.#settings = settings;
      this.#http = toHttpSettings(settings);
      this.#files = this.#newFiles(settings);
      this.#sendfile = Sendfile.of(settings, this.#start.log, this.#start.descriptors);
      this.budget.limitBytes = settings.memoryLimitBytes;
      this.spoolBudget.limitBytes = settings.spoolLimitBytes;
      this.queue.setPolicy(toQueuePolicy(settings));
      this.#start.requestLog.configure(settings);
    }
    // Before the first ticket is written: its worker opens the pipe to answer it.
    this.#openAnswers();
    if (this.#drain.phase.kind !== 'draining') {
      const pipe = TicketPipe.open(this.#start.runtimeDir, generation, capacity, settings.dialect);
      // No reader: the generation is dying, and requests wait for the next one.
      if (pipe !== null) this.queue.serve(pipe, concurrency);
      this.#retirement.serves(generation, this.#settings.gracefulTimeoutMs);
    }
    this.#streams.reportChanges();
    this.#start.send({ type: 'serving', generation });
  }

  setConcurrency(generation: number, concurrency: number): void {
    this.queue.setConcurrency(generation, concurrency);
  }

  workerRetires(range: SlotRange): void {
    this.#retirement.workerRetires(range, this.#settings.gracefulTimeoutMs);
  }

  workerGone({ slot, slots }: SlotRange, generation: number): void {
    this.#retirement.workerGone({ slot, slots });
    this.#arriving.whenRead(() => this.#deadWorkers.workerGone({ slot, slots, generation }));
  }

  pipeEmpty(generation: number): void {
    this.queue.pipeEmpty(generation);
  }

  generationGone(generation: number): void {
    this.#arriving.whenRead(() => this.#deadWorkers.generationGone(generation));
  }

  /** `workerPid` runs the request. The arbiter may kill that worker once this gateway has named the request. */
  expire(ticket: number, workerPid: number): void {
    const exchange = this.queue.find(ticket);
    if (exchange === undefined) return;
    const { method, target } = exchange.request.head;
    // The worker still holds the ticket: the mark has to stay, and the ticket still counts.
    this.queue.cancel(exchange);
    const refusal = new Refusal('GatewayTimeout', `${method} ${target} exceeded timeout`);
    this.limitReached('timeout');
    exchange.fail(refusal, 'timeout', workerPid);
    this.#start.send({ type: 'expired', ticket, method, target });
  }

  arbiterGone(): void {
    const check = (): void => this.#deadWorkers.checkAlive(this.#start.number);
    this.#timers.push(setInterval(() => this.#arriving.whenRead(check), CHECK_WORKERS_MS).unref());
  }

  report(): GatewayReport {
    const { log, requestLog } = this.#start;
    const { length, oldestMs, running } = this.queue.gauges(performance.now());
    const connections = countConnections(this.#connections);
    return {
      counters: requestLog.counts.counters(log.dropped + log.relay.dropped + requestLog.lostLines),
      gauges: {
        connections: { ...connections, idle: connections.idle + this.#arrivals.size },
        queueLength: length,
        queueOldestSeconds: oldestMs / 1000,
        running,
        bufferedBytes: this.budget.usedBytes,
        spooledBytes: this.spoolBudget.usedBytes,
      },
    };
  }

  announceClose(): void {
    this.#drain.announce();
  }

  /** Resolves when every connection is closed; see Drain. */
  async drain(manner: 'graceful' | 'quick', limitMs: number): Promise<void> {
    if (manner === 'graceful') {
      this.#streams.reportChanges();
      this.#start.send({ type: 'draining' });
    }
    await this.#drain.begin(manner, limitMs);
    this.#start.send({ type: 'counts', report: this.report() });
    for (const timer of this.#timers) clearInterval(timer);
    this.queue.close();
    this.#answers?.close();
    this.#channelServer.close();
    for (const channel of this.#channels) channel.close();
  }

  // ConnectionOwner

  http(): HttpSettings {
    return this.#http;
  }

  connectionClosed(number: number): void {
    this.#connections.delete(number);
  }

  isDraining(): boolean {
    return this.#drain.phase.kind !== 'open';
  }

  admit(exchange: Exchange): void {
    if (this.#files === null || !this.#files.take(exchange)) this.#enqueue(exchange);
  }

  #enqueue(exchange: Exchange): void {
    const turnedAway = this.queue.enqueue(exchange);
    if (turnedAway !== undefined) {
      this.limitReached('queue_limit');
      turnedAway.fail(new Refusal('ServiceUnavailable', 'too many requests are waiting'), 'overload');
    }
    // Workers are throttled by slow clients: a request that finds no idle worker would wait for those clients.
    if (exchange.state.kind !== 'waiting' || !this.spoolBudget.isSpent) return;
    this.queue.drop(exchange);
    this.limitReached('gateway_spool');
    exchange.fail(new Refusal('ServiceUnavailable', 'the spool is full'), 'overload');
  }

  sendsFile(exchange: Exchange, head: ResponseHead, workerPid: number): boolean {
    return this.#sendfile?.take(exchange, head, workerPid) ?? false;
  }

  clientLeft(exchange: Exchange): void {
    if (exchange.state.kind === 'waiting') {
      this.queue.drop(exchange);
      failClientLeft(exchange);
    } else {
      this.queue.cancelUnlessBegun(exchange);
      exchange.clientLeft();
    }
  }

  abandoned(exchange: Exchange): void {
    if (exchange.state.kind === 'waiting') this.queue.drop(exchange);
    else this.queue.cancel(exchange);
  }

  takenOver(exchange: Exchange, by: Upgraded): void {
    const { phase } = this.#drain;
    if (phase.kind === 'draining') closeWithin(by, phase.limitMs);
    else this.#retirement.takenOver(exchange, by, this.#settings.gracefulTimeoutMs);
  }

  ended(exchange: Exchange, connection: ServingConnection): void {
    this.#start.requestLog.ended(exchange, connection, connection.served);
  }

  refused(refusal: Refusal, connection: RecordedConnection): void {
    if (refusal.limit !== null) this.limitReached(refusal.limit);
    const { incompleteRequest, invalidRequest } = GATEWAY_MESSAGES;
    const values = { ip: connection.remoteAddress || 'unix socket', reason: refusal.logMessage };
    if (refusal.code === 'IncompleteRequest') this.#start.log.say(incompleteRequest, values);
    else this.#start.log.say(invalidRequest, values);
  }

  limitReached(limit: Limit): void {
    this.#start.requestLog.counts.refused(limit);
  }

  unserved(request: UnservedRequest): void {
    this.#start.requestLog.unserved(request);
  }

  illegalMove(what: string): void {
    illegalMove(this.#start.log, what);
  }

  // ChannelOwner

  channelOpened(): void {
    // Its worker has made the pipe if there was none: this gateway is newer than the worker.
    this.#openAnswers();
  }

  channelClosed(channel: WorkerChannel, why: string | null): void {
    this.#channels.delete(channel);
    if (why !== null) this.#start.log.say(GATEWAY_MESSAGES.channelBroken, { reason: why });
    this.#deadWorkers.channelClosed(channel);
  }

  #openAnswers(): void {
    if (this.#answers !== null) return;
    const { runtimeDir, number, log } = this.#start;
    try {
      this.#answers = new AnswerPipe(answersPath(runtimeDir, number), this.queue, (reason) =>
        log.say(GATEWAY_MESSAGES.answersMalformed, { reason }),
      );
    } catch {
      // ENOENT: no worker knows of this gateway yet. They answer on their channels until it has opened the pipe.
    }
  }

  #newFiles(settings: GatewaySettings): StaticFiles | null {
    const { log, descriptors } = this.#start;
    return StaticFiles.of(settings, { log, descriptors, pass: (exchange) => this.#enqueue(exchange) });
  }

  #connected(socket: Socket, listener: ListenerAddress): void {
    this.#start.requestLog.counts.accepted();
    const connections = this.#arrivals.size + this.#connections.size;
    const isSurplus = this.#surplus.isSurplus(socket, connections, this.#settings.connectionLimit);
    if (isSurplus) this.#surplus.turnAway(socket, this.#http);
    else this.#arrivals.take(socket, listener, this.#http, performance.now());
  }

  #arrived(socket: Socket, transport: Transport, opening: Opening): void {
    this.#lastConnection += 1;
    const connection = new ClientConnection(socket, transport, this, this.#lastConnection);
    this.#connections.add(connection);
    connection.open(opening);
  }

  #checkTime(): void {
    const nowMs = performance.now();
    this.#arrivals.checkTime(nowMs);
    for (const connection of this.#connections) connection.checkTime(nowMs);
    this.#lookAtDisk();
    this.#streams.reportChanges();
    this.#surplus.report(this.#settings.connectionLimit, nowMs);
  }

  #lookAtDisk(): void {
    fs.statfs(this.spoolDir, (error, stats) => {
      if (error === null) this.spoolBudget.hasFree(stats.bavail * stats.bsize);
    });
  }

  #checkQueue(): void {
    const nowMs = performance.now();
    this.#start.requestLog.counts.loopDelayed(nowMs - this.#checkedQueueMs - CHECK_QUEUE_MS);
    this.#checkedQueueMs = nowMs;
    for (const exchange of this.queue.overdue(nowMs)) failOverdue(exchange);
  }
}

function toQueuePolicy(settings: GatewaySettings): QueuePolicy {
  return { limit: settings.queueLimit, timeoutMs: settings.queueTimeoutMs, order: settings.queueOrder };
}
