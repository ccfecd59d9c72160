// Workers and generations that have exited while bytes that they sent may still be unread: their channels are read to the end and
// closed, and the answer pipe is read until it is empty. Then the clients that still wait for them are answered.

import type { ErrorLog } from '../../log/error-log.ts';
import { type ClaimsBoard, claimAgeMs, monotonicMs, type SlotRange } from '../../runqueue/claims-board.ts';
import type { WorkerChannel } from '../exchange/worker-channel.ts';
import { Refusal } from '../http1/refusal.ts';
import { describeLost } from '../report/lost-request.ts';
import type { RunQueue } from './run-queue.ts';

type GoneWorker = SlotRange & { readonly generation: number };

export class DeadWorkers {
  readonly #board: ClaimsBoard;
  readonly #runQueue: RunQueue;
  readonly #channels: ReadonlySet<WorkerChannel>;
  readonly #readPipe: () => void;
  readonly #log: ErrorLog;
  /** Exited workers with channels that have not ended yet. */
  #workers: GoneWorker[] = [];
  readonly #generations: Set<number> = new Set();

  constructor(
    board: ClaimsBoard,
    runQueue: RunQueue,
    arriving: { readonly channels: ReadonlySet<WorkerChannel>; readonly readPipe: () => void },
    log: ErrorLog,
  ) {
    this.#board = board;
    this.#runQueue = runQueue;
    this.#channels = arriving.channels;
    this.#readPipe = arriving.readPipe;
    this.#log = log;
  }

  workerGone(worker: GoneWorker): void {
    this.#workers.push(worker);
    for (const channel of [...this.#channels]) if (isOf(channel, worker)) channel.workerExited();
    this.#checkWorkers();
  }

  /** Without an arbiter, no message says that a worker has exited, and nothing shows the end of one that has no channel. */
  checkAlive(gateway: number): void {
    for (const { slot, pid } of this.#board.claimants(gateway)) {
      const hasChannel = [...this.#channels].some(({ worker }) => worker?.slot === slot && worker.pid === pid);
      if (!hasChannel && !isAlive(pid)) this.#lost({ slot, slots: 1 });
    }
  }

  /** The last worker of the generation has exited. */
  generationGone(generation: number): void {
    this.#generations.add(generation);
    this.#checkGenerations();
  }

  channelClosed({ worker, isTunnel }: WorkerChannel): void {
    if (worker === null) return;
    // A tunnel's worker may already run its next ticket.
    if (!isTunnel) this.#lost({ slot: worker.slot, slots: 1 });
    this.#checkWorkers();
    this.#checkGenerations();
  }

  /** The tickets claimed in these slots will not be answered. */
  #lost(range: SlotRange): void {
    // The worker may have died between its answer and the release of its claim.
    this.#readPipe();
    const nowMs = monotonicMs();
    for (const claim of this.#board.claims(range)) {
      const exchange = this.#runQueue.find(claim.ticket);
      if (exchange === undefined) continue;
      const { kind } = exchange.state;
      // A request that was answered at its deadline was logged then; a WebSocket lasts until either side closes it, and is not to blame.
      if (kind !== 'finished' && exchange.webSocket === null) {
        const { head, requestId } = exchange.request;
        const { method, target } = head;
        const workerPid = exchange.workerPid ?? claim.pid;
        const hasBegun = kind !== 'outstanding';
        this.#log.enter(
          describeLost({ method, target, requestId, workerPid, ageMs: claimAgeMs(claim, nowMs), hasBegun }),
        );
      }
      exchange.fail(new Refusal('BadGateway', 'the worker died'), 'worker-died', claim.pid);
      this.#runQueue.ticketEnded(exchange);
    }
  }

  #checkWorkers(): void {
    const gone = this.#workers;
    this.#workers = gone.filter((worker) => [...this.#channels].some((channel) => isOf(channel, worker)));
    for (const worker of gone) {
      if (this.#workers.includes(worker)) continue;
      this.#lost(worker);
      this.#runQueue.workerGone(worker.generation);
    }
  }

  #checkGenerations(): void {
    for (const generation of this.#generations) {
      if ([...this.#channels].some((channel) => channel.worker?.generation === generation)) continue;
      this.#generations.delete(generation);
      this.#runQueue.generationGone(generation);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function isOf(channel: WorkerChannel, { slot, slots, generation }: GoneWorker): boolean {
  const { worker } = channel;
  // A tunnel says nothing about other tickets, and ends on its own.
  return (
    worker !== null &&
    !channel.isTunnel &&
    worker.generation === generation &&
    worker.slot >= slot &&
    worker.slot < slot + slots
  );
}
