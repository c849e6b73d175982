// Enrolment: one request, one reply, the same bytes over the wire (`/canopy/enrol/1`) and as files carried by hand. CBOR lists:
//
//   request  [1, realm, slot, token id (16), certificate request (DER), mac (32)]
//            mac = HMAC-SHA256(the token's secret, label | slot | token id | certificate request)
//   reply    [1, 'ok', time, [certificate, …]]      leaf or authority first, root last
//            [1, 'refused', time, code]             time: the issuer's clock, milliseconds
//
// Limits: a request 4 KiB, a reply 16 KiB and a little. The realm stands in clear, so that a relay can pass the request to the
// node of the parent realm, which issues. The reply needs no signature: the chain must end in the root that the token pins and carry our key.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { concat } from 'uint8arrays/concat';
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { writeCbor } from '../realm/cbor.ts';
import { InputError, RefusedError } from '../realm/errors.ts';
import { parentOf, parseRealmName, type RealmName, type Role } from '../realm/names.ts';
import { type Chain, expectChain, MAX_CHAIN, validateAuthority, validateLeaf } from './chain.ts';
import { FieldReader } from './fields.ts';
import type { Subject } from './profile.ts';
import { type JoinToken, SLOTS, type Slot, TOKEN_ID_BYTES } from './token.ts';

const VERSION = 1;
export const MAX_ENROL_REQUEST = 4096;
export const MAX_ENROL_REPLY = MAX_CHAIN + 64;
const MAX_CSR = 2048;
const MAC_BYTES = 32;
const MAX_NAME = 253;
const MAX_CODE = 64;
const MAC_LABEL = 'canopy/enrol/1';
/** A realm whose clock is further off its parent's cannot join. */
export const MAX_CLOCK_SKEW = 10 * 60 * 1000;

export interface EnrolRequest {
  readonly realm: RealmName;
  readonly slot: Slot;
  readonly tokenId: string;
  readonly csr: Uint8Array;
  readonly mac: Uint8Array;
}

export type EnrolReply =
  | { readonly kind: 'ok'; readonly time: number; readonly chain: Chain }
  | { readonly kind: 'refused'; readonly time: number; readonly code: string };

const requestReader = new FieldReader('enrol-malformed', 'the enrolment request');
const replyReader = new FieldReader('enrol-malformed', 'the enrolment reply');

export function enrolMac(
  secret: Uint8Array,
  { slot, tokenId, csr }: Pick<EnrolRequest, 'slot' | 'tokenId' | 'csr'>,
): Uint8Array {
  const head = fromString(`${MAC_LABEL}|${slot}|`, 'utf8');
  return new Uint8Array(
    createHmac('sha256', secret)
      .update(concat([head, fromString(tokenId, 'hex'), csr]))
      .digest(),
  );
}

