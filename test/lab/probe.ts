// What a running program of the laboratory holds: memory after a forced collection, handles, descriptors.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Holding {
  readonly script: string;
  /** Bytes, after a collection. */
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  /** What keeps the event loop busy, by kind (process.getActiveResourcesInfo). */
  readonly handles: Readonly<Record<string, number>>;
  readonly sockets: number;
  /** Descriptors that are no sockets. */
  readonly files: number;
}

const INSIDE = pathToFileURL(join(import.meta.dirname, 'probe-inside.ts')).href;
const ANSWER_LIMIT = 15_000;

export class Probe {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<Probe> {
    return new Probe(await mkdtemp(join(tmpdir(), 'canopy-probe-')));
  }

  /** For a program that is to be asked; its children inherit it. */
  get env(): Record<string, string> {
    return { NODE_OPTIONS: `--import=${INSIDE}`, CANOPY_PROBE: this.#folder };
  }

  async ask(pid: number): Promise<Holding> {
    const socket = connect(join(this.#folder, `${pid}.sock`));
    socket.setTimeout(ANSWER_LIMIT, () => socket.destroy(new Error(`process ${pid} does not tell what it holds`)));
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part);
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
