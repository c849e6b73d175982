// The issuer's side of enrolment: makes tokens and answers requests. Kept for each token: what it is for, its secret (an HMAC
// cannot be checked against a hash; the store's files are mode 0600), wrong attempts, and for each slot the key and the chain.
//
// A slot that was used gives the same chain for the same key, for ever, so that a join can be repeated after any crash; another key is refused. Ten
// wrong attempts lock a token. Wrong attempts in all are limited by the minute: above it every wrong one hears `enrol-busy`
// and learns nothing, while a right request is still answered, so that a flood of guesses keeps nobody out.
import { createHash, randomBytes } from 'node:crypto';
import { toString } from 'uint8arrays/to-string';
import { readCbor, writeCbor } from '../realm/cbor.ts';
import { codeOf, LocalError, RefusedError } from '../realm/errors.ts';
import { parentOf, parseRealmName, parseTier, type RealmName, type Tier } from '../realm/names.ts';
import { type Chain, expectChain } from './chain.ts';
import { type CertificateRequest, readCsr } from './csr.ts';
import { decodeEnrolRequest, type EnrolRequest, encodeEnrolReply, enrolMac, macsMatch } from './enrolment.ts';
import { type Ancestor, type JoinToken, SLOTS, type Slot, TOKEN_ID_BYTES, TOKEN_SECRET_BYTES } from './token.ts';

/** A store's narrow part: keys are token ids. `put` resolves when the value is durable. */
export interface TokenStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
}

export interface TokenRegistryComponents {
  readonly store: TokenStore;
  /** Certifies what a token allows; the request has been checked. */
  certify(request: CertificateRequest): Promise<Chain>;
  now(): number;
  /** The realm that issues. */
  readonly realm: RealmName;
  /** Called with each refusal, for the audit. */
  onRefused?(refusal: { code: string; realm: string; slot: string; tokenId: string }): void;
}

export interface Invitation {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly rootFingerprint: string;
  readonly ancestors: readonly Ancestor[];
  /** Milliseconds. */
  readonly ttl?: number;
}

export const DEFAULT_TTL = 60 * 60 * 1000;
const MAX_WRONG_PER_TOKEN = 10;
const MAX_WRONG_PER_MINUTE = 60;
const MINUTE = 60_000;
const SECOND = 1000;
/** Refusals that are no attempt to guess. */
const UNCOUNTED: ReadonlySet<string> = new Set(['token-expired', 'token-locked']);

interface Use {
  readonly slot: Slot;
  /** SHA-256 of the key's SPKI, hex. */
  readonly key: string;
  readonly chain: Chain;
}

interface TokenRecord {
  readonly realm: RealmName;
  readonly tier: Tier;
  readonly secret: Uint8Array;
  readonly expires: number;
  readonly wrong: number;
  readonly uses: readonly Use[];
}

