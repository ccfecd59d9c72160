// test/vectors/runqueue.json, with which the Python half is tested, too; its "about" describes its parts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../harness/project.ts';

export interface Named {
  readonly name: string;
  readonly hex: string;
}

export interface TicketVector extends Named {
  readonly decoded: {
    readonly kind: 'run' | 'probe';
    readonly follows: boolean;
    readonly rawPath: boolean;
    readonly streamed: boolean;
    readonly upgrade: boolean;
    readonly waitedMs: number;
    readonly id: number;
    readonly gateway: number;
    readonly cancel: number;
    readonly fieldsBytes: number;
    readonly bodyBytes: number;
    readonly fields: readonly (readonly [name: string, value: string])[];
    readonly bodyHex: string;
  };
}

export type WorkerFrame =
  | { readonly type: 'HELLO'; readonly slot: number; readonly pid: number; readonly generation: number }
  | { readonly type: 'ASK' | 'SKIP' | 'PROBED' | 'WATCH'; readonly id: number }
  | { readonly type: 'TUNNEL'; readonly id: number }
  | { readonly type: 'FAILED'; readonly id: number; readonly closing: boolean }
  | { readonly type: 'HINTS' | 'TRAILERS'; readonly id: number; readonly lines: string }
  | { readonly type: 'MESSAGE'; readonly id: number; readonly text: boolean; readonly bodyHex: string }
  | { readonly type: 'CLOSE'; readonly id: number; readonly code: number; readonly reason: string }
  | ({ readonly type: 'HEAD'; readonly status: number; readonly head: string } & Payload)
  | ({ readonly type: 'BODY' } & Payload);

interface Payload {
  readonly id: number;
  readonly end: boolean;
  readonly framed: boolean;
  readonly aborted: boolean;
  readonly bodyHex: string;
}

type GatewayFrame =
  | {
      readonly type: 'DATA';
      readonly id: number;
      readonly fields: readonly (readonly [name: string, value: string])[];
      readonly bodyHex: string;
    }
  | { readonly type: 'GONE' | 'TAKEN'; readonly id: number };

/** The frames of a gateway for a ticket after its WATCH. */
interface WatchFrame {
  readonly type: 'DATA' | 'GONE' | 'MESSAGE' | 'CLOSE';
  readonly flags: number;
  readonly status: number;
  readonly id: number;
  readonly payloadHex: string;
}

export interface BoardVector extends Named {
  readonly decoded: {
    readonly workers: number;
    readonly slots: readonly {
      readonly claim: number;
      readonly startedNs: number;
      readonly heldNs: number;
      readonly gateway: number;
      readonly pid: number;
      readonly taken: number;
    }[];
    readonly cancels: readonly number[];
  };
}

/** An answer in the answer pipe. */
export type PipeAnswer = { readonly pid: number; readonly id: number } & (
  | { readonly type: 'SKIP' | 'PROBED' }
  | { readonly type: 'FAILED'; readonly closing: boolean }
  | {
      readonly type: 'HEAD';
      readonly status: number;
      readonly framed: boolean;
      readonly closing: boolean;
      readonly head: string;
      readonly bodyHex: string;
    }
);

interface Vectors {
  readonly tickets: { readonly good: readonly TicketVector[]; readonly bad: readonly Named[] };
  readonly workerFrames: { readonly good: readonly (Named & { readonly decoded: WorkerFrame })[] };
  readonly gatewayFrames: { readonly good: readonly (Named & { readonly decoded: GatewayFrame })[] };
  readonly watchFrames: { readonly good: readonly (Named & { readonly decoded: WatchFrame })[] };
  readonly conversations: {
    readonly good: readonly (Named & { readonly types: readonly WorkerFrame['type'][] })[];
    readonly bad: readonly Named[];
  };
  readonly answers: {
    readonly good: readonly (Named & { readonly decoded: PipeAnswer })[];
    readonly bad: readonly Named[];
    readonly lost: readonly Named[];
  };
  readonly boards: { readonly good: readonly BoardVector[]; readonly bad: readonly Named[] };
}

export const vectors: Vectors = JSON.parse(readFileSync(join(root, 'test', 'vectors', 'runqueue.json'), 'utf8'));

export function bytesOf(vector: Named): Buffer {
  return Buffer.from(vector.hex, 'hex');
}

/** The fields as they are between the two halves: names and values in turn, NUL between them. */
export function joinFields(fields: readonly (readonly [name: string, value: string])[]): string {
  return fields.flat().join('\0');
}
