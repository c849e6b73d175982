// The steady clock of a program (src/realm/steady-clock.ts) with its floor on disk: `DIR/ROLE/clock` holds the time of the last
// run, as RFC 3339, written at the start, every ten minutes and at the end.
import { join } from 'node:path';
import { parseCertificate } from '../pki/certificate.ts';
import { readPem } from '../pki/pem.ts';
import { BACKDATE } from '../pki/profile.ts';
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
  const floor = Math.max(BUILT, await lastRun(path), await issuedAt(directory[role].chain));
  return new DurableClock(new SteadyClock(host, floor), path, log);
}

async function lastRun(path: string): Promise<number> {
  const time = Date.parse(((await readOptional(path)) ?? '').trim());
  return Number.isNaN(time) ? 0 : time;
}

/** When the present certificate was made: a realm above has signed that it was not earlier. */
async function issuedAt(path: string): Promise<number> {
  try {
    const [leaf] = readPem('CERTIFICATE', (await readOptional(path)) ?? '');
    return leaf ? parseCertificate(leaf).notBefore + BACKDATE : 0;
  } catch {
    // Whoever needs the certificate says what is wrong with it.
    return 0;
  }
}