export class TokenRegistry {
  readonly #components: TokenRegistryComponents;
  /** The last answer of each token, so that two requests for one token never run at once. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #wrong = { minute: 0, count: 0 };

  constructor(components: TokenRegistryComponents) {
    this.#components = components;
  }

  /** Makes a token and keeps it. @throws RefusedError `may-not-issue` */
  async create(invitation: Invitation): Promise<JoinToken> {
    const { realm, tier, rootFingerprint, ancestors, ttl = DEFAULT_TTL } = invitation;
    if (parentOf(realm) !== this.#components.realm && realm !== this.#components.realm) {
      throw new RefusedError(
        'may-not-issue',
        `${this.#components.realm} cannot invite ${realm}: a realm is invited by the one whose name is its own without the first label`,
      );
    }
    const id = toString(randomBytes(TOKEN_ID_BYTES), 'hex');
    const secret = new Uint8Array(randomBytes(TOKEN_SECRET_BYTES));
    const expires = Math.floor((this.#components.now() + ttl) / SECOND) * SECOND;
    await this.#components.store.put(id, encodeRecord({ realm, tier, secret, expires, wrong: 0, uses: [] }));
    return { realm, tier, id, secret, rootFingerprint, expires, ancestors };
  }

  /** Answers any bytes with a reply's bytes. @throws what the store or the authority throws: then there is no answer yet */
  async answer(bytes: Uint8Array): Promise<Uint8Array> {
    const time = this.#components.now();
    let request: EnrolRequest | undefined;
    try {
      request = decodeEnrolRequest(bytes);
      const chain = await this.#inTurn(request);
      return encodeEnrolReply({ kind: 'ok', time, chain });
    } catch (error) {
      const code = codeOf(error);
      if (error instanceof LocalError || code === 'internal') throw error;
      return encodeEnrolReply({ kind: 'refused', time, code: this.#refusal(code, request) });
    }
  }

  #refusal(code: string, request: EnrolRequest | undefined): string {
    const { realm = '', slot = '', tokenId = '' } = request ?? {};
    this.#components.onRefused?.({ code, realm, slot, tokenId });
    const minute = Math.floor(this.#components.now() / MINUTE);
    this.#wrong = { minute, count: this.#wrong.minute === minute ? this.#wrong.count + 1 : 1 };
    return this.#wrong.count > MAX_WRONG_PER_MINUTE ? 'enrol-busy' : code;
  }

  async #inTurn(request: EnrolRequest): Promise<Chain> {
    const before = this.#turns.get(request.tokenId) ?? Promise.resolve();
    const turn = before.then(
      () => this.#answer(request),
      () => this.#answer(request),
    );
    this.#turns.set(request.tokenId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(request.tokenId) === turn) this.#turns.delete(request.tokenId);
    }
  }

  async #answer(request: EnrolRequest): Promise<Chain> {
    const stored = await this.#components.store.get(request.tokenId);
    if (!stored) throw refusedFor('token-unknown', request.tokenId);
    const record = decodeRecord(stored);
    try {
      return await this.#use(record, request);
    } catch (error) {
      if (error instanceof RefusedError && !UNCOUNTED.has(error.code)) {
        await this.#components.store.put(request.tokenId, encodeRecord({ ...record, wrong: record.wrong + 1 }));
      }
      throw error;
    }
  }

  /** A token for this realm itself is good for a further relay and for nothing else; a token for another is not. */
  #checkSlot({ realm, slot, tokenId }: EnrolRequest): void {
    if ((realm === this.#components.realm) !== (slot === 'own-relay')) throw refusedFor('token-name', tokenId);
  }

  async #use(record: TokenRecord, request: EnrolRequest): Promise<Chain> {
    const { slot, csr, tokenId } = request;
    const locked = record.wrong >= MAX_WRONG_PER_TOKEN;
    if (!macsMatch(request.mac, enrolMac(record.secret, request)))
      throw refusedFor(locked ? 'token-locked' : 'token-altered', tokenId);
    const asked = readCsr(csr);
    checkName(record, request, asked);
    this.#checkSlot(request);
    const key = createHash('sha256').update(asked.spki).digest('hex');
    const used = record.uses.find((use) => use.slot === slot);
    if (used?.key === key) return used.chain;
    if (locked) throw refusedFor('token-locked', tokenId);
    if (used) throw refusedFor('token-used', tokenId);
    if (this.#components.now() > record.expires) throw refusedFor('token-expired', tokenId);
    const chain = await this.#components.certify(asked);
    await this.#components.store.put(
      tokenId,
      encodeRecord({ ...record, uses: [...record.uses, { slot, key, chain }] }),
    );
    return chain;
  }
}

function kindOf(slot: Slot): CertificateRequest['subject']['kind'] {
  return slot === 'own-relay' ? 'relay' : slot;
}

function refusedFor(code: string, tokenId: string): RefusedError {
  return new RefusedError(code, `the token ${tokenId} was refused: ${code}`);
}

function checkName(record: TokenRecord, request: EnrolRequest, { subject }: CertificateRequest): void {
  const names = [record.realm, request.realm, subject.realm];
  const fits =
    names.every((name) => name === record.realm) &&
    subject.tier === record.tier &&
    subject.kind === kindOf(request.slot);
  if (!fits)
    throw new RefusedError(
      'token-name',
      `the token is for the ${record.tier} ${record.realm}; asked was ${subject.tier} ${subject.realm}`,
    );
}

function encodeRecord({ realm, tier, secret, expires, wrong, uses }: TokenRecord): Uint8Array {
  return writeCbor([
    1,
    realm,
    tier,
    secret,
    expires,
    wrong,
    uses.map(({ slot, key, chain }) => [slot, key, [...chain]]),
  ]);
}

function decodeRecord(bytes: Uint8Array): TokenRecord {
  try {
    const value = readCbor(bytes);
    if (!Array.isArray(value) || value.length !== 7 || value[0] !== 1) throw new Error('no record of version 1');
    const [, realm, tier, secret, expires, wrong, uses] = value;
    if (
      !(secret instanceof Uint8Array) ||
      !Number.isSafeInteger(expires) ||
      !Number.isSafeInteger(wrong) ||
      !Array.isArray(uses)
    )
      throw new Error('a field is missing');
    return {
      realm: parseRealmName(String(realm)),
      tier: parseTier(String(tier)),
      secret,
      expires,
      wrong,
      uses: uses.map(decodeUse),
    };
  } catch (cause) {
    throw new LocalError('token-record-damaged', 'the record of a join token cannot be read', { cause });
  }
}

function decodeUse(value: unknown): Use {
  const [slotText, key, chain] = Array.isArray(value) ? value : [];
  const slot = SLOTS.find((known) => known === slotText);
  if (!slot || typeof key !== 'string') throw new Error('a use is malformed');
  return { slot, key, chain: expectChain(chain) };
}
