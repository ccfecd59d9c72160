// One gateway: connections are accepted, whole requests admitted to the run queue, responses passed back; each message of the arbiter
// (main.ts) is one method. What goes on for longer is in the parts that are made below.

import fs from 'node:fs';
import net, { type Server, type Socket } from 'node:net';
import type { ErrorLog } from '../log/error-log.ts';
import type { FromGateway, ListenerAddress } from '../messages/between-arbiter-and-gateway.ts';
import { channelSocketPath } from '../messages/gateway-files.ts';
import { CANCELS_PER_GATEWAY, ClaimsBoard, type SlotRange } from '../runqueue/claims-board.ts';
import type { GatewaySettings } from '../settings/for-processes/gateway-settings.ts';
import { Accepting } from './accept/accepting.ts';
import type { DescriptorRoom } from './accept/descriptor-room.ts';
import { SurplusConnections } from './accept/surplus-connections.ts';
import { ClientConnection } from './connection/client-connection.ts';
import type { ConnectionOwner } from './connection/connection-state.ts';
import { MemoryBudget } from './connection/memory-budget.ts';
import { SpoolBudget } from './connection/spool-budget.ts';
import { Drain } from './drain.ts';
import type { Exchange } from './exchange/exchange.ts';
import { type ChannelOwner, WorkerChannel } from './exchange/worker-channel.ts';
import { type HttpSettings, toHttpSettings } from './http-settings.ts';
import { Refusal } from './http1/refusal.ts';
import { Departures } from './queue/dead-workers.ts';
import type { QueuePolicy } from './queue/queue-policy.ts';
import { failOverdue, RunQueue } from './queue/run-queue.ts';
import { TicketPipe } from './queue/ticket-pipe.ts';
import type { UnservedRequest } from './report/access-records.ts';
import type { RequestLog } from './report/request-log.ts';
import { StreamReport } from './report/stream-counts.ts';
import type { TakenOver } from './upgraded/upgraded.ts';
import { Retirement, retire } from './upgraded/websocket-retirement.ts';

const CHECK_TIME_MS = 1000;
const CHECK_QUEUE_MS = 20;

export interface GatewayStart {
  readonly number: number;
  readonly index: number;
  readonly runtimeDir: string;
  readonly spoolDir: string;
  readonly settings: GatewaySettings;
  readonly log: ErrorLog;
  readonly requestLog: RequestLog;
  readonly descriptors: DescriptorRoom;
  readonly tell: (message: FromGateway) => void;
}

export class Gateway implements ConnectionOwner, ChannelOwner {
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly spoolBudget: SpoolBudget;
  readonly #start: GatewayStart;
  readonly #board: ClaimsBoard;
  readonly #runQueue: RunQueue;
  readonly #connections: Set<ClientConnection> = new Set();
  readonly #channels: Set<WorkerChannel> = new Set();
  readonly #channelServer: Server;
  readonly #accepting: Accepting;
  readonly #surplus: SurplusConnections;
  readonly #departures: Departures;
  readonly #retirement: Retirement;
  readonly #drain: Drain;
  readonly #streams: StreamReport;
  #settings: GatewaySettings;
  #http: HttpSettings;

