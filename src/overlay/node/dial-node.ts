// A connection to the node of another realm, and the errors that a caller of the overlay sees.
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { messageOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { forwardAddress } from '../forward/address.ts';
import { OPEN_DEADLINE } from '../forward/index.ts';
import type { ForwardTransport } from '../forward/transport.ts';
import type { Host } from '../host.ts';
import type { StreamClass } from '../seam.ts';

const NEVER = new AbortController().signal;

/** Past libp2p's queue of dials, whose deadlines are too short for a new link and which keeps only messages of errors. */
export async function dialNode(
  { host, transport, clock }: { readonly host: Host; readonly transport: ForwardTransport; readonly clock: Clock },
  realm: RealmName,
  streamClass: StreamClass,
): Promise<Connection> {
  const address = forwardAddress(realm, streamClass);
  const { upgrader } = host.internals;
  try {
    return await within(clock, OPEN_DEADLINE, `way to ${realm}`, NEVER, (signal) =>
      transport.dial(address, { upgrader, signal }),
    );
  } catch (error) {
    const failure = host.admissions.takeFailure(address.toString()) ?? error;
    if (failure instanceof RefusedError || failure instanceof UnreachableError) throw failure;
    throw new UnreachableError('no-path', `no way leads to ${realm} now: ${messageOf(failure)}`, { cause: failure });
  }
}

export function streamError(error: unknown, realm: RealmName, protocol: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const name = error instanceof Error ? error.name : '';
  if (name === 'UnsupportedProtocolError') {
    return new RefusedError('unsupported-protocol', `the node of ${realm} does not speak ${protocol}`, {
      cause: error,
    });
  }
  return new UnreachableError('stream-failed', `no stream to ${realm} could be opened: ${messageOf(error)}`, {
    cause: error,
  });
}
