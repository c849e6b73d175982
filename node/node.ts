// A node: its parts, started in the order in which they need each other and stopped the other way round.

/** Whatever runs. */
export interface Part {
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

export class Node {
  readonly #parts: readonly Part[];
  readonly #release: () => Promise<void>;
  readonly #running: Part[] = [];

  /** @param parts each may need those before it. @param release closes what the parts stand on */
  constructor(parts: readonly Part[], release: () => Promise<void>) {
    this.#parts = parts;
    this.#release = release;
  }

  /** When a part does not start, those before it are stopped and its error is thrown. */
  async start(): Promise<void> {
    try {
      for (const part of this.#parts) {
        await part.start();
        this.#running.push(part);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const part of this.#running.splice(0).toReversed()) await part.stop();
    await this.#release();
  }
}
