// Connections that nobody has admitted yet, by whose address they come from. The host takes so many of them in all, each for the
// seconds that admission may take; without a share for each address a single one could hold all these places for ever.
import type { MultiaddrConnection } from '@libp2p/interface';
import { ownerOfIp } from '../stun/ip-address.ts';

/** Of 100 that the host takes. The offices of a company may share an address, and come all at once after an outage. */
export const MAX_WAITING_OF_ADDRESS = 40;

export class WaitingRoom {
  readonly #waiting = new Map<string, number>();

  /** Undefined: that address has too many already. Else call back when this one waits no longer. */
  enter({ remoteAddr }: Pick<MultiaddrConnection, 'remoteAddr'>): (() => void) | undefined {
    const owner = ownerOf(remoteAddr);
    if (owner === undefined) return () => {};
    const count = this.#waiting.get(owner) ?? 0;
    if (count >= MAX_WAITING_OF_ADDRESS) return undefined;
    this.#waiting.set(owner, count + 1);
    return () => {
      const left = (this.#waiting.get(owner) ?? 0) - 1;
      if (left > 0) this.#waiting.set(owner, left);
      else this.#waiting.delete(owner);
    };
  }
}

/** Undefined for what comes over a peer that is admitted already: a circuit, WebRTC, a forwarded stream. */
function ownerOf(address: MultiaddrConnection['remoteAddr']): string | undefined {
  const [ip, tcp, ...rest] = address.getComponents();
  const isPlain = (ip?.name === 'ip4' || ip?.name === 'ip6') && tcp?.name === 'tcp';
  if (!isPlain || ip.value === undefined || rest.some(({ name }) => name !== 'p2p')) return undefined;
  return ownerOfIp(ip.value);
}
