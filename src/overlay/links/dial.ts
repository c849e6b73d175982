// One dial with a deadline. The TCP transport hands the dial's signal to Node's socket, which an abort then destroys for as
// long as it lives (net.connect, option `signal`): so the signal given to it must be dead once the dial has come through.
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../realm/clock.ts';
import { UnreachableError } from '../../realm/errors.ts';
import type { HostInternals } from './host-internals.ts';

type Dialler = Pick<HostInternals, 'transportManager'>;

/** By the transport itself: the dial queue would answer with the connection that there is already. */
export async function dial(
  { transportManager }: Dialler,
  address: Multiaddr,
  { timeout, clock }: { readonly timeout: number; readonly clock: Pick<Clock, 'after'> },
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const controller = new AbortController();
  // Whoever sees the connection open may abort the attempt before the dial's own promise has settled: let it settle.
  const onAbort = () => void setImmediate(() => settled || controller.abort(signal.reason));
  const timer = clock.after(timeout, () =>
    controller.abort(new UnreachableError('dial-timeout', `no answer within ${timeout} ms`)),
  );
  let settled = false;
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await transportManager.dial(address, { signal: controller.signal });
  } finally {
    settled = true;
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
