// This device's key packages: laid out at the server, so that others can bring the device into groups while it is away. Private parts
// stay in the cache until a welcome uses them up; the one of last resort stays, and is renewed in time.
//
//   cache records, area 'key-package', name reference (hex):   [1, private part, not after, is of last resort]
//   cache record 'key-packages'/'anew': there while the server may hold an older one of last resort than was laid out
import { toString } from 'uint8arrays/to-string';
import { makeKeyPackage } from '../../crypto/mls/key-package.ts';
import type { OwnDevice } from '../../crypto/mls/parts.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Clock } from '../../realm/clock.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';

const AREA = 'key-package';
const STATE = 'key-packages';
const ANEW = 'anew';
/** Laid out when fewer than half of them are left. */
const WANTED = 20;
const MAX_FORM = 4096;
/** Milliseconds before its end at which the one of last resort is renewed. */
const RENEW_BEFORE = 30 * 24 * 3_600_000;

/** What lies at the server for this device. */
export interface LaidOut {
  readonly waiting: number;
  readonly lastResort: boolean;
}

export interface PackageServer {
  publish(packages: { readonly oneTime: readonly Uint8Array[]; readonly lastResort?: Uint8Array }): Promise<LaidOut>;
  /** One of each device of the user. */
  claim(user: UserId): Promise<readonly { readonly device: DeviceId; readonly bytes: Uint8Array }[]>;
}

interface Kept {
  readonly privatePart: Uint8Array;
  readonly notAfter: number;
  readonly lastResort: boolean;
}

export interface KeyPackagesComponents {
  readonly me: OwnDevice;
  readonly cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>;
  readonly server: PackageServer;
  readonly clock: Pick<Clock, 'now'>;
}

export class KeyPackages {
  readonly #parts: KeyPackagesComponents;

  constructor(components: KeyPackagesComponents) {
    this.#parts = components;
  }

  /** Lays out what is missing; private parts are stored first. */
  async replenish(): Promise<void> {
    const { cache, server, clock } = this.#parts;
    const kept = [...(await cache.records(AREA))].map(([name, bytes]) => ({ name, ...decode(bytes) }));
    const outdated = kept.filter(({ notAfter }) => notAfter < clock.now());
    if (outdated.length > 0) await cache.setRecords(AREA, new Map(outdated.map(({ name }) => [name, undefined])));
    const hasLast = kept.some((one) => one.lastResort && one.notAfter > clock.now() + RENEW_BEFORE);
    const { waiting, lastResort } = await server.publish({ oneTime: [] });
    // What was stored here may never have come there, or be lost there: the server's word counts, and a second one does no harm.
    const isAnew = (await cache.record(STATE, ANEW)) !== undefined;
    if (isAnew || !hasLast || !lastResort) {
      await server.publish({ oneTime: [], lastResort: await this.#make(true) });
      await cache.setRecords(STATE, new Map([[ANEW, undefined]]));
    }
    if (waiting >= WANTED / 2) return;
    const made = Array.from({ length: WANTED - waiting }, () => this.#make(false));
    await server.publish({ oneTime: await Promise.all(made) });
  }

  /**
   * The server was put back to a copy. It gives out none of the one-time packages that it finds there; the one of last resort may be one
   * that was renewed since, and is replaced when next this device lays out what is missing.
   */
  layOutAnew(): Promise<void> {
    return this.#parts.cache.setRecords(STATE, new Map([[ANEW, new Uint8Array([1])]]));
  }

  /** The private part that a welcome names. */
  async privatePart(reference: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = await this.#parts.cache.record(AREA, toString(reference, 'hex'));
    return bytes && decode(bytes).privatePart;
  }

  /** A welcome has been followed: what opened it opens nothing more. */
  async used(reference: Uint8Array): Promise<void> {
    const { cache } = this.#parts;
    const name = toString(reference, 'hex');
    const bytes = await cache.record(AREA, name);
    if (bytes && !decode(bytes).lastResort) await cache.setRecords(AREA, new Map([[name, undefined]]));
  }

  async #make(lastResort: boolean): Promise<Uint8Array> {
    const { me, clock, cache } = this.#parts;
    const { publicPart, privatePart, reference, notAfter } = await makeKeyPackage(me, clock.now());
    const kept = encodeItem([1, privatePart, notAfter, lastResort]);
    await cache.setRecords(AREA, new Map([[toString(reference, 'hex'), kept]]));
    return publicPart;
  }
}

function decode(bytes: Uint8Array): Kept {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'kept key package', 4);
  if (fields.uint() !== 1) fields.fail('version 1');
  return { privatePart: fields.bytes(MAX_FORM), notAfter: fields.uint(), lastResort: fields.flag() };
}
