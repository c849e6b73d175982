// Certified programs for tests: a root, and below it region, enterprise and branches, made once for each process.
import type { Identity } from '../../src/overlay/identity.ts';
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import { type Chain, fingerprintOf } from '../../src/pki/chain.ts';
import { createCrl } from '../../src/pki/crl.ts';
import { createRoot, issueAuthority, issueLeaf } from '../../src/pki/issue.ts';
import {
  type AuthorityKey,
  generateAuthorityKey,
  generateLeafKey,
  type KeyName,
  keyName,
  type LeafKey,
  localSigner,
} from '../../src/pki/keys.ts';
import { encodeSignedCrl } from '../../src/pki/revocations.ts';
import { parentOf, parseRealmName, type RealmName, type Role, type Tier } from '../../src/realm/names.ts';

export interface Authority {
  readonly key: AuthorityKey;
  readonly chain: Chain;
}

/** A hierarchy of its own; two of them share nothing. */
export class Realms {
  readonly #authorities = new Map<RealmName, Promise<Authority>>();
  readonly #root: Promise<Authority>;
  readonly region: RealmName;
  readonly #direct: ReadonlySet<RealmName>;

  /** @param direct branches right below the region, where there are enterprises otherwise */
  constructor(region: string, direct: readonly string[] = []) {
    this.region = parseRealmName(region);
    this.#direct = new Set(direct.map(parseRealmName));
    this.#root = this.#makeRoot();
  }

  async rootFingerprint(): Promise<string> {
    const [root] = (await this.#root).chain;
    return fingerprintOf(root ?? new Uint8Array());
  }

  async identity(
    realm: string,
    role: Role,
    options: { lifetime?: number; key?: LeafKey; now?: number } = {},
  ): Promise<Identity> {
    const name = parseRealmName(realm);
    const authority = await this.#authority(name);
    const key = options.key ?? (await generateLeafKey());
    const chain = await issueLeaf({
      signer: localSigner(authority.key),
      chain: authority.chain,
      realm: name,
      tier: this.tierOf(name),
      role,
      publicKey: key.publicKey,
      now: options.now ?? Date.now(),
      ...(options.lifetime === undefined ? {} : { lifetime: options.lifetime }),
    });
    const rootFingerprint = await this.rootFingerprint();
    return { realm: name, tier: this.tierOf(name), role, privateKey: key.seed, chain, rootFingerprint };
  }

  /** A list, signed by the authority of `issuer`, that revokes the authority of `realm` right below it. */
  async revocation(issuer: string, realm: string, number = 1): Promise<Uint8Array> {
    const { key, chain } = await this.#authority(parseRealmName(issuer));
    const [own] = checkAuthorities(chain);
    const [revoked] = checkAuthorities((await this.#authority(parseRealmName(realm))).chain);
    if (!own || !revoked) throw new Error('a chain has a first certificate');
    const at = Date.now();
    const list = { number, thisUpdate: at, nextUpdate: at, revoked: [{ serial: revoked.certificate.serial, at }] };
    return encodeSignedCrl({ crl: await createCrl(list, own, localSigner(key)), chain });
  }

  /** The key of a realm's authority, and its certificates. */
  authorityOf(realm: RealmName): Promise<Authority> {
    return this.#authority(realm);
  }

  /** By which lists and checks know a realm's authority. */
  async keyOf(realm: RealmName): Promise<KeyName> {
    return keyName((await this.#authority(realm)).key.spki);
  }

  tierOf(realm: RealmName): Tier {
    if (realm === this.region) return 'region';
    return parentOf(realm) === this.region && !this.#direct.has(realm) ? 'enterprise' : 'branch';
  }

  async #makeRoot(): Promise<Authority> {
    const key = await generateAuthorityKey();
    const der = await createRoot({ realm: this.region, now: Date.now(), signer: localSigner(key) });
    return { key, chain: [der] };
  }

  #authority(realm: RealmName): Promise<Authority> {
    const known = this.#authorities.get(realm) ?? this.#makeAuthority(realm);
    this.#authorities.set(realm, known);
    return known;
  }

  async #makeAuthority(realm: RealmName): Promise<Authority> {
    const parent = parentOf(realm);
    const issuer = realm === this.region || !parent ? await this.#root : await this.#authority(parent);
    const key = await generateAuthorityKey();
    const chain = await issueAuthority({
      signer: localSigner(issuer.key),
      chain: issuer.chain,
      realm,
      tier: this.tierOf(realm),
      now: Date.now(),
      publicKey: key.spki,
    });
    return { key, chain };
  }
}
