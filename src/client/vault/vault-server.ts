// The vault's place at the home node, as the client sees it. Nothing that comes from it is believed before vault.ts has checked it.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import type { VaultLine } from '../../crypto/vault/head.ts';
import { joined, splitSteps } from '../../crypto/vault/line.ts';
import {
  vaultAnswer,
  vaultChangeAnswer,
  vaultLineAnswer,
  vaultRecordsAnswer,
} from '../../protocols/lan/account-routes.ts';
import { emptyAnswer } from '../../protocols/lan/routes.ts';
import { ConflictError } from '../../realm/errors.ts';
import { failure } from '../failure.ts';
import type { Http } from '../http.ts';

export interface VaultState {
  readonly head: Uint8Array;
  readonly wraps: Uint8Array;
}

export interface VaultChange {
  readonly head: Uint8Array;
  readonly wraps?: Uint8Array;
  readonly records?: readonly Uint8Array[];
  /** A set of staged records that takes the place of all there are. */
  readonly stage?: string;
  /** Of the line, between the server's head and this one; only for a whole with its wraps. */
  readonly steps?: readonly Uint8Array[];
}

export interface VaultServer {
  /** Undefined when there is no vault. */
  state(signal?: AbortSignal): Promise<VaultState | undefined>;
  /** Records after a sequence, some of them; empty at the end. */
  records(generation: number, after: number, signal?: AbortSignal): Promise<Uint8Array[]>;
  /** Steps of the line after a counter, some of them, and what the line was before; none at the end. */
  line(after: number, signal?: AbortSignal): Promise<VaultLine>;
  /** @throws ConflictError `vault-conflict` when another change came first; LocalError `vault-full` */
  change(change: VaultChange, signal?: AbortSignal): Promise<void>;
  stage(stage: string, first: number, records: readonly Uint8Array[], signal?: AbortSignal): Promise<void>;
  /** Of one that keeps what it was shown: that does not fit, and is to be asked for anew. */
  forget?(): Promise<void>;
  /** Of the same: the server has a change that went there by another request. */
  took?(change: VaultChange): Promise<void>;
}

export const toText = (bytes: Uint8Array): string => toString(bytes, 'base64url');
export const fromText = (text: string): Uint8Array => new Uint8Array(fromString(text, 'base64url'));

export class HttpVaultServer implements VaultServer {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async state(signal?: AbortSignal): Promise<VaultState | undefined> {
    const { vault } = await this.#http.get('/vault', vaultAnswer, signal);
    return vault && { head: fromText(vault.head), wraps: fromText(vault.wraps) };
  }

  async records(generation: number, after: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    const path = `/vault/records?generation=${generation}&after=${after}`;
    return (await this.#http.get(path, vaultRecordsAnswer, signal)).records.map(fromText);
  }

  async line(after: number, signal?: AbortSignal): Promise<VaultLine> {
    const { line, steps } = await this.#http.get(`/vault/line?after=${after}`, vaultLineAnswer, signal);
    return { line: fromText(line), steps: splitSteps(fromText(steps)) };
  }

  async change({ head, wraps, records = [], stage, steps }: VaultChange, signal?: AbortSignal): Promise<void> {
    const body = {
      head: toText(head),
      records: records.map(toText),
      ...(wraps && { wraps: toText(wraps) }),
      ...(stage !== undefined && { stage }),
      ...(steps && { steps: toText(joined(steps)) }),
    };
    const { late } = await this.#http.post('/vault', body, vaultChangeAnswer, signal);
    if (late) throw failure(ConflictError, 'vault-conflict');
  }

  async stage(stage: string, first: number, records: readonly Uint8Array[], signal?: AbortSignal): Promise<void> {
    await this.#http.post('/vault/stage', { stage, first, records: records.map(toText) }, emptyAnswer, signal);
  }
}
