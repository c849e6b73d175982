// Back-pressure for circuits that a relay carries. libp2p's circuit relay joins two streams by a queue without an end: what one
// side sends and the other does not take is kept, 4 GB of it were seen. Here what was taken from one stream and not yet given
// to the other is counted, and above HIGH the first is paused.
//
// Which two streams belong together only the library knows; the stream to the destination is opened while the handler of the
// asking one runs, and so they are found by the asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Connection, Libp2pEvents, Stream, TypedEventTarget } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';

export interface CircuitComponents {
  readonly registrar: Registrar;
  readonly events: TypedEventTarget<Libp2pEvents>;
}

const HOP = '/libp2p/circuit/relay/0.2.0/hop';
const STOP = '/libp2p/circuit/relay/0.2.0/stop';
/** Bytes that wait for one direction of a circuit, beside one window of each stream. */
const HIGH = 256 * 1024;
const LOW = 128 * 1024;

export function holdBackCircuits({ registrar, events }: CircuitComponents): void {
  const asking = new AsyncLocalStorage<Stream>();
  const handle = registrar.handle.bind(registrar);
  registrar.handle = (protocol, handler, options) => {
    if (protocol !== HOP) return handle(protocol, handler, options);
    return handle(protocol, (stream, connection) => asking.run(stream, () => handler(stream, connection)), options);
  };
  events.addEventListener('connection:open', ({ detail }) => watch(detail, asking));
}

function watch(connection: Connection, asking: AsyncLocalStorage<Stream>): void {
  const newStream = connection.newStream.bind(connection);
  connection.newStream = async (protocols, options) => {
    const stream = await newStream(protocols, options);
    const source = asking.getStore();
    if (source && [protocols].flat().includes(STOP)) {
      hold(source, stream);
      hold(stream, source);
    }
    return stream;
  };
}

function hold(from: Stream, to: Stream): void {
  let held = 0;
  // In a microtask: a pause inside the `message` that `resume()` delivers would be undone when `resume()` returns.
  const settle = (): void => {
    if (held > HIGH && from.readStatus === 'readable') from.pause();
    else if (held < LOW && from.readStatus === 'paused') from.resume();
  };
  from.addEventListener('message', ({ data }) => {
    held += data.byteLength;
    if (held > HIGH) queueMicrotask(settle);
  });
  const send = to.send.bind(to);
  to.send = (data) => {
    held = Math.max(0, held - data.byteLength);
    if (held < LOW && from.readStatus === 'paused') queueMicrotask(settle);
    return send(data);
  };
}
