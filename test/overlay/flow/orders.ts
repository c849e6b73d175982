// What a test tells its relays and nodes, and what they answer; over the channel of node:child_process.
import type { Identity } from '../../../src/overlay/identity.ts';
import type { Ancestor } from '../../../src/overlay/links/links.ts';
import type { StreamClass } from '../../../src/overlay/seam.ts';
import type { Settings } from '../../../src/settings/settings.ts';

/** Gives back each frame. */
export const ECHO = '/canopy/flow-echo/1';
/** Takes everything, then answers with number and hash of the bytes. */
export const BULK = '/canopy/flow-bulk/1';
/** Reads one frame and never again. */
export const STUCK = '/canopy/flow-stuck/1';

export type ProgramInit =
  | {
      readonly role: 'relay';
      readonly identity: Identity;
      readonly ancestors: readonly Ancestor[];
      readonly settings: Partial<Settings['relay']>;
    }
  | { readonly role: 'node'; readonly identity: Identity; readonly relays: readonly string[] };

interface ToRealm {
  readonly to: string;
  /** Milliseconds. */
  readonly patience?: number;
}

export interface TextsOrder extends ToRealm {
  readonly kind: 'texts';
  readonly count: number;
  /** Milliseconds from one to the next. */
  readonly every: number;
}

export interface BulkOrder extends ToRealm {
  readonly kind: 'bulk';
  readonly bytes: number;
  readonly class?: StreamClass;
  /** Default BULK; with STUCK it sends until nothing is taken any more. */
  readonly protocol?: string;
}

export type NodeOrder = (ToRealm & { readonly kind: 'ping' }) | TextsOrder | BulkOrder;
export type Order = { readonly init: ProgramInit } | { readonly number: number; readonly order: NodeOrder };

export interface BulkResult {
  readonly bytes: number;
  readonly ms: number;
  /** Whether the receiver has the same hash as the sender. */
  readonly isWhole: boolean;
}