  constructor(start: GatewayStart) {
    this.#start = start;
    this.spoolDir = start.spoolDir;
    this.#settings = start.settings;
    this.#http = toHttpSettings(start.settings);
    this.budget = new MemoryBudget(start.settings.memoryLimitBytes);
    this.spoolBudget = new SpoolBudget(start.settings.spoolLimitBytes);
    this.#lookAtDisk();
    this.#board = ClaimsBoard.open(start.runtimeDir);
    const cancels = { first: start.index * CANCELS_PER_GATEWAY, count: CANCELS_PER_GATEWAY };
    this.#runQueue = new RunQueue(start.number, this.#board, cancels);
    // Half open: a tunnel passes the end of each direction on.
    this.#channelServer = net.createServer({ allowHalfOpen: true }, (socket) =>
      this.#channels.add(new WorkerChannel(socket, this)),
    );
    this.#runQueue.setPolicy(toQueuePolicy(start.settings));
    this.#accepting = new Accepting(start.log, (socket, listener) => this.#connected(socket, listener));
    this.#surplus = new SurplusConnections(start.log, start.requestLog, start.descriptors);
    this.#departures = new Departures(this.#board, this.#runQueue, this.#channels, start.log);
    this.#retirement = new Retirement(this.#connections, this.#runQueue, this.#board);
    this.#drain = new Drain(this.#accepting, this.#connections, this.#surplus, this.#runQueue, start.log);
    this.#streams = new StreamReport(this.#connections, start.tell);
    // Timers come before the sockets in a turn of the event loop. A gateway that was kept from running would find everybody too late who
    // has sent meanwhile what has not been read yet; so the look at the time comes after the sockets.
    setInterval(() => setImmediate(() => this.#checkTime()), CHECK_TIME_MS).unref();
    setInterval(() => this.#checkQueue(), CHECK_QUEUE_MS).unref();
  }

  /** Opens the socket that workers connect their channels to. */
  openChannels(): Promise<void> {
    const { runtimeDir, number } = this.#start;
    return new Promise((resolve) => this.#channelServer.listen(channelSocketPath(runtimeDir, number), resolve));
  }

  // Told by the arbiter

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
      this.budget.limitBytes = settings.memoryLimitBytes;
      this.spoolBudget.limitBytes = settings.spoolLimitBytes;
      this.#runQueue.setPolicy(toQueuePolicy(settings));
      this.#start.requestLog.configure(settings);
    }
    if (this.#drain.phase.kind !== 'draining') {
      const pipe = TicketPipe.open(this.#start.runtimeDir, generation, capacity, settings.dialect);
      // Without one the generation is dying; requests wait for the next.
      if (pipe !== null) this.#runQueue.serve(pipe, concurrency);
      this.#retirement.serves(generation, this.#settings.gracefulTimeoutMs);
    }
    this.#streams.tellChanges();
    this.#start.tell({ type: 'serving', generation });
  }

  setConcurrency(generation: number, concurrency: number): void {
    this.#runQueue.setConcurrency(generation, concurrency);
  }

  workerRetires(range: SlotRange): void {
    this.#retirement.workerRetires(range, this.#settings.gracefulTimeoutMs);
  }

  workerGone({ slot, slots }: SlotRange, generation: number): void {
    this.#retirement.workerGone({ slot, slots });
    this.#departures.workerGone({ slot, slots, generation });
  }

  pipeEmpty(generation: number): void {
    this.#runQueue.pipeEmpty(generation);
  }

  generationGone(generation: number): void {
    this.#departures.generationGone(generation);
  }

  /** The arbiter will kill the worker when it has heard what it was running. */
  expire(ticket: number): void {
    const exchange = this.#runQueue.find(ticket);
    if (exchange === undefined) return;
    const { method, target } = exchange.head;
    if (exchange.workerPid === 0) exchange.workerPid = this.#board.claimantOf(ticket);
    // The ticket is out until the worker has ended it: the mark has to stay, and the place is not free.
    this.#runQueue.cancel(exchange);
    exchange.fail(new Refusal('GatewayTimeout', `${method} ${target} has run longer than timeout`), 'timeout');
    this.#start.tell({ type: 'expired', ticket, method, target });
  }

  announceClose(): void {
    this.#drain.announce();
  }

  /** Resolves when nothing is left; see Drain. */
  async drain(manner: 'graceful' | 'quick', limitMs: number): Promise<void> {
    if (manner === 'graceful') {
      this.#streams.tellChanges();
      this.#start.tell({ type: 'draining' });
    }
    await this.#drain.begin(manner, limitMs);
    this.#runQueue.close();
    this.#channelServer.close();
    for (const channel of this.#channels) channel.close();
  }

  // ConnectionOwner

  http(): HttpSettings {
    return this.#http;
  }

  isDraining(): boolean {
    return this.#drain.phase.kind !== 'open';
  }

  admit(exchange: Exchange): void {
    const turnedAway = this.#runQueue.enqueue(exchange);
    turnedAway?.fail(new Refusal('ServiceUnavailable', 'too many requests wait'), 'overload');
    // Workers are held back: what no other is free for would wait for slow clients.
    if (exchange.state !== 'waiting' || !this.spoolBudget.isSpent) return;
    this.#runQueue.drop(exchange);
    exchange.fail(new Refusal('ServiceUnavailable', 'the spool is full'), 'overload');
  }

  left(exchange: Exchange): void {
    if (exchange.state !== 'waiting') return this.#runQueue.cancelUnlessBegun(exchange);
    this.#runQueue.drop(exchange);
    exchange.fail(new Refusal('ServiceUnavailable', 'the client has left'), 'client-gone');
  }

  abandoned(exchange: Exchange): void {
    if (exchange.state === 'waiting') this.#runQueue.drop(exchange);
    else this.#runQueue.cancel(exchange);
  }

  takenOver(exchange: Exchange, by: TakenOver): void {
    const { phase } = this.#drain;
    if (phase.kind === 'draining') retire(by, phase.limitMs);
    else this.#retirement.takenOver(exchange, by, this.#settings.gracefulTimeoutMs);
  }

  ended(exchange: Exchange, connection: ClientConnection): void {
    this.#start.requestLog.ended(exchange, connection, connection.served);
  }

  refused(refusal: Refusal, connection: ClientConnection): void {
    this.#start.log.log(
      // A client that goes away in the middle is no news.
      refusal.code === 'IncompleteRequest' ? 'debug' : 'warning',
      `Invalid request from ip=${connection.remoteAddress || 'unix socket'}: ${refusal.logMessage}`,
    );
  }

  unserved(request: UnservedRequest): void {
    this.#start.requestLog.unserved(request);
  }

  // ChannelOwner

  find(ticket: number): Exchange | undefined {
    return this.#runQueue.find(ticket);
  }

  settled(exchange: Exchange): void {
    this.#runQueue.settle(exchange);
  }

  skipped(exchange: Exchange): void {
    const isOver = exchange.state === 'outstanding' && !exchange.client.awaitsAnswer();
    if (isOver) exchange.fail(new Refusal('ServiceUnavailable', 'the client has left'), 'client-gone');
    this.#runQueue.skipped(exchange);
  }

  probed(ticket: number): void {
    this.#runQueue.probed(ticket);
  }

  holdsBack(exchange: Exchange, resume: () => void): boolean {
    return exchange.client.holdsBack(resume);
  }

  closed(ended: ClientConnection | WorkerChannel, why: string | null = null): void {
    if (ended instanceof ClientConnection) {
      this.#connections.delete(ended);
      return;
    }
    this.#channels.delete(ended);
    if (why !== null) this.#start.log.log('error', `A worker's channel is closed: ${why}`);
    this.#departures.channelClosed(ended);
  }

  #connected(socket: Socket, listener: ListenerAddress): void {
    const isSurplus = this.#surplus.isSurplus(socket, this.#connections.size, this.#settings.connectionLimit);
    if (isSurplus) return this.#surplus.turnAway(socket, this.#http);
    this.#connections.add(new ClientConnection(socket, listener, this, performance.now()));
  }

  #checkTime(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.checkTime(nowMs);
    this.#lookAtDisk();
    this.#streams.tellChanges();
    this.#surplus.report(this.#settings.connectionLimit, nowMs);
  }

  #lookAtDisk(): void {
    fs.statfs(this.spoolDir, (error, stats) => {
      if (error === null) this.spoolBudget.hasFree(stats.bavail * stats.bsize);
    });
  }

  #checkQueue(): void {
    for (const exchange of this.#runQueue.overdue(performance.now())) failOverdue(exchange);
  }
}

function toQueuePolicy(settings: GatewaySettings): QueuePolicy {
  return { limit: settings.queueLimit, timeoutMs: settings.queueTimeoutMs, order: settings.queueOrder };
}
