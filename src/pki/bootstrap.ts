// How a realm comes to its keys and certificates: a region makes its own, every other realm asks the one above. Pure functions
// from names and tokens to PEM texts; who writes which file is the caller's business.
import type { RealmName, Role, Tier } from '../realm/names.ts';
import { type Chain, fingerprintOf, readChainPem, validateAuthority, writeChainPem } from './chain.ts';
import { createAuthorityCsr, createLeafCsr } from './csr.ts';
import { acceptEnrolReply, checkSlot, checkTokenTime, createEnrolRequest } from './enrolment.ts';
import { createRoot, issueAuthority, issueLeaf } from './issue.ts';
import {
  generateAuthorityKey,
  generateLeafKey,
  localSigner,
  readAuthorityKeyPem,
  readLeafKeyPem,
  type Signer,
  writeAuthorityKeyPem,
  writeLeafKeyPem,
} from './keys.ts';
import { createLanAuthority, issueLanLeaf, type LanScope } from './lan.ts';
import { writePem } from './pem.ts';
import type { JoinToken, Slot } from './token.ts';

/** A private key and the chain that certifies it, PEM. */
export interface Credential {
  readonly keyPem: string;
  /** Own certificate first, root last. */
  readonly chainPem: string;
}

export interface LanFiles {
  readonly authorityKeyPem: string;
  readonly authorityPem: string;
  readonly keyPem: string;
  /** Server's certificate, then the LAN authority's. */
  readonly chainPem: string;
}

export interface LanOptions {
  readonly scope: LanScope;
  readonly hosts: readonly string[];
}

/** What `canopy init region` writes. */
export interface RegionFiles {
  /** To be taken off the host. */
  readonly root: Credential;
  readonly rootFingerprint: string;
  readonly authority: Credential;
  readonly node: Credential;
  readonly relay: Credential;
  readonly lan: LanFiles;
}

export async function createRegionKeys(options: {
  realm: RealmName;
  now: number;
  lan: LanOptions;
}): Promise<RegionFiles> {
  const { realm, now, lan } = options;
  const [rootKey, authorityKey] = [await generateAuthorityKey(), await generateAuthorityKey()];
  const rootSigner = localSigner(rootKey);
  const root = await createRoot({ realm, now, signer: rootSigner });
  const chain = await issueAuthority({
    signer: rootSigner,
    chain: [root],
    realm,
    tier: 'region',
    now,
    publicKey: authorityKey.spki,
  });
  const signer = localSigner(authorityKey);
  return {
    root: { keyPem: writeAuthorityKeyPem(rootKey), chainPem: writeChainPem([root]) },
    rootFingerprint: fingerprintOf(root),
    authority: { keyPem: writeAuthorityKeyPem(authorityKey), chainPem: writeChainPem(chain) },
    node: await createLeaf({ signer, chain, realm, tier: 'region', role: 'node', now }),
    relay: await createLeaf({ signer, chain, realm, tier: 'region', role: 'relay', now }),
    lan: await createLanKeys({ realm, now, lan }),
  };
}

interface LeafOptions {
  readonly signer: Signer;
  readonly chain: Chain;
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly role: Role;
  readonly now: number;
}

async function createLeaf(options: LeafOptions): Promise<Credential> {
  const key = await generateLeafKey();
  const chain = await issueLeaf({ ...options, publicKey: key.publicKey });
  return { keyPem: writeLeafKeyPem(key), chainPem: writeChainPem(chain) };
}

/** A new LAN authority and its server's certificate. */
export async function createLanKeys(options: { realm: RealmName; now: number; lan: LanOptions }): Promise<LanFiles> {
  const { realm, now } = options;
  const { scope, hosts } = options.lan;
  const [authorityKey, serverKey] = [await generateAuthorityKey(), await generateAuthorityKey()];
  const signer = localSigner(authorityKey);
  const authority = await createLanAuthority({ realm, scope, now, signer });
  const leaf = await issueLanLeaf({ realm, authority, signer, scope, hosts, publicKey: serverKey.spki, now });
  return {
    authorityKeyPem: writeAuthorityKeyPem(authorityKey),
    authorityPem: writePem('CERTIFICATE', [authority]),
    keyPem: writeAuthorityKeyPem(serverKey),
    chainPem: writePem('CERTIFICATE', [leaf, authority]),
  };
}

/** A key that waits for its certificate. Keep it: the same key again gets the same chain. */
export interface PendingRequest {
  readonly slot: Slot;
  readonly keyPem: string;
  /** For the wire or for a file. */
  readonly request: Uint8Array;
}

export interface PrepareOptions {
  readonly token: JoinToken;
  readonly slot: Slot;
  readonly now: number;
  /** The key of an earlier attempt. */
  readonly keyPem?: string;
}

/** @throws RefusedError `token-expired` (for a new key only), InputError `token-slot`, `bad-key` */
export async function prepareRequest(options: PrepareOptions): Promise<PendingRequest> {
  const { token, slot, now } = options;
  checkSlot(token, slot);
  if (options.keyPem === undefined) checkTokenTime(token, now);
  const keyPem = options.keyPem ?? (await newKeyPem(slot));
  return { slot, keyPem, request: createEnrolRequest(token, slot, await csrFor(token, slot, keyPem)) };
}

async function newKeyPem(slot: Slot): Promise<string> {
  return slot === 'authority'
    ? writeAuthorityKeyPem(await generateAuthorityKey())
    : writeLeafKeyPem(await generateLeafKey());
}

async function csrFor(token: JoinToken, slot: Slot, keyPem: string): Promise<Uint8Array> {
  if (slot === 'authority') return createAuthorityCsr(localSigner(readAuthorityKeyPem(keyPem)), token);
  return createLeafCsr(readLeafKeyPem(keyPem), { ...token, role: 'relay' });
}

export interface AcceptReplyOptions {
  readonly token: JoinToken;
  readonly pending: Pick<PendingRequest, 'slot' | 'keyPem'>;
  readonly reply: Uint8Array;
  readonly now: number;
  readonly live?: boolean;
}

/** The credential of the slot. @throws RefusedError with the issuer's code, `clock-skew` or `cert-…`; PeerError `enrol-malformed` */
export async function acceptReply(options: AcceptReplyOptions): Promise<Credential> {
  const { token, reply, now } = options;
  const { slot, keyPem } = options.pending;
  const publicKey = slot === 'authority' ? readAuthorityKeyPem(keyPem).spki : readLeafKeyPem(keyPem).publicKey;
  const live = options.live === undefined ? {} : { live: options.live };
  const chain = await acceptEnrolReply(reply, { ...token, slot, publicKey, now, ...live });
  return { keyPem, chainPem: writeChainPem(chain) };
}

/** Leaves that a realm's own authority gives to its node and its relay. */
export async function createOwnLeaf(options: {
  authority: Credential;
  rootFingerprint: string;
  role: Role;
  now: number;
}): Promise<Credential> {
  const { rootFingerprint, role, now } = options;
  const chain = readChainPem(options.authority.chainPem);
  const { realm, tier } = await validateAuthority(chain, { rootFingerprint, now });
  const signer = localSigner(readAuthorityKeyPem(options.authority.keyPem));
  return createLeaf({ signer, chain, realm, tier, role, now });
}
