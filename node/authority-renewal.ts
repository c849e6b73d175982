// The realm's authority renews itself from its parent when a third of its life is left, with the same key, so that for the rest
// of the old certificate both are good: what was signed under either holds, and the others learn the new chain from the
// parent's ledger. The request goes through the door of the own relay, which takes it to the parent's node; a realm whose
// certificates are over gets in there too, for this alone, within the grace time.
//
// A region has only its offline root above it: its operator brings the next certificate as a file, which is taken up from the
// directory without a restart.
import { enrolOverWire } from '../src/overlay/enrol/client.ts';
import { parseCertificate } from '../src/pki/certificate.ts';
import { type Chain, encodeChain, writeChainPem } from '../src/pki/chain.ts';
import { isDueForRenewal, nextLook, RENEWAL_GRACE } from '../src/pki/renewal.ts';
import type { Clock } from '../src/realm/clock.ts';
import { within } from '../src/realm/deadline.ts';
import { InputError, messageOf, UnreachableError } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName, Tier } from '../src/realm/names.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { readChain, writeChain } from '../src/settings/key-files.ts';
import type { Authority } from './authority/authority.ts';
import { Hourly } from './hourly.ts';

export interface AuthorityRenewalComponents {
  readonly realm: { readonly realm: RealmName; readonly tier: Tier; readonly rootFingerprint: string };
  readonly directory: DataDirectory;
  readonly authority: Pick<Authority, 'chain' | 'createOwnRenewal' | 'acceptOwnRenewal' | 'adopt'>;
  /** Multiaddrs of the own relays, whose doors lead to the parent. */
  readonly relays: readonly string[];
  /** Whether an authority above has another key, to which this realm is to move at once. */
  readonly mustMove: (chain: Chain) => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** After the authority has another certificate. */
  readonly onRenewed: () => Promise<void>;
}

const DEADLINE = 60_000;

export class AuthorityRenewal {
  readonly #parts: AuthorityRenewalComponents;
  readonly #hourly: Hourly;
  readonly #stopping = new AbortController();
  #isAsked = false;
  /** Why the last try failed; undefined after one that did not. */
  lastError: string | undefined;

  constructor(components: AuthorityRenewalComponents) {
    this.#parts = components;
    const { clock, authority } = components;
    this.#hourly = new Hourly(
      clock,
      () => this.#look(),
      () => nextLook(validityOf(authority.chain), clock.now()),
    );
  }

  /** Does not wait for the first try: the relay may not be there yet. */
  start(): void {
    void this.#hourly.start();
  }

  stop(): Promise<void> {
    this.#stopping.abort(new UnreachableError('stopped', 'the node is stopping'));
    return this.#hourly.stop();
  }

  /** When something may have changed above. */
  lookNow(): void {
    if (this.#isAsked || this.#stopping.signal.aborted) return;
    this.#isAsked = true;
    void this.#hourly.now();
  }

  /** At once, due or not. @throws UnreachableError, RefusedError; InputError `offline-root` in a region */
  async renewNow(): Promise<void> {
    const { authority, directory, log, onRenewed } = this.#parts;
    const reply = await this.ask(() => authority.createOwnRenewal());
    await writeChain(directory.authority, writeChainPem(await authority.acceptOwnRenewal(reply)));
    log.info({ notAfter: validityOf(authority.chain).notAfter }, 'authority renewed');
    await onRenewed();
  }

  /** A reply that came as a file. @throws RefusedError, PeerError */
  async accept(reply: Uint8Array): Promise<void> {
    const { authority, directory, onRenewed } = this.#parts;
    await writeChain(directory.authority, writeChainPem(await authority.acceptOwnRenewal(reply)));
    await onRenewed();
  }

  /** The reply of the realm above. @throws UnreachableError; InputError `offline-root` in a region, before anything is made */
  async ask(makeRequest: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const { realm, clock } = this.#parts;
    if (realm.tier === 'region') {
      throw new InputError('offline-root', `the authority of ${realm.realm} is renewed by its offline root`, {
        hint: 'Run: canopy cert renew --request FILE; then on the host of the root: canopy cert sign.',
      });
    }
    const request = await makeRequest();
    return within(clock, DEADLINE, 'renewal by the realm above', this.#stopping.signal, (signal) =>
      this.#ask(request, signal),
    );
  }

  async #ask(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { realm, relays, clock } = this.#parts;
    const { rootFingerprint } = realm;
    const ways = [{ realm: realm.realm, relays }];
    return enrolOverWire({ ways, rootFingerprint, request, clock, grace: RENEWAL_GRACE, signal });
  }

  async #look(): Promise<void> {
    const { authority, clock, log, realm, mustMove } = this.#parts;
    this.#isAsked = false;
    try {
      await this.#takeUp();
      const isDue = isDueForRenewal(validityOf(authority.chain), clock.now()) || mustMove(authority.chain);
      if (realm.tier !== 'region' && isDue) await this.renewNow();
      this.lastError = undefined;
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.lastError = messageOf(error);
      log.error({ error: this.lastError }, 'renewal of the authority failed');
    }
  }

  /** A certificate that was put in its place while the node runs. */
  async #takeUp(): Promise<void> {
    const { authority, directory, log, onRenewed } = this.#parts;
    const found = await readChain(directory.authority);
    if (Buffer.from(encodeChain(found)).equals(encodeChain(authority.chain))) return;
    await authority.adopt(found);
    log.info({ notAfter: validityOf(found).notAfter }, 'authority taken up from its file');
    await onRenewed();
  }
}

function validityOf([own]: Chain): { readonly notBefore: number; readonly notAfter: number } {
  return parseCertificate(own ?? new Uint8Array());
}
