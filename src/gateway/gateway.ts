// One gateway: accepts connections, admits whole requests to the run queue, passes responses back, and drains.
// Told by the arbiter what to do (main.ts).

import net, { type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { ErrorLog } from '../log/error-log.ts';
import type { FromGateway, ListenerAddress } from '../messages/between-arbiter-and-gateway.ts';
import { CANCELS_PER_GATEWAY, ClaimsBoard, type SlotRange } from '../runqueue/claims-board.ts';
import type { GatewaySettings } from '../settings/gateway-settings.ts';
import type { UnservedRequest } from './access-records.ts';
import { ClientConnection } from './client-connection.ts';
import type { ConnectionOwner } from './connection-state.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './http/refusal.ts';
import { type HttpSettings, toHttpSettings } from './http-settings.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { QueuePolicy } from './queue-policy.ts';
import type { RequestLog } from './request-log.ts';
import { nameServer } from './response-head-lines.ts';
import { retireDelayMs } from './retire-delay.ts';
import { RetiringWorkers } from './retiring-workers.ts';
import { RunQueue } from './run-queue.ts';
import { countStreams, type StreamCounts } from './stream-counts.ts';
import type { TakenOver } from './taken-over.ts';
import { TicketPipe } from './ticket-pipe.ts';
import { turnAway } from './turn-away.ts';
import { type ChannelOwner, WorkerChannel } from './worker-channel.ts';

const CHECK_TIME_MS = 1000;
const CHECK_QUEUE_MS = 20;
const TURN_AWAY_MS = 2000;
const CHECK_DRAIN_MS = 50;
/** After the last answers, before the connections are cut. */
const LAST_WORDS_MS = 250;
/** A drain waits so long for kept connections that are idle: what comes on them is answered, and says that it was the last. */
const DRAIN_IDLE_MS = 1000;
const QUIET_TURNS = 3;
/** Those who never stop connecting are not waited for. */
const BACKLOG_LIMIT_MS = 1000;
/** A client in the middle of a request when the drain begins has this long for the rest of its head, or the next byte of its body. */
const DRAIN_STALL_MS = 1000;

export interface GatewayStart {
  readonly number: number;
  readonly index: number;
  readonly runtimeDir: string;
  readonly spoolDir: string;
  readonly settings: GatewaySettings;
  readonly log: ErrorLog;
  readonly requestLog: RequestLog;
  readonly tell: (message: FromGateway) => void;
}

type GoneWorker = SlotRange & { readonly generation: number };

type Phase =
  | { readonly kind: 'open' }
  /** Still accepting, but every response says that it is the last of its connection. */
  | { readonly kind: 'leaving' }
  | {
      readonly kind: 'draining';
      readonly sinceMs: number;
      /** How long idle connections are kept. */
      readonly idleMs: number;
      readonly limitMs: number;
      readonly done: () => void;
    };

export class Gateway implements ConnectionOwner, ChannelOwner {
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly #start: GatewayStart;
  readonly #board: ClaimsBoard;
  readonly #runQueue: RunQueue;
  readonly #connections: Set<ClientConnection> = new Set();
  readonly #channels: Set<WorkerChannel> = new Set();
  readonly #channelServer: Server;
  readonly #servers: Map<number, Server> = new Map();
  /** Generations whose last worker has exited, but not all of whose bytes have been read. */
  readonly #goneGenerations: Set<number> = new Set();
  /** Workers that have exited, some of whose channels have not ended yet. */
  #goneWorkers: GoneWorker[] = [];
  readonly #retiringWorkers: RetiringWorkers;
  /** The one that is served; older ones drain. */
  #generation = 0;
  #accepted = 0;
  /** Connections beyond the limit since the last look. */
  #turnedAway = 0;
  #phase: Phase = { kind: 'open' };
  #settings: GatewaySettings;
  #http: HttpSettings;

  constructor(start: GatewayStart) {
    this.#start = start;
    this.spoolDir = start.spoolDir;
    this.#settings = start.settings;
    this.#http = toHttpSettings(start.settings);
    nameServer(start.settings.serverName);
    this.budget = new MemoryBudget(start.settings.memoryLimitBytes);
    this.#board = ClaimsBoard.open(start.runtimeDir);
    this.#retiringWorkers = new RetiringWorkers(this.#board);
    const cancels = { first: start.index * CANCELS_PER_GATEWAY, count: CANCELS_PER_GATEWAY };
    this.#runQueue = new RunQueue(start.number, this.#board, cancels);
    // Half open: a tunnel passes the end of each direction on.
    this.#channelServer = net.createServer({ allowHalfOpen: true }, (socket) =>
      this.#channels.add(new WorkerChannel(socket, this)),
    );
    this.#runQueue.setPolicy(toQueuePolicy(start.settings));
    setInterval(() => this.#checkTime(), CHECK_TIME_MS).unref();
    setInterval(() => this.#checkQueue(), CHECK_QUEUE_MS).unref();
  }

  /** Opens the socket that workers connect their channels to. */
  openChannels(): Promise<void> {
    const { runtimeDir, number } = this.#start;
    return new Promise((resolve) =>
      this.#channelServer.listen(path.join(runtimeDir, `gateway-${number}.sock`), resolve),
    );
  }

  // Told by the arbiter

  listen(listener: ListenerAddress, handle: object): void {
    if (this.#servers.has(listener.id) || this.#phase.kind === 'draining') return;
    const server = net.createServer({ allowHalfOpen: true, noDelay: listener.kind === 'tcp' }, (socket) =>
      this.#accept(socket, listener),
    );
    server.on('error', (error) => {
      // EMFILE and the like: the connection stays in the backlog, and is accepted when there is room again.
      this.#start.log.log('error', `Can't accept on ${listener.label}: ${error.message}`);
    });
    server.listen(handle, this.#settings.backlog);
    this.#servers.set(listener.id, server);
  }

  unlisten(id: number): void {
    this.#close(id);
  }

  serve(generation: number, capacity: number, concurrency: number, settings: GatewaySettings): void {
    if (settings !== this.#settings) {
      this.#settings = settings;
      this.#http = toHttpSettings(settings);
      nameServer(settings.serverName);
      this.budget.limitBytes = settings.memoryLimitBytes;
      this.#runQueue.setPolicy(toQueuePolicy(settings));
      this.#start.requestLog.configure(settings);
    }
    if (this.#phase.kind !== 'draining') {
      const pipe = TicketPipe.open(this.#start.runtimeDir, generation, capacity, settings.dialect);
      // Without one the generation is dying; requests wait for the next.
      if (pipe !== null) this.#runQueue.serve(pipe, concurrency);
      if (generation > this.#generation) this.#retireOlderThan(generation);
    }
    this.#start.tell({ type: 'serving', generation });
  }

  setConcurrency(generation: number, concurrency: number): void {
    this.#runQueue.setConcurrency(generation, concurrency);
  }

  workerRetires(range: SlotRange): void {
    this.#retiringWorkers.add(range);
    const claimed = new Set(this.#runQueue.leaving(range));
    for (const { state } of this.#connections)
      if (state.kind === 'taken-over' && claimed.has(state.exchange))
        this.#retire(state.by, this.#settings.gracefulTimeoutMs);
  }

  workerGone({ slot, slots }: SlotRange, generation: number): void {
    this.#retiringWorkers.gone({ slot, slots });
    this.#goneWorkers.push({ slot, slots, generation });
    this.#checkGoneWorkers();
  }

  pipeEmpty(generation: number): void {
    this.#runQueue.pipeEmpty(generation);
  }

  generationGone(generation: number): void {
    this.#goneGenerations.add(generation);
    this.#checkGoneGenerations();
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
    if (this.#phase.kind === 'open') this.#phase = { kind: 'leaving' };
  }

  /** Finishes what is here, at most until `limitMs` have passed; quick: answers 503 to it. Resolves when nothing is left. */
  drain(manner: 'graceful' | 'quick', limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const idleMs = manner === 'graceful' ? DRAIN_IDLE_MS : 0;
      this.#phase = { kind: 'draining', sinceMs: performance.now(), idleMs, limitMs, done: resolve };
      for (const id of this.#servers.keys()) this.#close(id);
      const graceMs = manner === 'graceful' ? limitMs : 0;
      for (const { takenOver } of this.#connections) if (takenOver !== null) this.#retire(takenOver, graceMs);
      if (manner === 'quick') this.#giveUpWaiting();
      this.#checkDrain();
    });
  }

  // ConnectionOwner

  http(): HttpSettings {
    return this.#http;
  }

  isDraining(): boolean {
    return this.#phase.kind !== 'open';
  }

  admit(exchange: Exchange): void {
    const turnedAway = this.#runQueue.enqueue(exchange);
    turnedAway?.fail(new Refusal('ServiceUnavailable', 'too many requests wait'), 'overload');
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
    if (this.#phase.kind === 'draining') this.#retire(by, this.#phase.limitMs);
    else if ((exchange.pipe?.generation ?? 0) < this.#generation || this.#retiringWorkers.run(exchange.ticket))
      this.#retire(by, this.#settings.gracefulTimeoutMs);
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

  /** For whoever exports figures. */
  streams(): StreamCounts {
    return countStreams(this.#connections);
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
    if (ended.worker === null) return;
    // A tunnel's worker may be at its next ticket already.
    if (!ended.isTunnel) this.#lost({ slot: ended.worker.slot, slots: 1 });
    this.#checkGoneWorkers();
    this.#checkGoneGenerations();
  }

  /**
   * The kernel resets what is in a backlog that is closed; so what is there is accepted first. Node accepts one connection of a listener
   * in a turn of the event loop: some turns without one mean that the backlog is empty.
   */
  #close(id: number): void {
    const latestMs = performance.now() + BACKLOG_LIMIT_MS;
    let accepted = this.#accepted;
    let quietTurns = 0;
    const turn = (): void => {
      quietTurns = this.#accepted === accepted ? quietTurns + 1 : 0;
      accepted = this.#accepted;
      if (quietTurns < QUIET_TURNS && performance.now() < latestMs) {
        setImmediate(turn);
        return;
      }
      this.#servers.get(id)?.close();
      this.#servers.delete(id);
    };
    setImmediate(turn);
  }

  /** The older generations drain: no request of theirs is new, but a WebSocket would go on for ever. */
  #retireOlderThan(generation: number): void {
    this.#generation = generation;
    for (const { takenOver } of this.#connections)
      if (takenOver !== null && takenOver.generation < generation)
        this.#retire(takenOver, this.#settings.gracefulTimeoutMs);
  }

  #retire(takenOver: TakenOver, limitMs: number): void {
    takenOver.retire(retireDelayMs(limitMs, Math.random()), limitMs);
  }

  #giveUpWaiting(): void {
    for (const exchange of this.#runQueue.unanswered()) {
      // So that a worker does not tell Python's loggers of an answer that nobody gets.
      this.#runQueue.cancel(exchange);
      exchange.fail(new Refusal('ServiceUnavailable', 'shutting down'), 'shutting-down');
    }
  }

  #accept(socket: Socket, listener: ListenerAddress): void {
    this.#accepted += 1;
    const { connectionLimit } = this.#settings;
    if (connectionLimit > 0 && this.#connections.size >= connectionLimit) return this.#turnAway(socket);
    this.#connections.add(new ClientConnection(socket, listener, this, performance.now()));
  }

  /** One connection too many: it is told so, and closed when it has heard. */
  #turnAway(socket: Socket): void {
    this.#turnedAway += 1;
    socket.on('error', () => {});
    const { response, logged } = turnAway(socket, this.#http, performance.now());
    socket.end(response, 'latin1');
    // What never sends a byte is no request.
    socket.once('data', (chunk: Buffer) => this.#start.requestLog.unserved(logged(chunk)));
    socket.resume();
    // Not the socket's own timeout: a client that goes on sending would put that off for ever.
    const timer = setTimeout(() => socket.destroy(), TURN_AWAY_MS);
    socket.on('close', () => clearTimeout(timer));
  }

  /** Whatever was claimed in these slots, nobody will answer it any more. */
  #lost(range: SlotRange): void {
    for (const exchange of this.#runQueue.claimed(range)) {
      if (exchange.workerPid === 0) exchange.workerPid = this.#board.claimantOf(exchange.ticket);
      exchange.fail(new Refusal('BadGateway', 'the worker has died'), 'worker-died');
      this.#runQueue.settle(exchange);
    }
  }

  /** With a channel open, bytes of a dead worker's last response may still be unread; the end of its last channel says when they are not. */
  #checkGoneWorkers(): void {
    const gone = this.#goneWorkers;
    this.#goneWorkers = gone.filter((worker) => [...this.#channels].some((channel) => isOf(channel, worker)));
    for (const worker of gone) {
      if (this.#goneWorkers.includes(worker)) continue;
      this.#lost(worker);
      this.#runQueue.workerGone(worker.generation);
    }
  }

  #checkGoneGenerations(): void {
    for (const generation of this.#goneGenerations) {
      if ([...this.#channels].some((channel) => channel.worker?.generation === generation)) continue;
      this.#goneGenerations.delete(generation);
      this.#runQueue.generationGone(generation);
    }
  }

  #checkTime(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.checkTime(nowMs);
    if (this.#turnedAway === 0) return;
    const { connectionLimit } = this.#settings;
    const message = `Turned away ${this.#turnedAway} connections: gateway_connections is ${connectionLimit}`;
    this.#start.log.log('warning', message);
    this.#turnedAway = 0;
  }

  #checkQueue(): void {
    const overdue = this.#runQueue.overdue(performance.now());
    for (const exchange of overdue)
      exchange.fail(new Refusal('ServiceUnavailable', 'waited too long for a worker'), 'queue-timeout');
  }

  #checkDrain(): void {
    const phase = this.#phase;
    if (phase.kind !== 'draining') return;
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.drainStalled(phase.sinceMs, nowMs, DRAIN_STALL_MS);
    const isBusy = [...this.#connections].some((connection) => connection.isBusy);
    if (!isBusy && nowMs - phase.sinceMs > phase.idleMs) {
      for (const connection of this.#connections) connection.closeIdle();
    }
    const overtimeMs = nowMs - phase.sinceMs - phase.limitMs;
    if (overtimeMs > 0) this.#giveUpWaiting();
    if (overtimeMs > LAST_WORDS_MS) for (const connection of this.#connections) connection.destroy('shutting-down');
    if (this.#connections.size > 0 || this.#servers.size > 0) {
      setTimeout(() => this.#checkDrain(), CHECK_DRAIN_MS);
      return;
    }
    this.#runQueue.close();
    this.#channelServer.close();
    for (const channel of this.#channels) channel.close();
    phase.done();
  }
}

function isOf(channel: WorkerChannel, { slot, slots, generation }: GoneWorker): boolean {
  const { worker } = channel;
  // A tunnel says nothing of other tickets, and ends by itself.
  return (
    worker !== null &&
    !channel.isTunnel &&
    worker.generation === generation &&
    worker.slot >= slot &&
    worker.slot < slot + slots
  );
}

function toQueuePolicy(settings: GatewaySettings): QueuePolicy {
  return { limit: settings.queueLimit, timeoutMs: settings.queueTimeoutMs, order: settings.queueOrder };
}
