// Addresses of forwarded connections: `/canopy/kyiv.acme.ua` is the node of that realm, `/canopy/kyiv.acme.ua/canopy-bulk`
// its second connection for bulk. The codes are from the range for private use of the multicodec table.
import { type Multiaddr, multiaddr, registry } from '@multiformats/multiaddr';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import type { StreamClass } from '../seam.ts';

const CODE_CANOPY = 0x3ca0;
const CODE_BULK = 0x3ca1;
/** Start of the range for private use. */
const PRIVATE_USE = 0x300000;
const VARIABLE = -1;

/** Idempotent; runs before a host that knows such addresses is made. */
export function registerAddresses(): void {
  registry.addProtocol({
    code: PRIVATE_USE + CODE_CANOPY,
    name: 'canopy',
    size: VARIABLE,
    valueToBytes: (value) => new Uint8Array(fromString(value)),
    bytesToValue: (bytes) => toString(bytes),
    validate: (value) => void parseRealmName(value),
  });
  registry.addProtocol({ code: PRIVATE_USE + CODE_BULK, name: 'canopy-bulk', size: 0 });
}

export function forwardAddress(realm: RealmName, streamClass: StreamClass): Multiaddr {
  return multiaddr(`/canopy/${realm}${streamClass === 'bulk' ? '/canopy-bulk' : ''}`);
}

export interface ForwardTarget {
  readonly realm: RealmName;
  readonly class: StreamClass;
}

/** Undefined when it is no address of a forwarded connection. */
export function parseForwardAddress(address: Multiaddr): ForwardTarget | undefined {
  const [first, second] = address.getComponents();
  if (first?.name !== 'canopy' || first.value === undefined) return undefined;
  return { realm: parseRealmName(first.value), class: second?.name === 'canopy-bulk' ? 'bulk' : 'interactive' };
}
