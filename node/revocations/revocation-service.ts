// Revoking: finds what the own authority has certified, says what would stop, has the signing process sign a complete revocation
// list and appends it to the network chain. From there it travels to every realm that must know, and to every relay.
//
// A list holds all that this authority's key has revoked and that could otherwise still be renewed. Its number is the time of
// its making in seconds, or one more than that of the last. While one key replaces another, what each has issued is revoked by a list
// of its own.

import type { Chain } from '../../src/pki/chain.ts';
import type { RevokedCertificate } from '../../src/pki/crl.ts';
import type { KeyName } from '../../src/pki/keys.ts';
import { RENEWAL_GRACE } from '../../src/pki/renewal.ts';
import { encodeSignedCrl } from '../../src/pki/revocations.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { isWithin, parentOf, type RealmName, type Role } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import type { Authority } from '../authority/authority.ts';
import { nameOf as keyNameOf } from '../authority/authority-keys.ts';
import type { IssuedCertificate, IssuedStore } from '../authority/issued-store.ts';
import { CRL_ENTRY, type NodeCharter } from '../charter.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type BlastRadius, blastRadius, type Surroundings } from './blast-radius.ts';

export type RevocationTarget =
  | { readonly kind: 'serial'; readonly serial: string }
  /** With a role its program's certificates; without one the realm itself: its authority, and so all below it. */
  | { readonly kind: 'realm'; readonly realm: RealmName; readonly role?: Role }
  /** Authorities of a realm below whose keys were replaced by another. */
  | { readonly kind: 'replaced'; readonly realm: RealmName };

