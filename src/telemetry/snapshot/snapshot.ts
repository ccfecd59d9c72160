// The state of a server at one moment, as plain JSON: what the admin address shows as /status, and what the metrics are made from.
// Times of day are ISO 8601; durations are seconds; sizes are bytes.

import type { GatewayCounters, GatewayGauges } from './gateway-report.ts';
import type { RecentTraffic } from './recent-traffic.ts';

export const PROCESS_KINDS = ['arbiter', 'gateway', 'forkserver', 'worker'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

/**
 * Why workers that served were replaced. `exited`: by itself, or after a signal from outside; `killed`: by SIGKILL from outside, such as the
 * kernel's when memory is short; `crashed`: by another signal, or with another status than 0.
 */
export const RESTART_CAUSES = ['max_requests', 'timeout', 'crashed', 'killed', 'exited', 'boot', 'hook'] as const;
export type RestartCause = (typeof RESTART_CAUSES)[number];

export const RELOAD_RESULTS = ['succeeded', 'failed', 'superseded'] as const;
export type ReloadResult = (typeof RELOAD_RESULTS)[number];

/** `ready`: it waits for a request; `busy`: it runs at least one; `draining`: it takes none any more. */
export const WORKER_STATES = ['ready', 'busy', 'booting', 'draining'] as const;
export type WorkerStateName = (typeof WORKER_STATES)[number];

export interface ProcessUsage {
  readonly residentBytes: number;
  /** Of the processor, user and system. */
  readonly cpuSeconds: number;
  /** Only if asked for: shared memory is divided among those that share it. */
  readonly proportionalBytes: number | null;
}

export interface ServerState {
  readonly version: string;
  readonly node: string;
  readonly python: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly phase: 'running' | 'paused' | 'leaving' | 'stopping';
  /** The number of the serving generation. */
  readonly generation: number | null;
  readonly configFile: string;
  /** Why the last reload, or the start, failed. */
  readonly lastFailure: string | null;
  /** The other arbiter on the same sockets, during an upgrade. */
  readonly otherArbiter: { readonly role: 'older' | 'newer'; readonly pid: number } | null;
}

export interface WorkerSnapshot {
  /** The first of its slots on the claims board. */
  readonly slot: number;
  readonly pid: number | null;
  readonly generation: number;
  readonly age: number;
  readonly state: WorkerStateName;
  /** The state of its life in the arbiter's words, and since when. */
  readonly life: string;
  readonly sinceSeconds: number;
  readonly running: number;
  readonly requests: number;
  /** Of all requests that living workers have taken. */
  readonly share: number;
  readonly usage: ProcessUsage | null;
}

export interface LastReload {
  readonly generation: number;
  readonly result: ReloadResult | 'running';
  readonly startedAt: string;
  readonly seconds: number;
  readonly failure: string | null;
  readonly traceback: string | null;
}

export interface WorkerEnd {
  readonly at: string;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

interface GenerationSnapshot {
  readonly number: number;
  readonly state: string;
  readonly workers: number;
  /** Requests that its workers run: what an old generation is kept for. */
  readonly running: number;
}

export interface GatewaySnapshot {
  readonly number: number;
  readonly pid: number | null;
  /** Since its last report; null if it has not reported yet. */
  readonly reportAgeSeconds: number | null;
  readonly gauges: GatewayGauges | null;
  readonly usage: ProcessUsage | null;
}

export interface ListenerSnapshot {
  readonly address: string;
  /** Connections that wait in the kernel to be accepted; null for a Unix socket. */
  readonly backlog: number | null;
}

export interface SettingSnapshot {
  /** As in Python. */
  readonly value: string;
  readonly origin: string;
}

export interface Snapshot {
  readonly server: ServerState;
  readonly readiness: { readonly ready: true } | { readonly ready: false; readonly reason: string };
  readonly workers: {
    readonly target: number;
    readonly counts: Readonly<Record<WorkerStateName, number>>;
    readonly each: readonly WorkerSnapshot[];
  };
  /** The upper bounds of the histograms in `counters`. */
  readonly bounds: { readonly seconds: readonly number[]; readonly bytes: readonly number[] };
  /** Sums over the gateways, including those that have ended. */
  readonly counters: GatewayCounters;
  readonly gauges: GatewayGauges;
  readonly queue: { readonly limit: number; readonly order: string; readonly timeoutSeconds: number };
  readonly recent: { readonly oneMinute: RecentTraffic; readonly fiveMinutes: RecentTraffic };
  readonly listeners: readonly ListenerSnapshot[];
  /** Connections that the kernel has dropped because a backlog was full, of all programs in this network namespace; null if unknown. */
  readonly kernelDrops: number | null;
  readonly restarts: Readonly<Record<RestartCause, { readonly count: number; readonly last: WorkerEnd | null }>>;
  readonly reloads: { readonly counts: Readonly<Record<ReloadResult, number>>; readonly last: LastReload | null };
  readonly generations: readonly GenerationSnapshot[];
  readonly gateways: readonly GatewaySnapshot[];
  readonly processes: Readonly<Record<ProcessKind, ProcessUsage>>;
  /** Of all processes of the server. */
  readonly lostLogLines: number;
  readonly settings: Readonly<Record<string, SettingSnapshot>>;
}
