// test/vectors/runqueue.json, which the Python half is tested against too; its "about" says what is where.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/project.ts';

export interface Named {
  readonly name: string;
  readonly hex: string;
}

export interface TicketVector extends Named {
  readonly decoded: {
    readonly kind: 'run' | 'probe';
    readonly follows: boolean;
    readonly rawPath: boolean;
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
  | { readonly type: 'ASK' | 'SKIP' | 'PROBED'; readonly id: number }
  | { readonly type: 'HINTS'; readonly id: number; readonly lines: string }
  | ({ readonly type: 'HEAD'; readonly status: number; readonly head: string } & Payload)
  | ({ readonly type: 'BODY' } & Payload);

interface Payload {
  readonly id: number;
  readonly end: boolean;
  readonly framed: boolean;
  readonly aborted: boolean;
  readonly bodyHex: string;
}

export type GatewayFrame =
  | {
      readonly type: 'DATA';
      readonly id: number;
      readonly fields: readonly (readonly [name: string, value: string])[];
      readonly bodyHex: string;
    }
  | { readonly type: 'GONE' | 'TAKEN'; readonly id: number };

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

interface Vectors {
  readonly tickets: { readonly good: readonly TicketVector[]; readonly bad: readonly Named[] };
  readonly workerFrames: { readonly good: readonly (Named & { readonly decoded: WorkerFrame })[] };
  readonly gatewayFrames: { readonly good: readonly (Named & { readonly decoded: GatewayFrame })[] };
  readonly conversations: {
    readonly good: readonly (Named & { readonly types: readonly WorkerFrame['type'][] })[];
    readonly bad: readonly Named[];
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