export interface RevocationComponents {
  readonly realm: RealmName;
  readonly authority: Pick<Authority, 'signCrl' | 'chain' | 'oldChain' | 'settled'>;
  readonly issued: Pick<IssuedStore, 'list'>;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly charter: Pick<NodeCharter, 'revokedBy' | 'chainOfList' | 'isRevoked'>;
  readonly around: () => Promise<Omit<Surroundings, 'own' | 'issued'>>;
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
    return this.#radius(await this.#find(target));
  }

  /** Resolves once the list is on disk and so on its way. @throws also RefusedError `crl-full`, LocalError */
  revoke(target: RevocationTarget, reason: string): Promise<BlastRadius> {
    return this.#inTurn(() => this.#revoke(target, reason));
  }

  /** What would be cut when the authority that was replaced is retired: all that it has certified and that still counts. */
  async planRetirement(): Promise<BlastRadius> {
    return this.#radius(await this.#underOld());
  }

  /** The last list of the authority that was replaced, when it has anything to revoke. @throws as `revoke` */
  retire(reason: string): Promise<BlastRadius> {
    return this.#inTurn(async () => {
      const plan = await this.planRetirement();
      await this.#issue(plan.certificates, reason);
      return plan;
    });
  }

  async #radius(certificates: readonly IssuedCertificate[]): Promise<BlastRadius> {
    const issued = (await this.#live()).filter((one) => !this.#isRevoked(one));
    const { realm, around } = this.#parts;
    return blastRadius(certificates, { own: realm, issued, ...(await around()) });
  }

  /**
   * The list of the present key once more, with its present chain; an empty one when it has revoked nothing. A list whose chain was
   * revoked further up is taken by nobody who has not seen it before.
   */
  async renewList(): Promise<void> {
    await this.#inTurn(async () => this.#append(await this.#sign(keyNameOf(this.#parts.authority.chain), [])));
  }

  /** Whether the present key has no list, not even an empty one. */
  lacksList(): boolean {
    const { charter, authority } = this.#parts;
    return charter.revokedBy(keyNameOf(authority.chain)) === undefined;
  }

  /** Whether the present key has a list whose chain has other keys in it than the present one. */
  isListBehind(): boolean {
    const { charter, authority } = this.#parts;
    const chain = charter.chainOfList(keyNameOf(authority.chain));
    return chain !== undefined && pathOf(chain) !== pathOf(authority.chain);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }

  /** A renewal that was under way while the list was made has passed the check before it: its certificate is revoked as well. */
  async #revoke(target: RevocationTarget, reason: string): Promise<BlastRadius> {
    const before = new Set((await this.#live()).map(({ serial }) => serial));
    const plan = await this.plan(target);
    await this.#issue(plan.certificates, reason);
    await this.#parts.authority.settled();
    const late = await this.#late(target, plan.certificates, before);
    if (late.length > 0) await this.#issue(late, reason);
    return plan;
  }

  /** What has come since the plan was made and is meant as well: of a realm everything, of one certificate what has renewed it. */
  async #late(
    target: RevocationTarget,
    revoked: readonly IssuedCertificate[],
    before: ReadonlySet<string>,
  ): Promise<IssuedCertificate[]> {
    if (target.kind !== 'serial') return this.#unrevoked(target);
    const gone = new Set(revoked.map(({ serial }) => serial));
    return (await this.#live()).filter(({ serial, renews = '' }) => !before.has(serial) && gone.has(renews));
  }

  async #issue(certificates: readonly IssuedCertificate[], reason: string): Promise<void> {
    const { audit } = this.#parts;
    const byKey = Map.groupBy(certificates, (one) => this.#issuerOf(one));
    // Each list is signed before any of them goes out: a key that is gone stops the whole.
    const lists = await Promise.all([...byKey].map(([key, ofKey]) => this.#sign(key, ofKey)));
    for (const { serial, kind, realm: whose } of certificates) {
      await audit.record({ code: 'certificate-revoked', fields: { serial, kind, realm: whose, reason } });
    }
    for (const list of lists) await this.#append(list);
  }

  async #sign(key: KeyName, certificates: readonly IssuedCertificate[]): Promise<MadeList> {
    const { authority, clock, charter } = this.#parts;
    const before = charter.revokedBy(key);
    // In whole seconds and never before now: what was signed until this moment stays true.
    const at = Math.ceil(clock.now() / SECOND) * SECOND;
    const fresh = certificates.map(({ serial }) => ({ serial, at }));
    const number = Math.max((before?.number ?? 0) + 1, Math.floor(at / SECOND));
    const revoked = [...(await this.#stillCounting(before?.revoked ?? [])), ...fresh];
    const payload = encodeSignedCrl(await authority.signCrl(revoked, number, key));
    return { payload, number, certificates: fresh.length };
  }

  async #append({ payload, number, certificates }: MadeList): Promise<void> {
    const { ledger, log, realm } = this.#parts;
    await ledger.append({ chain: 'network', kind: CRL_ENTRY, payload });
    log.warn({ realm, number, certificates }, 'revocation list issued');
  }

  #issuerOf({ issuer }: IssuedCertificate): KeyName {
    return issuer ?? keyNameOf(this.#parts.authority.chain);
  }

  /** In force and issued by the authority that was replaced. */
  async #underOld(): Promise<IssuedCertificate[]> {
    const { authority, clock } = this.#parts;
    const old = authority.oldChain && keyNameOf(authority.oldChain);
    const now = clock.now();
    return (await this.#live()).filter((one) => one.issuer === old && one.notAfter > now && !this.#isRevoked(one));
  }

  /** What a retired key had issued was revoked with it, by its own last list or from above. */
  #isRevoked(one: IssuedCertificate): boolean {
    const { authority, charter } = this.#parts;
    const issuer = this.#issuerOf(one);
    const keys = [authority.chain, authority.oldChain].map((chain) => chain && keyNameOf(chain));
    return !keys.includes(issuer) || charter.isRevoked(one.serial, issuer);
  }

  /** What could not be renewed any more needs no place in the list. */
  async #stillCounting(revoked: readonly RevokedCertificate[]): Promise<readonly RevokedCertificate[]> {
    const live = new Set((await this.#live()).map(({ serial }) => serial));
    return revoked.filter(({ serial }) => live.has(serial));
  }

  /** What could still be used or renewed. What names no issuer is the present key's. */
  async #live(): Promise<IssuedCertificate[]> {
    const { issued, clock } = this.#parts;
    const live = await issued.list(clock.now() - RENEWAL_GRACE);
    return live.map((one) => ({ ...one, issuer: this.#issuerOf(one) }));
  }

  async #unrevoked(target: RevocationTarget): Promise<IssuedCertificate[]> {
    const live = await this.#live();
    const found = live.filter((one) => isMeant(one, target, live));
    if (found.length === 0) throw notIssuedHere(this.#parts.realm, target);
    return found.filter((one) => !this.#isRevoked(one));
  }

  async #find(target: RevocationTarget): Promise<IssuedCertificate[]> {
    if (target.kind !== 'serial') checkRealm(this.#parts.realm, target);
    const fresh = await this.#unrevoked(target);
    if (fresh.length === 0) throw new ConflictError('already-revoked', `${nameOf(target)} was revoked before`);
    return fresh;
  }
}

/** The keys of a chain. */
function pathOf(chain: Chain): string {
  return chain.map((_, index) => keyNameOf(chain.slice(index))).join();
}

interface MadeList {
  readonly payload: Uint8Array;
  readonly number: number;
  readonly certificates: number;
}

function isMeant(one: IssuedCertificate, target: RevocationTarget, live: readonly IssuedCertificate[]): boolean {
  if (target.kind === 'serial') return one.serial === target.serial;
  return target.kind === 'realm' ? fits(one, target) : one.realm === target.realm && isReplaced(one, live);
}

/** Whether another key was certified in the place of this authority's. */
function isReplaced({ kind, realm, key }: IssuedCertificate, live: readonly IssuedCertificate[]): boolean {
  return kind === 'authority' && key !== undefined && live.some((one) => one.realm === realm && one.replaces === key);
}

/** Of a realm everything that was issued to it, its relay's first certificate too. */
function fits({ realm, kind }: IssuedCertificate, target: RevocationTarget & { kind: 'realm' }): boolean {
  return realm === target.realm && (target.role === undefined || kind === target.role);
}

function checkRealm(own: RealmName, target: Exclude<RevocationTarget, { readonly kind: 'serial' }>): void {
  const { realm } = target;
  if (realm === own && !('role' in target && target.role !== undefined)) {
    throw new InputError('own-realm', `${own} cannot revoke itself`, {
      hint: `A realm is revoked by the one above it: run the command on ${parentOf(own) ?? 'the host of the root'}.`,
    });
  }
}

function notIssuedHere(own: RealmName, target: RevocationTarget): InputError {
  const issuer = target.kind !== 'serial' ? (parentOf(target.realm) ?? target.realm) : undefined;
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
  if (target.kind === 'replaced') return `an authority of ${target.realm} that was replaced`;
  return target.role === undefined ? target.realm : `the ${target.role} of ${target.realm}`;
}
