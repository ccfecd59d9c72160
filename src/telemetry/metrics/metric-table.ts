// Every metric of /metrics. No label has values that a client chooses.

import { CONNECTION_STATES, LIMITS, OWN_STATUSES, REQUEST_ENDS, STATUS_CLASSES } from '../snapshot/gateway-report.ts';
import { BYTES_BUCKETS, SECONDS_BUCKETS } from '../snapshot/histogram.ts';
import { PROCESS_KINDS, RELOAD_RESULTS, RESTART_CAUSES, WORKER_STATES } from '../snapshot/snapshot.ts';
import type { Labels, Metric, Sample } from './metric.ts';

export const METRICS: readonly Metric[] = [
  {
    name: 'tunicorn',
    kind: 'info',
    help: 'The versions of the server.',
    labels: { version: "Tunicorn's", node: "Node.js's", python: "the interpreter's" },
    samples: ({ server }) => [
      { labels: { version: server.version, node: server.node, python: server.python }, value: 1 },
    ],
  },
  {
    name: 'tunicorn_ready',
    kind: 'gauge',
    help: '1 while /readyz says ready, else 0.',
    labels: {},
    samples: ({ readiness }) => one(readiness.ready ? 1 : 0),
  },
  {
    name: 'tunicorn_uptime_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time since the arbiter started.',
    labels: {},
    samples: ({ server }) => one(server.uptimeSeconds),
  },
  {
    name: 'tunicorn_generation',
    kind: 'gauge',
    help: 'Number of the serving generation: it grows by one or more with each reload. 0 before the first one serves.',
    labels: {},
    samples: ({ server }) => one(server.generation ?? 0),
  },
  {
    name: 'tunicorn_requests',
    kind: 'counter',
    help: 'Requests that have ended, by the class of their status; none: the client left before there was one. A WebSocket counts when it ends.',
    labels: { code: STATUS_CLASSES },
    samples: ({ counters }) => each('code', STATUS_CLASSES, counters.requests),
  },
  {
    name: 'tunicorn_request_ends',
    kind: 'counter',
    help: 'The same requests by how they ended; the words are those of the access log (see "end" in logging.md).',
    labels: { end: REQUEST_ENDS },
    samples: ({ counters }) => each('end', REQUEST_ENDS, counters.ends),
  },
  {
    name: 'tunicorn_gateway_answers',
    kind: 'counter',
    help: 'Requests that a gateway has answered itself, without the application, by status.',
    labels: { code: OWN_STATUSES.map(String) },
    samples: ({ counters }) =>
      OWN_STATUSES.map((status) => ({ labels: { code: String(status) }, value: counters.ownAnswers[status] })),
  },
  {
    name: 'tunicorn_refused',
    kind: 'counter',
    help: 'Requests and connections that were refused or cut off because they exceeded a limit, by the setting of the limit. open_files is the limit of open files.',
    labels: { limit: LIMITS },
    samples: ({ counters }) => each('limit', LIMITS, counters.refused),
  },
  {
    name: 'tunicorn_queue_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time that a request waited in the run queue: from when it was complete until it was handed to the workers.',
    labels: {},
    bounds: SECONDS_BUCKETS,
    histogram: ({ counters }) => counters.queueSeconds,
  },
  {
    name: 'tunicorn_application_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time from then until the worker ended its response. Without WebSockets, tunnels and event streams.',
    labels: {},
    bounds: SECONDS_BUCKETS,
    histogram: ({ counters }) => counters.applicationSeconds,
  },
  {
    name: 'tunicorn_request_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Both together: from when a request was complete until its response was handed over. Without WebSockets, tunnels and event streams.',
    labels: {},
    bounds: SECONDS_BUCKETS,
    histogram: ({ counters }) => counters.requestSeconds,
  },
  {
    name: 'tunicorn_request_size_bytes',
    kind: 'histogram',
    unit: 'bytes',
    help: 'Size of the bodies of requests.',
    labels: {},
    bounds: BYTES_BUCKETS,
    histogram: ({ counters }) => counters.requestBytes,
  },
  {
    name: 'tunicorn_response_size_bytes',
    kind: 'histogram',
    unit: 'bytes',
    help: 'Size of the bodies of responses.',
    labels: {},
    bounds: BYTES_BUCKETS,
    histogram: ({ counters }) => counters.responseBytes,
  },
  {
    name: 'tunicorn_queue_length',
    kind: 'gauge',
    help: 'Requests that wait for a worker now, in all gateways.',
    labels: {},
    samples: ({ gauges }) => one(gauges.queueLength),
  },
  {
    name: 'tunicorn_queue_oldest_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long the oldest of them has waited; 0 if there is none.',
    labels: {},
    samples: ({ gauges }) => one(gauges.queueOldestSeconds),
  },
  {
    name: 'tunicorn_requests_running',
    kind: 'gauge',
    help: 'Requests that were handed to the workers and are not answered yet.',
    labels: {},
    samples: ({ gauges }) => one(gauges.running),
  },
  {
    name: 'tunicorn_workers',
    kind: 'gauge',
    help: 'Workers of all generations. ready: waits for a request; busy: runs at least one; draining: finishes and takes no more.',
    labels: { state: WORKER_STATES },
    samples: ({ workers }) => each('state', WORKER_STATES, workers.counts),
  },
  {
    name: 'tunicorn_workers_target',
    kind: 'gauge',
    help: 'Workers that the serving generation should have.',
    labels: {},
    samples: ({ workers }) => one(workers.target),
  },
  {
    name: 'tunicorn_worker_restarts',
    kind: 'counter',
    help: 'Workers that ended and were replaced, by cause. crashed: by a signal, or with a status other than 0; killed: by SIGKILL from outside, such as the kernel when memory is short; exited: by itself, or after a signal from outside; boot: it did not boot; hook: a hook asked for it. A reload does not count.',
    labels: { cause: RESTART_CAUSES },
    samples: ({ restarts }) => RESTART_CAUSES.map((cause) => ({ labels: { cause }, value: restarts[cause].count })),
  },
  {
    name: 'tunicorn_reloads',
    kind: 'counter',
    help: 'Reloads that have ended. failed: the old generation goes on serving; superseded: another reload began before it was ready.',
    labels: { result: RELOAD_RESULTS },
    samples: ({ reloads }) => each('result', RELOAD_RESULTS, reloads.counts),
  },
  {
    name: 'tunicorn_connections',
    kind: 'gauge',
    help: 'Connections of clients now. idle: kept alive, or new; active: a request is being read or served; closing: the client has yet to read its last response.',
    labels: { state: CONNECTION_STATES },
    samples: ({ gauges }) => each('state', CONNECTION_STATES, gauges.connections),
  },
  {
    name: 'tunicorn_connections_accepted',
    kind: 'counter',
    help: 'Connections of clients that were accepted.',
    labels: {},
    samples: ({ counters }) => one(counters.acceptedConnections),
  },
  {
    name: 'tunicorn_listen_backlog',
    kind: 'gauge',
    help: 'Connections that wait in the kernel to be accepted, for each TCP address of bind.',
    labels: { listener: 'the address' },
    samples: ({ listeners }) =>
      listeners.flatMap(({ address, backlog }) =>
        backlog === null ? [] : [{ labels: { listener: address }, value: backlog }],
      ),
  },
  {
    name: 'tunicorn_kernel_listen_drops',
    kind: 'counter',
    help: 'Connections that the kernel dropped because a backlog was full, of all programs in the network namespace (such as a container).',
    labels: {},
    samples: ({ kernelDrops }) => (kernelDrops === null ? [] : one(kernelDrops)),
  },
  {
    name: 'tunicorn_process_resident_memory_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of all processes of a kind; memory that they share counts in each.',
    labels: { process: PROCESS_KINDS },
    samples: ({ processes }) =>
      PROCESS_KINDS.map((kind) => ({ labels: { process: kind }, value: processes[kind].residentBytes })),
  },
  {
    name: 'tunicorn_process_cpu_seconds',
    kind: 'counter',
    unit: 'seconds',
    help: 'Processor time of all processes of a kind, user and system, including those that have ended.',
    labels: { process: PROCESS_KINDS },
    samples: ({ processes }) =>
      PROCESS_KINDS.map((kind) => ({ labels: { process: kind }, value: processes[kind].cpuSeconds })),
  },
  {
    name: 'tunicorn_gateway_buffered_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bodies and messages in the memory of the gateways: what gateway_memory limits.',
    labels: {},
    samples: ({ gauges }) => one(gauges.bufferedBytes),
  },
  {
    name: 'tunicorn_gateway_spooled_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bodies and responses in files of the gateways.',
    labels: {},
    samples: ({ gauges }) => one(gauges.spooledBytes),
  },
  {
    name: 'tunicorn_gateway_loop_delay_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'How late the event loop of a gateway was, measured every 20 ms: late means that the gateway, not the application, is the limit.',
    labels: {},
    bounds: SECONDS_BUCKETS,
    histogram: ({ counters }) => counters.loopDelaySeconds,
  },
  {
    name: 'tunicorn_log_lines_lost',
    kind: 'counter',
    help: 'Lines of the logs that could not be written.',
    labels: {},
    samples: ({ lostLogLines }) => one(lostLogLines),
  },
];

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

function each<Name extends string>(
  label: string,
  names: readonly Name[],
  values: Readonly<Record<Name, number>>,
): readonly Sample[] {
  return names.map((name) => ({ labels: { [label]: name } satisfies Labels, value: values[name] }));
}
