// The steady clock of a program (src/realm/steady-clock.ts) with its floor on disk: `DIR/ROLE/clock` holds the time of the last
// run, as RFC 3339, written at the start, every ten minutes and at the end.
import { join } from 'node:path';
import { type Clock, systemClock, type Timer } from '../realm/clock.ts';
import { messageOf } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';
import type { Role } from '../realm/names.ts';
import { SteadyClock } from '../realm/steady-clock.ts';
import { type DataDirectory, readOptional } from './data-directory.ts';
import { writePrivateFile } from './private-file.ts';
import { BUILT } from './release.ts';

const INTERVAL = 10 * 60 * 1000;

export class DurableClock {
  readonly clock: SteadyClock;
  readonly #path: string;
  readonly #log: Log;
  #timer: Timer | undefined;
  #doubted = false;

  constructor(clock: SteadyClock, path: string, log: Log) {
    this.clock = clock;
    this.#path = path;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#note();
    this.#timer = this.clock.after(INTERVAL, () => {
      void this.start();
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#note();
  }

  async #note(): Promise<void> {
    const { skew } = this.clock;
    if (skew !== 0 && !this.#doubted)
      this.#log.error({ skew: Math.round(skew / 1000) }, 'the clock of this host is wrong');
    if (skew === 0 && this.#doubted) this.#log.info({}, 'the clock of this host is right again');
    this.#doubted = skew !== 0;
    await writePrivateFile(this.#path, `${new Date(this.clock.now()).toISOString()}\n`).catch((error: unknown) => {
      this.#log.error({ error: messageOf(error) }, 'time of the last run not written');
    });
  }
}

/** @throws LocalError `cannot-read` */
export async function openDurableClock(
  directory: DataDirectory,
  role: Role,
  log: Log,
  host: Clock = systemClock,
): Promise<DurableClock> {
  const path = join(directory[role].folder, 'clock');
  const last = Date.parse((await readOptional(path)) ?? '');
  return new DurableClock(new SteadyClock(host, Math.max(BUILT, Number.isNaN(last) ? 0 : last)), path, log);
}
