// The newcomer's side of `/canopy/enrol/1`: which of the relays that its token names it calls, and in which order.
import { type Clock, sleep } from '../../realm/clock.ts';
import { codeOf, messageOf, PeerError, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { callRelay, type Place } from './caller.ts';

export interface EnrolCall {
  /** Realms above the newcomer (or its own relay) and how to reach their relays; tried in this order. */
  readonly ways: readonly EnrolWay[];
  /** Pinned by the token. */
  readonly rootFingerprint: string;
  readonly request: Uint8Array;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly signal: AbortSignal;
  /** Milliseconds after its end that a relay's certificate is taken still: where a whole realm has expired and renews. */
  readonly grace?: number;
}

export interface EnrolWay {
  readonly realm: RealmName;
  /** Multiaddrs, with or without a peer id: the certificate decides. */
  readonly relays: readonly string[];
}

/** Milliseconds that a relay has for itself before the next one is called too; most answer within a few round trips. */
const HEAD_START = 1_000;
const LATE = 'enrol-late';

/**
 * The issuing node's reply, as bytes (it may be a refusal).
 * @throws UnreachableError `no-relay` when no relay brought one; RefusedError `cert-…` when what answered is not of our root
 */
export async function enrolOverWire(call: EnrolCall): Promise<Uint8Array> {
  const errors: unknown[] = [];
  let left: readonly Place[] = call.ways.flatMap(({ realm, relays }) =>
    relays.filter(isPlain).map((address) => ({ realm, address })),
  );
  while (left.length > 0) {
    const round = new Round(call, left);
    try {
      return await round.run();
    } catch (error) {
      call.signal.throwIfAborted();
      errors.push(...(error instanceof AggregateError ? error.errors : [error]));
      // The one that was given the request could not get it answered; the others were let go for its sake.
      left = round.chosen ? left.filter((place) => place !== round.chosen) : [];
    }
  }
  throw failure(call, errors);
}

function failure({ ways }: EnrolCall, errors: readonly unknown[]): Error {
  const refused = errors.findLast((error) => error instanceof RefusedError);
  if (refused instanceof RefusedError) return refused;
  const last = errors.findLast((error) => codeOf(error) !== LATE);
  const tried = ways.flatMap(({ relays }) => relays).join(', ') || 'none';
  return new UnreachableError(
    'no-relay',
    `no relay answered (${last ? messageOf(last) : 'no address is known'}); tried ${tried}`,
    {
      cause: last,
      hint: 'See whether this host may connect to these addresses, and whether the realm above is running.',
    },
  );
}

/** The addresses are those of a token, which people hand on: nothing but TCP to a host, no path of a socket and no other hop. */
function isPlain(address: string): boolean {
  return /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/p2p\/\w+)?$/.test(address);
}

/**
 * Calls the relays, each a moment after the one before it, or when that has failed: an address that swallows packets holds up nobody. The
 * request itself goes to one alone, the first that has shown its certificate.
 */
class Round {
  readonly #call: EnrolCall;
  readonly #places: readonly Place[];
  readonly #calls = new Map<Place, AbortController>();
  /** The one that was given the request. */
  chosen: Place | undefined;

  constructor(call: EnrolCall, places: readonly Place[]) {
    this.#call = call;
    this.#places = places;
  }

  /** @throws AggregateError of what became of each call; the signal's reason */
  async run(): Promise<Uint8Array> {
    const answers: Promise<Uint8Array>[] = [];
    for (const place of this.#places) {
      if (this.chosen) break;
      const answer = this.#dial(place);
      answers.push(answer);
      await this.#headStart(answer);
    }
    return Promise.any(answers);
  }

  /** Its end leaves no timer that would keep a command alive. */
  async #headStart(answer: Promise<Uint8Array>): Promise<void> {
    const over = new AbortController();
    const pause = sleep(this.#call.clock, HEAD_START, over.signal);
    await Promise.race([Promise.allSettled([answer]), pause]);
    over.abort();
    await pause.catch(() => {});
  }

  #dial(place: Place): Promise<Uint8Array> {
    const own = new AbortController();
    this.#calls.set(place, own);
    const signal = AbortSignal.any([this.#call.signal, own.signal]);
    return callRelay(this.#call, place, signal, () => this.#claim(place));
  }

  #claim(place: Place): void {
    const late = new PeerError(LATE, 'another relay was quicker');
    if (this.chosen) throw late;
    this.chosen = place;
    for (const [other, call] of this.#calls) if (other !== place) call.abort(late);
  }
}
