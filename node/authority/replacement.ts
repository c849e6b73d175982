// Another key for the own authority. The signing process makes it, the present key vouches for it, the realm above certifies it (a
// region's root by files), and from the moment when its chain is on disk it is the one that issues. The one before it stays good
// until its end, or until it is retired, and signs the lists that revoke what it has issued.
//
//   no key ──► authority/next/key.pem ──► certified: authority/next/chain.pem ──► in its place, the other in authority/old
//                                                                                      │ retired, ended, or revoked from above
//                                                                                      ▼
//                                                                                  authority/old is gone
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { type Chain, type Trust, writeChainPem } from '../../src/pki/chain.ts';
import { readCrl } from '../../src/pki/crl.ts';
import { encodeSignedCrl, serialsIn } from '../../src/pki/revocations.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, codeOf, InputError, LocalError, messageOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { type DataDirectory, exists } from '../../src/settings/data-directory.ts';
import { makePrivateFolder } from '../../src/settings/private-file.ts';
import { commitReplacement } from '../../src/settings/staged-credential.ts';
import type { Audit } from '../audit/audit.ts';
import { CRL_ENTRY } from '../charter.ts';
import { Hourly } from '../hourly.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BlastRadius } from '../revocations/blast-radius.ts';
import type { RevocationService } from '../revocations/revocation-service.ts';
import type { Authority } from './authority.ts';
import { nameOf } from './authority-keys.ts';
import { findOldAuthority, removeOldAuthority } from './old-authority.ts';
import type { ReplacedAuthorities } from './replaced-authorities.ts';
import { AUTHORITY_REPLACED, encodeReplaced } from './replaced-entry.ts';
import { SignerClient } from './signer-client.ts';

export interface ReplacementComponents {
  readonly realm: { readonly realm: RealmName };
  readonly directory: DataDirectory;
  readonly authority: Pick<Authority, 'chain' | 'oldChain' | 'createOwnRenewal' | 'readReply' | 'goOver' | 'retireOld'>;
  readonly revocations: Pick<RevocationService, 'planRetirement' | 'retire' | 'renewList' | 'lacksList'>;
  readonly replaced: Pick<ReplacedAuthorities, 'has'>;
  readonly ledger: Pick<Ledger, 'append'>;
  /** The reply of the realm above to a renewal request. @throws InputError `offline-root` in a region */
  readonly ask: (makeRequest: () => Promise<Uint8Array>) => Promise<Uint8Array>;
  /** After the authority has another key: the own leaves move. */
  readonly onReplaced: () => Promise<void>;
  readonly isRevoked: NonNullable<Trust['isRevoked']>;
  /** @throws ConflictError `read-only` while nothing may be written */
  readonly assertMayWrite: () => void;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

export class AuthorityReplacement {
  readonly #parts: ReplacementComponents;
  readonly #hourly: Hourly;
  #last: Promise<unknown> = Promise.resolve();
  #isAsked = false;

  constructor(components: ReplacementComponents) {
    this.#parts = components;
    this.#hourly = new Hourly(components.clock, () => this.#look());
  }

  start(): void {
    void this.#hourly.start();
  }

