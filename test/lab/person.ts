// The laboratory's hand on a person's client (person-program.ts), and the account of what it sent and what came.
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespace.ts';
import type { PersonCommand, PersonInit } from './person-program.ts';
import { Program } from './program.ts';

const PROGRAM = fileURLToPath(new URL('./person-program.ts', import.meta.url));
const LOGIN_LIMIT = 30_000;

export class Person {
  readonly address: string;
  readonly #program: Program;

  private constructor(address: string, program: Program) {
    this.address = address;
    this.#program = program;
  }

  /** Logged in, not connected. */
  static async create(desk: Namespace, init: PersonInit): Promise<Person> {
    const program = new Program(desk, [JSON.stringify(init)], {}, PROGRAM);
    await program.line((line) => line['event'] === 'logged-in', LOGIN_LIMIT);
    return new Person(init.user, program);
  }

  tell(command: PersonCommand): void {
    this.#program.send(command);
  }

  /** @throws when nobody has that address */
  async meet(address: string): Promise<void> {
    this.tell({ meet: address });
    await this.#program.line((line) => line['event'] === 'met' && line['user'] === address);
  }

  /** Resolves when the connection to the node stands, for the first time or again. */
  async connected(): Promise<void> {
    const before = this.#program.lines.length;
    this.tell({ connect: true });
    await this.#program.line((line, index) => line['event'] === 'ready' && index >= before);
  }

  /** When a text was shown here: milliseconds since 1970. */
  async shown(text: string, limit?: number): Promise<number> {
    return Number(
      (await this.#program.line((line) => line['event'] === 'message' && line['text'] === text, limit))['at'],
    );
  }

  /** Stops a load. @returns how many it sent */
  async rest(): Promise<number> {
    const before = this.#program.lines.length;
    this.tell({ rest: true });
    return Number((await this.#program.line((line, index) => line['event'] === 'rested' && index >= before))['count']);
  }

  /** All that was shown here, oldest first. */
  messages(): { readonly text: string; readonly at: number }[] {
    return this.#program.lines
      .filter((line) => line['event'] === 'message')
      .map((line) => ({ text: String(line['text']), at: Number(line['at']) }));
  }

  /** The newest state of what was written here: queued, stored, delivered. */
  state(text: string): string {
    const told = this.#program.lines.filter((line) => line['event'] === 'state' && line['text'] === text);
    return String(told.at(-1)?.['state'] ?? 'queued');
  }

  /** When a text was written here: milliseconds since 1970. */
  sentAt(text: string): number {
    return Number(this.#program.lines.find((line) => line['event'] === 'sent' && line['text'] === text)?.['at']);
  }

  /** All that was written here, oldest first. */
  sent(): string[] {
    return this.#program.lines.filter((line) => line['event'] === 'sent').map((line) => String(line['text']));
  }

  /** Everything said so far, as JSON lines, for a report of what went wrong. */
  said(): readonly Record<string, unknown>[] {
    return this.#program.lines;
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }
}
