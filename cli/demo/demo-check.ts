// `canopy demo --check`: a message each way through the client library, and the proof that it went node, relay, relay, node:
// four different processes, each named by itself.
import type { Client, Route, User } from '../../src/client/client.ts';
import { Bell } from '../../src/realm/bell.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { CanopyError, UnreachableError } from '../../src/realm/errors.ts';
import type { MessageId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface Correspondent {
  readonly realm: RealmName;
  readonly address: string;
  readonly client: Client;
}

export interface CheckedMessage {
  readonly from: string;
  readonly to: string;
  readonly path: Route['kind'];
  readonly via?: RealmName;
  readonly hops: Route['hops'];
  /** From send to its arrival at the other client. */
  readonly milliseconds: number;
}

const POLL = 100;
/** Until a branch's user is known in the other branch. */
const DIRECTORY_DEADLINE = 30_000;
const DELIVERY_DEADLINE = 20_000;

/** The other branch learns of a user by the ledger, a moment after the user was added. @throws UnreachableError `colleague-unknown` */
export async function awaitColleague(
  client: Client,
  address: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<User> {
  const deadline = clock.monotonic() + DIRECTORY_DEADLINE;
  for (;;) {
    const found = await client.findUser(address, signal);
    if (found) return found;
    if (clock.monotonic() > deadline) {
      throw new UnreachableError(
        'colleague-unknown',
        `${address} is not known in the other branch after ${DIRECTORY_DEADLINE / 1000} s`,
      );
    }
    await sleep(clock, POLL, signal);
  }
}

/** @throws UnreachableError `message-not-delivered`; CheckError `wrong-hops` */
export async function sendAcross(
  from: Correspondent,
  to: Correspondent,
  clock: Clock,
  signal: AbortSignal,
): Promise<CheckedMessage> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_DEADLINE)]);
  const arrivals = new Arrivals(to.client);
  try {
    const begun = clock.monotonic();
    const { id } = await from.client.send({ to: to.address, text: `Greetings from ${from.realm}` });
    await arrivals.wait(id, limited);
    const milliseconds = Math.round((clock.monotonic() - begun) * 10) / 10;
    const route = await awaitRoute(from.client, id, clock, limited);
    checkHops(route, from.realm, to.realm);
    const { kind: path, via, hops } = route;
    return { from: from.address, to: to.address, path, ...(via ? { via } : {}), hops, milliseconds };
  } catch (cause) {
    if (!limited.aborted || signal.aborted) throw cause;
    throw new UnreachableError(
      'message-not-delivered',
      `a message from ${from.realm} did not reach ${to.realm} within ${DELIVERY_DEADLINE / 1000} s`,
      { cause },
    );
  } finally {
    arrivals.end();
  }
}

/** Messages that come to one client, each waited for by its id. */
class Arrivals {
  readonly #seen = new Set<MessageId>();
  readonly #came = new Bell();
  readonly #unsubscribe: () => void;

  constructor(client: Client) {
    this.#unsubscribe = client.on('message', (message) => {
      this.#seen.add(message.id);
      this.#came.ring();
    });
  }

  async wait(id: MessageId, signal: AbortSignal): Promise<void> {
    while (!this.#seen.has(id)) await this.#came.heard(signal);
  }

  end(): void {
    this.#unsubscribe();
  }
}

/** The way is known once the destination has acknowledged. */
async function awaitRoute(client: Client, id: MessageId, clock: Clock, signal: AbortSignal): Promise<Route> {
  for (;;) {
    const route = await client.route(id, signal);
    if (route && route.hops.length > 0) return route;
    await sleep(clock, POLL, signal);
  }
}

export class CheckError extends CanopyError {}

function checkHops(route: Route, from: RealmName, to: RealmName): void {
  const expected = [`node ${from}`, `relay ${from}`, `relay ${to}`, `node ${to}`];
  const seen = route.hops.map(({ role, realm }) => `${role} ${realm}`);
  const processes = new Set(route.hops.map(({ pid }) => pid));
  const peers = new Set(route.hops.map(({ peerId }) => peerId));
  if (seen.join() !== expected.join() || processes.size !== expected.length || peers.size !== expected.length) {
    throw new CheckError(
      'wrong-hops',
      `the message went ${seen.join(', ')}; expected ${expected.join(', ')}, four different processes`,
    );
  }
}
