// A part of a node that runs only while the node may number things.
import type { Part } from '../node.ts';
import type { WritePermit } from './write-permit.ts';

export class Permitted implements Part {
  readonly #part: Part;
  readonly #permit: WritePermit;
  readonly #onError: (error: unknown) => void;
  #started: Promise<void> | undefined;
  #unsubscribe: () => void = () => {};

  constructor(part: Part, permit: WritePermit, onError: (error: unknown) => void) {
    this.#part = part;
    this.#permit = permit;
    this.#onError = onError;
  }

  async start(): Promise<void> {
    if (this.#permit.withheld === undefined) return this.#begin();
    this.#unsubscribe = this.#permit.onGranted(() => void this.#begin().catch(this.#onError));
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    if (!this.#started) return;
    await this.#started.catch(() => undefined);
    await this.#part.stop();
  }

  #begin(): Promise<void> {
    this.#started ??= Promise.resolve(this.#part.start());
    return this.#started;
  }
}
