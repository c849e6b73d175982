// Asks the router for a port, where the operator's setting `relay.map` allows it (it is off by default): a relay behind a router
// that can't be punched is then reached all the same. The mapping is for an hour and renewed at half of it; what the router
// refuses is tried again later and later. A mapping that leads to nowhere public is not told to anybody.

import { isHostAddress, isPrivateAddress } from '../src/overlay/stun/ip-address.ts';
import type { Endpoint } from '../src/overlay/stun/message.ts';
import { formatEndpoint, sameEndpoint } from '../src/overlay/stun/servers.ts';
import type { Clock, Timer } from '../src/realm/clock.ts';
import { within } from '../src/realm/deadline.ts';
import { codeOf, LocalError, messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { Netcheck } from './api.ts';

/** A way to ask the router; `map` may be asked again for the same port, which renews it. */
export interface MappingWay {
  readonly name: string;
  /** @throws what stands in the way */
  map(port: number, lifetime: number, signal: AbortSignal): Promise<Endpoint>;
  /** Gives the port back. */
  unmap(port: number, signal: AbortSignal): Promise<void>;
}

export interface PortMappingComponents {
  readonly ways: readonly MappingWay[];
  readonly clock: Clock;
  readonly log: Log;
  /** There is another mapping than before, or none. */
  readonly onChange: () => void;
}

export const LIFETIME = 3_600_000;
const RENEW_AFTER = LIFETIME / 2;
const ASK_DEADLINE = 15_000;
const GIVE_BACK_DEADLINE = 2_000;
const RETRY = { first: 60_000, longest: 30 * 60_000 };

export class PortMapping {
  readonly #parts: PortMappingComponents;
  readonly #port: number;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #mapped: Endpoint | undefined;
  #way: MappingWay | undefined;
  #error: string | undefined;
  #retry = RETRY.first;

  /** @param port the relay's own TCP port */
  constructor(components: PortMappingComponents, port: number) {
    this.#parts = components;
    this.#port = port;
  }

  get mapped(): Endpoint[] {
    return this.#mapped ? [this.#mapped] : [];
  }

  get report(): Netcheck['mapping'] {
    return {
      allowed: this.#parts.ways.length > 0,
      ...(this.#mapped ? { outer: formatEndpoint(this.#mapped) } : {}),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  start(): void {
    void this.renew();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    const way = this.#way;
    if (!way || !this.#mapped) return;
    await this.#giveBack(way);
  }

  async #giveBack(way: MappingWay): Promise<void> {
    const never = new AbortController().signal;
    await within(this.#parts.clock, GIVE_BACK_DEADLINE, 'word from the router', never, (signal) =>
      way.unmap(this.#port, signal),
    ).catch((error) => this.#parts.log.debug({ reason: messageOf(error) }, 'mapped port not given back'));
  }

  /** Asks now, and again in time. Never rejects. */
  async renew(): Promise<void> {
    this.#timer?.cancel();
    if (this.#parts.ways.length === 0) return;
    const mapped = await this.#ask();
    if (this.#stopping.signal.aborted) return;
    const isNews = mapped ? !this.#mapped || !sameEndpoint(mapped, this.#mapped) : this.#mapped !== undefined;
    this.#mapped = mapped;
    this.#retry = mapped ? RETRY.first : Math.min(this.#retry * 2, RETRY.longest);
    this.#timer = this.#parts.clock.after(mapped ? RENEW_AFTER : this.#retry, () => void this.renew());
    if (!isNews) return;
    this.#parts.log.info({ outer: mapped && formatEndpoint(mapped), by: this.#way?.name }, 'port mapping changed');
    this.#parts.onChange();
  }

  async #ask(): Promise<Endpoint | undefined> {
    const failures: string[] = [];
    for (const way of this.#parts.ways) {
      try {
        const mapped = await this.#askOne(way);
        this.#way = way;
        this.#error = undefined;
        return mapped;
      } catch (error) {
        failures.push(`${way.name}: ${messageOf(error)}`);
        this.#parts.log.debug({ by: way.name, code: codeOf(error), reason: messageOf(error) }, 'no port mapping');
      }
    }
    this.#error = failures.join('; ');
    return undefined;
  }

  async #askOne(way: MappingWay): Promise<Endpoint> {
    const { clock } = this.#parts;
    const mapped = await within(clock, ASK_DEADLINE, 'word from the router', this.#stopping.signal, (signal) =>
      way.map(this.#port, LIFETIME, signal),
    );
    if (isHostAddress(mapped.host) && !isPrivateAddress(mapped.host)) return mapped;
    // It is of no use, and whatever holds it open would outlive us.
    await this.#giveBack(way);
    throw new LocalError('mapping-not-public', `the router itself stands behind another one (${mapped.host})`);
  }
}
