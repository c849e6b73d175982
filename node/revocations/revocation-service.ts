// Revoking: finds what the own authority has certified, says what would stop, has the signing process sign a complete revocation
// list and appends it to the network chain. From there it travels to every realm that must know, and to every relay.
//
// A list holds all that this authority's key has revoked and that could otherwise still be renewed. Its number is the time of
// its making in seconds, or one more than that of the last.
import { parseCertificate } from '../../src/pki/certificate.ts';
import type { Chain } from '../../src/pki/chain.ts';
import type { RevokedCertificate } from '../../src/pki/crl.ts';
import { RENEWAL_GRACE } from '../../src/pki/renewal.ts';
import { encodeSignedCrl, keyName } from '../../src/pki/revocations.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { isWithin, parentOf, type RealmName, type Role } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import type { Authority } from '../authority/authority.ts';
import type { IssuedCertificate, IssuedStore } from '../authority/issued-store.ts';
import { CRL_ENTRY, type NodeCharter } from '../charter.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type BlastRadius, blastRadius, type Surroundings } from './blast-radius.ts';

export type RevocationTarget =
  | { readonly kind: 'serial'; readonly serial: string }
  /** With a role its program's certificates; without one the realm itself: its authority, and so all below it. */
  | { readonly kind: 'realm'; readonly realm: RealmName; readonly role?: Role };

export interface RevocationComponents {
  readonly realm: RealmName;
  readonly authority: Pick<Authority, 'signCrl' | 'chain' | 'settled'>;
  readonly issued: Pick<IssuedStore, 'list'>;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly charter: Pick<NodeCharter, 'revokedBy' | 'isRevoked'>;
  readonly around: () => Omit<Surroundings, 'own'>;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

const SECOND = 1000;

export class RevocationService {
  readonly #parts: RevocationComponents;
  #last: Promise<unknown> = Promise.resolve();

  constructor(components: RevocationComponents) {
    this.#parts = components;
  }

  /** What would be cut; changes nothing. @throws InputError `not-issued-here`, `own-realm`; ConflictError `already-revoked` */
  async plan(target: RevocationTarget): Promise<BlastRadius> {
    const { realm, around } = this.#parts;
    return blastRadius(await this.#find(target), { own: realm, ...around() });
  }

  /** Resolves once the list is on disk and so on its way. @throws also RefusedError `crl-full`, LocalError */
  revoke(target: RevocationTarget, reason: string): Promise<BlastRadius> {
    const done = this.#last.then(() => this.#revoke(target, reason));
    this.#last = done.catch(() => {});
    return done;
  }

  /** A renewal that was under way while the list was made has passed the check before it: its certificate is revoked as well. */
  async #revoke(target: RevocationTarget, reason: string): Promise<BlastRadius> {
    const plan = await this.plan(target);
    await this.#issue(plan, reason);
    await this.#parts.authority.settled();
    if (target.kind === 'realm' && (await this.#unrevoked(target)).length > 0) {
      await this.#issue(await this.plan(target), reason);
    }
    return plan;
  }

  async #issue(plan: BlastRadius, reason: string): Promise<void> {
    const { authority, ledger, audit, clock, log, charter, realm } = this.#parts;
    const before = charter.revokedBy(keyOf(authority.chain));
    // In whole seconds and never before now: what was signed until this moment stays true.
    const at = Math.ceil(clock.now() / SECOND) * SECOND;
    const fresh = plan.certificates.map(({ serial }) => ({ serial, at }));
    const number = Math.max((before?.number ?? 0) + 1, Math.floor(at / SECOND));
    const revoked = [...(await this.#stillCounting(before?.revoked ?? [])), ...fresh];
    const list = await authority.signCrl(revoked, number);
    for (const { serial, kind, realm: whose } of plan.certificates) {
      await audit.record({ code: 'certificate-revoked', fields: { serial, kind, realm: whose, reason } });
    }
    await ledger.append({ chain: 'network', kind: CRL_ENTRY, payload: encodeSignedCrl(list) });
    log.warn({ realm, number, certificates: fresh.length, realms: plan.realms.length }, 'revocation list issued');
  }

  /** What could not be renewed any more needs no place in the list. */
  async #stillCounting(revoked: readonly RevokedCertificate[]): Promise<readonly RevokedCertificate[]> {
    const live = new Set((await this.#live()).map(({ serial }) => serial));
    return revoked.filter(({ serial }) => live.has(serial));
  }

  #live(): Promise<IssuedCertificate[]> {
    const { issued, clock } = this.#parts;
    return issued.list(clock.now() - RENEWAL_GRACE);
  }

  async #unrevoked(target: RevocationTarget): Promise<IssuedCertificate[]> {
    const { realm, charter } = this.#parts;
    const found = (await this.#live()).filter((one) => isMeant(one, target));
    if (found.length === 0) throw notIssuedHere(realm, target);
    return found.filter(({ serial }) => !charter.isRevoked(serial, realm));
  }

  async #find(target: RevocationTarget): Promise<IssuedCertificate[]> {
    if (target.kind === 'realm') checkRealm(this.#parts.realm, target);
    const fresh = await this.#unrevoked(target);
    if (fresh.length === 0) throw new ConflictError('already-revoked', `${nameOf(target)} was revoked before`);
    return fresh;
  }
}

function isMeant(one: IssuedCertificate, target: RevocationTarget): boolean {
  return target.kind === 'serial' ? one.serial === target.serial : fits(one, target);
}

/** Of a realm everything that was issued to it, its relay's first certificate too. */
function fits({ realm, kind }: IssuedCertificate, target: RevocationTarget & { kind: 'realm' }): boolean {
  return realm === target.realm && (target.role === undefined || kind === target.role);
}

function checkRealm(own: RealmName, { realm, role }: RevocationTarget & { kind: 'realm' }): void {
  if (realm === own && role === undefined) {
    throw new InputError('own-realm', `${own} cannot revoke itself`, {
      hint: `A realm is revoked by the one above it: run the command on ${parentOf(own) ?? 'the host of the root'}.`,
    });
  }
}

function notIssuedHere(own: RealmName, target: RevocationTarget): InputError {
  const issuer = target.kind === 'realm' ? (parentOf(target.realm) ?? target.realm) : undefined;
  const below = issuer !== undefined && issuer !== own && isWithin(issuer, own);
  const hint = below
    ? `${issuer} has certified it: run the command there, or revoke ${issuer} with all below it.`
    : 'Run: canopy cert list --dir DIR    to see what this realm has certified.';
  return new InputError('not-issued-here', `${own} has issued no certificate for ${nameOf(target)} that still counts`, {
    hint,
  });
}

function nameOf(target: RevocationTarget): string {
  if (target.kind === 'serial') return `the serial ${target.serial}`;
  return target.role === undefined ? target.realm : `the ${target.role} of ${target.realm}`;
}

/** As revocation lists are kept by: the authority's key. */
function keyOf([own]: Chain): string {
  return own ? keyName(parseCertificate(own).spki) : '';
}