/** In time that does not depend on where the two differ. */
export function macsMatch(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The request for a token's slot. */
export function createEnrolRequest(token: JoinToken, slot: Slot, csr: Uint8Array): Uint8Array {
  const { realm, id, secret } = token;
  const mac = enrolMac(secret, { slot, tokenId: id, csr });
  return encodeEnrolRequest({ realm, slot, tokenId: id, csr, mac });
}

export function encodeEnrolRequest({ realm, slot, tokenId, csr, mac }: EnrolRequest): Uint8Array {
  return writeCbor([VERSION, realm, slot, fromString(tokenId, 'hex'), csr, mac]);
}

/** @throws PeerError `enrol-malformed` */
export function decodeEnrolRequest(bytes: Uint8Array): EnrolRequest {
  const read = requestReader;
  const [realm, slotText, tokenId, csr, mac, ...rest] = read.list(bytes, MAX_ENROL_REQUEST, VERSION);
  const slot = SLOTS.find((known) => known === slotText);
  if (!slot || rest.length > 0) throw read.wrong('the slot is unknown');
  return {
    realm: read.parse('the realm', () => parseRealmName(read.text(realm, MAX_NAME))),
    slot,
    tokenId: toString(read.bytes(tokenId, TOKEN_ID_BYTES, 'exact'), 'hex'),
    csr: read.bytes(csr, MAX_CSR),
    mac: read.bytes(mac, MAC_BYTES, 'exact'),
  };
}

/** Which realm's node answers a request. @throws PeerError `enrol-malformed` for a region, which nobody certifies */
export function issuerOfRequest(request: EnrolRequest): RealmName {
  const issuer = request.slot === 'own-relay' ? request.realm : parentOf(request.realm);
  if (!issuer) throw requestReader.wrong(`"${request.realm}" has no realm above it`);
  return issuer;
}

export function encodeEnrolReply(reply: EnrolReply): Uint8Array {
  return writeCbor([VERSION, reply.kind, reply.time, reply.kind === 'ok' ? [...reply.chain] : reply.code]);
}

/** @throws PeerError `enrol-malformed` */
export function decodeEnrolReply(bytes: Uint8Array): EnrolReply {
  const read = replyReader;
  const [kind, time, last, ...rest] = read.list(bytes, MAX_ENROL_REPLY, VERSION);
  if (rest.length > 0) throw read.wrong('it has unknown fields');
  if (kind === 'ok') return { kind, time: read.time(time), chain: read.parse('the chain', () => expectChain(last)) };
  if (kind !== 'refused') throw read.wrong('it is neither ok nor refused');
  return { kind, time: read.time(time), code: read.text(last, MAX_CODE) };
}

/** What was asked for, and the root that the answer must end in. */
export interface AcceptOptions extends Pick<JoinToken, 'realm' | 'tier' | 'rootFingerprint'> {
  /** What the certificate is for: an authority, or a relay's or node's leaf. */
  readonly slot: Slot | Role;
  /** The key of the request: SPKI for an authority, 32 raw bytes for a leaf. */
  readonly publicKey: Uint8Array;
  readonly now: number;
  /** The reply has just come over the wire, so its time can be compared with ours. */
  readonly live?: boolean;
}

/**
 * The chain that an issuer gave, after the same checks that any peer will make. Serves enrolment and renewal.
 * @throws RefusedError with the issuer's code, `clock-skew`, `enrol-wrong-chain` or `cert-…`; PeerError `enrol-malformed`
 */
export async function acceptEnrolReply(bytes: Uint8Array, options: AcceptOptions): Promise<Chain> {
  const reply = decodeEnrolReply(bytes);
  checkClock(reply.time, options);
  if (reply.kind === 'refused') throw refusalOf(reply.code, options);
  const issued = await readIssued(reply.chain, options);
  const { realm, tier, slot, publicKey } = options;
  const kind = slot === 'own-relay' ? 'relay' : slot;
  const fits = issued.kind === kind && issued.realm === realm && issued.tier === tier && equals(issued.key, publicKey);
  if (!fits)
    throw new RefusedError(
      'enrol-wrong-chain',
      `the reply certifies the ${issued.tier} ${issued.realm}, not what was asked for`,
    );
  return reply.chain;
}

async function readIssued(chain: Chain, { slot, ...trust }: AcceptOptions): Promise<Subject & { key: Uint8Array }> {
  if (slot === 'authority') {
    const { realm, tier, spki } = await validateAuthority(chain, trust);
    return { kind: 'authority', realm, tier, key: spki };
  }
  const { realm, tier, role, publicKey } = await validateLeaf(chain, trust);
  return { kind: role, realm, tier, key: publicKey };
}

function checkClock(time: number, { now, live }: AcceptOptions): void {
  const behind = time - now > MAX_CLOCK_SKEW;
  const ahead = live === true && now - time > MAX_CLOCK_SKEW;
  if (!behind && !ahead) return;
  const minutes = Math.round(Math.abs(time - now) / 60_000);
  throw new RefusedError(
    'clock-skew',
    `the clock of this host is ${minutes} minutes ${behind ? 'behind' : 'ahead of'} that of the realm above`,
    {
      hint: 'Set the clock of this host, then join again with the same token.',
    },
  );
}

const REFUSALS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  'token-unknown': ['the token is not known to the realm above', 'Ask its administrator for a new one: canopy invite.'],
  'token-expired': ['the token has expired', 'Ask the administrator of the realm above for a new one: canopy invite.'],
  'token-altered': ['the token does not fit what the realm above wrote', 'Copy the whole line again.'],
  'token-used': [
    'the token was already used with another key',
    'Ask for a new one; if you did not use it, tell that administrator.',
  ],
  'token-name': ['the token is for another name or tier', 'Join with the token that was made for this realm.'],
  'token-locked': [
    'the token had too many wrong attempts and is locked',
    'Ask the administrator of the realm above for a new one.',
  ],
  'enrol-busy': [
    'the realm above has had too many wrong attempts in the last minute',
    'Wait a minute and join again with the same token.',
  ],
};

/** What a person is told of a refusal. */
export function refusalOf(code: string, token: Pick<JoinToken, 'realm'>): RefusedError {
  const [message, hint] = REFUSALS[code] ?? [
    `the realm above refused with the code "${code.replaceAll(/[^a-z0-9-]/g, '?')}"`,
    'Ask its administrator.',
  ];
  return new RefusedError(code, `${token.realm} was not certified: ${message}`, { hint });
}

/** @throws RefusedError `token-expired`; spares a journey, the issuer checks again */
export function checkTokenTime(token: JoinToken, now: number): void {
  if (now > token.expires) throw refusalOf('token-expired', token);
}

/** @throws InputError `token-slot`: a region has no realm above that could certify its relay */
export function checkSlot(token: JoinToken, slot: Slot): void {
  if (slot === 'relay' && token.tier === 'region')
    throw new InputError('token-slot', `a ${token.tier} has no slot "${slot}"`);
}
