// The steady clock of a program (src/realm/steady-clock.ts) with its floor on disk: `DIR/ROLE/clock` holds the time of the last
// run, as RFC 3339, written at the start, every ten minutes and at the end. A last run that lies far behind the end of the certificate
// was one with a wrong clock, and is no floor: otherwise one start in the year 2100 would hold the program there.
import { join } from 'node:path';
import { parseCertificate } from '../pki/certificate.ts';
import { readPem } from '../pki/pem.ts';
import { BACKDATE } from '../pki/profile.ts';
import { RENEWAL_GRACE } from '../pki/renewal.ts';
import { type Clock, systemClock, type Timer } from '../realm/clock.ts';
import { messageOf } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';
import type { Role } from '../realm/names.ts';
import { SteadyClock } from '../realm/steady-clock.ts';
import { BUILT } from './built.ts';
import { type DataDirectory, readOptional } from './data-directory.ts';
import { writePrivateFile } from './private-file.ts';

const INTERVAL = 10 * 60 * 1000;
const NOTHING_CERTIFIED: Certified = { issuedAt: 0, countsUntil: Number.POSITIVE_INFINITY };

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
  const { issuedAt, countsUntil } = await certified(directory[role].chain);
  const last = await lastRun(path);
  const floor = Math.max(BUILT, last <= countsUntil ? last : 0, issuedAt);
  return new DurableClock(new SteadyClock(host, floor), path, log);
}

async function lastRun(path: string): Promise<number> {
  const time = Date.parse(((await readOptional(path)) ?? '').trim());
  return Number.isNaN(time) ? 0 : time;
}

interface Certified {
  /** When the present certificate was made: a realm above has signed that it was not earlier. */
  readonly issuedAt: number;
  /** After it the program has nothing to do in the overlay but to join again. */
  readonly countsUntil: number;
}

async function certified(path: string): Promise<Certified> {
  try {
    const [leaf] = readPem('CERTIFICATE', (await readOptional(path)) ?? '');
    if (!leaf) return NOTHING_CERTIFIED;
    const { notBefore, notAfter } = parseCertificate(leaf);
    return { issuedAt: notBefore + BACKDATE, countsUntil: notAfter + RENEWAL_GRACE };
  } catch {
    // Whoever needs the certificate says what is wrong with it.
    return NOTHING_CERTIFIED;
  }
}
