// Addresses that begin with no host. libp2p's address manager throws at one, and does so in a handler of an event, where nobody can
// catch it: the process ends. They come with the answer to a reservation, from a relay that may say what it likes, and by themselves
// where libp2p asks for the reservation over a WebRTC connection that came in, whose remote address is `/webrtc/p2p/…`.
import type { AddressManager } from '@libp2p/interface-internal';
import { isNetworkAddress } from '@libp2p/utils';

type Guarded = Pick<AddressManager, 'addObservedAddr' | 'confirmObservedAddr' | 'removeObservedAddr'>;

/** Nobody could dial such a one: it is neither noted nor told. */
export function ignoreOddAddresses(manager: Guarded): void {
  const add = manager.addObservedAddr.bind(manager);
  const confirm = manager.confirmObservedAddr.bind(manager);
  const remove = manager.removeObservedAddr.bind(manager);
  manager.addObservedAddr = (address) => {
    if (isNetworkAddress(address)) add(address);
  };
  manager.confirmObservedAddr = (address, options) => {
    if (isNetworkAddress(address)) confirm(address, options);
  };
  manager.removeObservedAddr = (address) => {
    if (isNetworkAddress(address)) remove(address);
  };
}
