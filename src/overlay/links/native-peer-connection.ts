// The native peer connection below a WebRTC connection, closed as a whole.
//
// The native library (node-datachannel 0.33 on libdatachannel 0.24) forgets some data channels, and each of them holds its
// callbacks, so everything that those can reach, and keeps the process from ending:
// - one without a stream number when the peer connection is closed, as the first channel of an attempt that was given up
//   before the two sides were connected: it is not closed with the others;
// - one that both ends close at the same moment: our close throws away the callback that is about to be called for theirs,
//   and the library waits for that call for ever;
// - one that the other end has closed before we heard of it: the same.
// So a peer connection closes a moment later what is left, and a channel that the other end has closed is not closed again,
// or not even shown. Of the last kind a native shell stays until it is collected as garbage.
import { type DataChannel, PeerConnection } from 'node-datachannel';
import type { Clock, Timer } from '../../realm/clock.ts';

/** For the native library's own log, which is off. */
const NAME = 'canopy';
/** The library's threads have closed by then what they close by themselves, and have told so. */
const REST = 1_000;

/** @param servers STUN, as `stun:HOST:PORT` */
export function openPeerConnection(servers: readonly string[], clock: Clock): PeerConnection {
  const native = new PeerConnection(NAME, { iceServers: [...servers] });
  const channels = new Channels(clock);
  const create = native.createDataChannel.bind(native);
  const onDataChannel = native.onDataChannel.bind(native);
  const close = native.close.bind(native);
  replace(native, {
    createDataChannel: (label, config = {}) => channels.keep(create(label, config), false),
    onDataChannel: (callback) =>
      onDataChannel((channel) => (channel.isOpen() ? callback(channels.keep(channel, true)) : channel.close())),
    close: () => {
      close();
      channels.closeSoon();
    },
  });
  return native;
}

/** Those that have not told their end. */
class Channels {
  readonly #clock: Clock;
  readonly #open = new Set<Channel>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  keep(native: DataChannel, opened: boolean): DataChannel {
    const onEnd = (channel: Channel) => {
      this.#open.delete(channel);
      if (this.#open.size === 0) this.#timer?.cancel();
    };
    this.#open.add(new Channel(native, opened, onEnd));
    return native;
  }

  closeSoon(): void {
    if (this.#open.size === 0) return;
    this.#timer ??= this.#clock.after(REST, () => {
      for (const channel of this.#open) channel.end();
    });
  }
}

/** One data channel, with its own methods in the place of the native ones. */
class Channel {
  readonly #native: DataChannel;
  readonly #closeNative: () => void;
  #opened: boolean;
  #last: LastCall | undefined;

  constructor(native: DataChannel, opened: boolean, onEnd: (channel: Channel) => void) {
    this.#native = native;
    this.#opened = opened;
    this.#closeNative = native.close.bind(native);
    const onOpen = native.onOpen.bind(native);
    const onClosed = native.onClosed.bind(native);
    replace(native, {
      close: () => this.#close(),
      onOpen: (callback) =>
        onOpen(() => {
          this.#opened = true;
          callback();
        }),
      onClosed: (callback) => {
        this.#last = new LastCall(() => {
          onEnd(this);
          callback();
        });
        onClosed(this.#last.make);
      },
    });
  }

  end(): void {
    this.#closeNative();
    this.#last?.make();
  }

  #close(): void {
    const isClosing = this.#opened && !this.#native.isOpen();
    if (!isClosing) this.#closeNative();
  }
}

/** A call that is made once, and after that holds nothing. */
class LastCall {
  #call: (() => void) | undefined;

  constructor(call: () => void) {
    this.#call = call;
  }

  readonly make = (): void => {
    const call = this.#call;
    this.#call = undefined;
    call?.();
  };
}

/** On this one object: the native methods are read-only properties of its prototype. */
function replace<T extends object>(native: T, methods: Partial<T>): void {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(native, name, { value });
}