  /** When the charter has changed: the realm above may have revoked the old one. */
  lookSoon(): void {
    if (this.#isAsked || !this.#parts.authority.oldChain) return;
    this.#isAsked = true;
    void this.#hourly.now();
  }

  async stop(): Promise<void> {
    await this.#hourly.stop();
    await this.#last;
  }

  /** Over the overlay. @throws ConflictError `authority-overlap`, `read-only`; UnreachableError, RefusedError, LocalError */
  replace(atOnce: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#assertFree();
      const { authority, ask } = this.#parts;
      const chain = await this.#withNext(async (next) =>
        authority.readReply(await ask(() => authority.createOwnRenewal(next)), next.publicKey),
      );
      await this.#goOver(chain, atOnce);
    });
  }

  /** For the offline root, or a realm above that no way leads to. The same key as long as no answer has come. */
  request(): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      this.#assertFree();
      const { authority, audit } = this.#parts;
      await audit.record({ code: 'authority-key-requested', fields: { before: serialOf(authority.chain) } });
      return this.#withNext((next) => authority.createOwnRenewal(next));
    });
  }

  /** A reply that came as a file; false when it is not for the key that is being made. @throws RefusedError, PeerError, LocalError */
  accept(reply: Uint8Array, atOnce: boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      const { directory, authority } = this.#parts;
      if (authority.oldChain || !(await exists(directory.authority.next.key))) return false;
      const chain = await this.#withNext((next) => authority.readReply(reply, next.publicKey)).catch(
        (error: unknown) => {
          if (codeOf(error) === OTHER_KEY) return undefined;
          throw error;
        },
      );
      if (!chain) return false;
      this.#parts.assertMayWrite();
      await this.#goOver(chain, atOnce);
      return true;
    });
  }

  /** Tells those below to move at once, after all. @throws ConflictError `no-overlap` */
  hurry(): Promise<void> {
    return this.#inTurn(async () => {
      const old = this.#old();
      await this.#parts.audit.record({ code: 'authority-move-hurried', fields: { before: serialOf(old) } });
      await this.#tell(old, true);
    });
  }

  /** What would be cut. @throws ConflictError `no-overlap` */
  async planRetirement(): Promise<BlastRadius> {
    this.#old();
    return this.#parts.revocations.planRetirement();
  }

  /** Revokes what the old key has issued and still counts, and destroys it. @throws ConflictError `no-overlap`; RefusedError `crl-full` */
  retire(reason: string): Promise<BlastRadius> {
    return this.#inTurn(async () => {
      const old = this.#old();
      this.#parts.assertMayWrite();
      const radius = await this.#parts.revocations.retire(reason);
      await this.#remove(old, reason);
      return radius;
    });
  }

  /**
   * A region's root is offline, so its list comes as a file. It goes into the region's chain, and the old key is retired by it.
   * @throws RefusedError `crl-…`; InputError `not-a-region`, `own-authority`
   */
  takeRootList(crl: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const { authority, ledger, audit } = this.#parts;
      const [own, root, ...more] = authority.chain;
      if (!own || !root || more.length > 0) throw notARegion();
      const [checked] = checkAuthorities([root]);
      if (!checked) throw notARegion();
      const { revoked, number } = readCrl(crl, checked);
      const { serial } = parseCertificate(own);
      if (revoked.some((one) => one.serial === serial)) {
        throw new InputError('own-authority', `this list revokes the authority ${serial}, which is in use`, {
          hint: 'Replace it first: canopy cert renew --new-key authority --request FILE',
        });
      }
      await audit.record({ code: 'root-list-taken', fields: { number, revoked: revoked.length } });
      await ledger.append({ chain: 'network', kind: CRL_ENTRY, payload: encodeSignedCrl({ crl, chain: [root] }) });
      await this.#settle();
    });
  }

  async #goOver(chain: Chain, atOnce: boolean): Promise<void> {
    const { directory, authority, audit, log, onReplaced } = this.#parts;
    const before = serialOf(authority.chain);
    await commitReplacement(directory.authority, writeChainPem(chain));
    const old = await findOldAuthority(directory.authority);
    if (!old) throw new LocalError('key-missing', 'the authority that was replaced is not in its place');
    const signer = new SignerClient({ keyFile: directory.authority.key }, { log });
    await signer.start();
    await authority.goOver({ signer, chain }, old);
    log.warn({ before, after: serialOf(chain) }, 'authority replaced');
    await audit.record({ code: 'authority-replaced', fields: { before, after: serialOf(chain), atOnce } });
    await this.#tell(old.chain, atOnce);
    await onReplaced();
  }

  /** Also after a power cut between the two: what is on disk is told. */
  async #tell(old: Chain, atOnce: boolean): Promise<void> {
    const { spki } = parseCertificate(old[0] ?? new Uint8Array());
    const payload = encodeReplaced(spki, atOnce);
    await this.#parts.ledger.append({ chain: 'network', kind: AUTHORITY_REPLACED, payload });
  }

  async #remove(old: Chain, reason: string): Promise<void> {
    const { authority, directory, audit, log } = this.#parts;
    await authority.retireOld();
    await removeOldAuthority(directory.authority);
    await audit.record({ code: 'authority-retired', fields: { serial: serialOf(old), reason } });
    log.warn({ serial: serialOf(old), reason }, 'authority that was replaced is retired');
  }

  async #look(): Promise<void> {
    this.#isAsked = false;
    try {
      await this.#inTurn(() => this.#settle());
    } catch (error) {
      this.#parts.log.error({ error: messageOf(error) }, 'replacement of the authority not settled');
    }
  }

  async #settle(): Promise<void> {
    const { authority, clock, realm, replaced, isRevoked, revocations } = this.#parts;
    const old = authority.oldChain;
    if (!old) return;
    if (!replaced.has(realm.realm, nameOf(old))) await this.#tell(old, false);
    if (revocations.lacksList()) await revocations.renewList();
    const isOver = parseCertificate(old[0] ?? new Uint8Array()).notAfter < clock.now();
    const isCut = serialsIn(old).some(({ serial, issuer }) => isRevoked(serial, issuer));
    if (isOver || isCut) await this.#remove(old, isCut ? 'revoked' : 'over');
  }

  #assertFree(): void {
    this.#parts.assertMayWrite();
    const { oldChain } = this.#parts.authority;
    if (!oldChain) return;
    throw new ConflictError(
      'authority-overlap',
      `the authority ${serialOf(oldChain)} was replaced and is not retired yet`,
      {
        hint: 'Of an authority there are two at most. Run: canopy cert retire --dry-run',
      },
    );
  }

  #old(): Chain {
    const { oldChain } = this.#parts.authority;
    if (oldChain) return oldChain;
    throw new ConflictError('no-overlap', 'no authority was replaced here that is not retired yet');
  }

  async #withNext<T>(use: (next: SignerClient) => Promise<T>): Promise<T> {
    const { directory, log } = this.#parts;
    const { folder, key } = directory.authority.next;
    await makePrivateFolder(folder);
    const next = new SignerClient({ keyFile: key, purpose: 'make' }, { log });
    await next.start();
    try {
      return await use(next);
    } finally {
      await next.stop();
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }
}

function notARegion(): InputError {
  return new InputError('not-a-region', 'only the authority of a region is revoked by its offline root', {
    hint: 'Here the realm above does it: canopy cert revoke REALM --replaced',
  });
}

/** What `readReply` says of a certificate for another key. */
const OTHER_KEY = 'enrol-wrong-chain';

function serialOf([own]: Chain): string {
  return parseCertificate(own ?? new Uint8Array()).serial;
}
