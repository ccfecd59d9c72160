// What a HorizontalPodAutoscaler computes from the metrics of deploy/helm/prometheus-adapter.yaml.

import type { Target } from '../clients/http-connection.ts';
import { getText } from '../clients/http-request.ts';

/** Of one pod, since its start. */
export interface QueueSample {
  readonly seconds: number;
  readonly requests: number;
  readonly length: number;
}

/** As Prometheus scrapes it. */
export async function scrape(admin: Target): Promise<QueueSample> {
  const text = await getText(admin, '/metrics');
  return {
    seconds: total(text, 'tunicorn_queue_seconds_sum'),
    requests: total(text, 'tunicorn_queue_seconds_count'),
    length: total(text, 'tunicorn_queue_length'),
  };
}

/** tunicorn_queue_seconds_mean between two scrapes of a pod. */
export function meanSeconds(before: QueueSample, after: QueueSample): number {
  return (after.seconds - before.seconds) / Math.max(after.requests - before.requests, 1e-9);
}

export interface Scale {
  readonly replicas: number;
  readonly maxReplicas: number;
}

/** The pods that the autoscaler wants: nothing changes while the mean over the pods is within a tenth of the target. */
export function desiredReplicas({ replicas, maxReplicas }: Scale, values: readonly number[], target: number): number {
  const ratio = values.reduce((sum, value) => sum + value, 0) / values.length / target;
  if (Math.abs(ratio - 1) <= 0.1) return replicas;
  return Math.min(Math.max(Math.ceil(replicas * ratio), 1), maxReplicas);
}

function total(text: string, name: string): number {
  const values = text.split('\n').flatMap((line) => {
    const match = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`).exec(line);
    return match === null ? [] : [Number(match[1])];
  });
  if (values.length === 0) throw new Error(`/metrics has no ${name}:\n${text.slice(0, 2000)}`);
  return values.reduce((sum, value) => sum + value, 0);
}
