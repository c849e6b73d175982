// Runs the programs of a realm and keeps them running: one that ends by itself is started again, after a pause that
// grows while it keeps ending. The relay dies and the node lives, and the other way round.
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { Role } from '../../src/realm/names.ts';
import type { Environment } from '../../src/settings/settings.ts';
import { ChildProgram, type Ready } from './child-program.ts';

export const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 30_000;
/** After so long a life the next end counts as the first. */
export const STEADY_AFTER = 60_000;

export interface Program {
  readonly role: Role;
  readonly script: string;
}

export interface SupervisorInit {
  readonly dir: string;
  /** What to run, in this order. */
  readonly programs: readonly Program[];
  readonly env: Environment;
  readonly clock: Clock;
  /** Where each program's log goes; undefined: to our stderr. */
  readonly logFile?: (role: Role) => string;
  /** Told of what an operator should know. */
  readonly say: (text: string) => void;
}

interface Slot extends Program {
  child: ChildProgram | undefined;
  pause: number;
  timer: Timer | undefined;
}

export class Supervisor {
  readonly #init: SupervisorInit;
  readonly #slots: Slot[];
  #stopping = false;

  constructor(init: SupervisorInit) {
    this.#init = init;
    this.#slots = init.programs.map((program) => ({
      ...program,
      child: undefined,
      pause: FIRST_PAUSE,
      timer: undefined,
    }));
  }

  /** Resolves with each program's ready message when all are ready; when one fails, stops the others and throws its error. */
  async start(): Promise<Partial<Record<Role, Ready>>> {
    const outcomes = await Promise.allSettled(this.#slots.map((slot) => this.#launch(slot)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      await this.stop();
      throw failed.reason;
    }
    const messages = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : {}));
    return Object.fromEntries(this.#slots.map((slot, index) => [slot.role, messages[index] ?? {}]));
  }

  pid(role: Role): number | undefined {
    return this.#slots.find((slot) => slot.role === role)?.child?.pid;
  }

  /** Stops one program for good. */
  async stopProgram(role: Role): Promise<void> {
    const slot = this.#slots.find((known) => known.role === role);
    if (slot) await this.#halt(slot);
  }

  /** The node first, so that it can still tell its relay and its peers. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const role of ['node', 'relay'] as const) await this.stopProgram(role);
  }

  async #halt(slot: Slot): Promise<void> {
    slot.timer?.cancel();
    const child = slot.child;
    slot.child = undefined;
    await child?.stop();
  }

  async #launch(slot: Slot): Promise<Ready> {
    const { dir, env, logFile, clock } = this.#init;
    const child = new ChildProgram({ role: slot.role, script: slot.script, dir, env, logFile: logFile?.(slot.role) });
    slot.child = child;
    const begun = clock.monotonic();
    const ready = await child.ready();
    void child.gone.then(() => this.#restart(slot, child, clock.monotonic() - begun));
    return ready;
  }

  #restart(slot: Slot, ended: ChildProgram, lived: number): void {
    if (this.#stopping || slot.child !== ended) return;
    const pause = lived > STEADY_AFTER ? FIRST_PAUSE : slot.pause;
    slot.pause = Math.min(pause * 2, LONGEST_PAUSE);
    this.#init.say(`the ${slot.role} ended by itself; starting it again in ${pause / 1000} s`);
    slot.timer = this.#init.clock.after(pause, () => void this.#again(slot));
  }

  async #again(slot: Slot): Promise<void> {
    if (this.#stopping) return;
    const begun = this.#init.clock.monotonic();
    try {
      await this.#launch(slot);
      this.#init.say(`the ${slot.role} runs again`);
    } catch (error) {
      this.#init.say(`the ${slot.role} did not start: ${messageOf(error)}`);
      const { child } = slot;
      if (!child) return;
      await child.stop();
      this.#restart(slot, child, this.#init.clock.monotonic() - begun);
    }
  }
}
