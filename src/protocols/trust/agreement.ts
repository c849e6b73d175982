// Signing agreements and opening them: both signatures, and who is bound by them.
import { concat } from 'uint8arrays/concat';
import type { PathMemory, Trust } from '../../pki/chain.ts';
import { verifyWithLeaf } from '../../pki/keys.ts';
import { openNodeChain } from '../../pki/node-key.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { encodeFields } from '../../store/positional.ts';
import { decodeAgreement, encodeTerms } from './codec.ts';
import type { Agreement, Terms, TrustSignature } from './index.ts';

const PROPOSAL = new TextEncoder().encode('canopy/trust-proposal/1\n');
const ACCEPTANCE = new TextEncoder().encode('canopy/trust-acceptance/1\n');

export interface TrustSigner {
  /** Of the own node, as encodeChain of src/pki writes it. */
  readonly chain: Uint8Array;
  sign(statement: Uint8Array): Uint8Array;
}

export function signProposal(terms: Terms, signer: TrustSigner, time: number): Agreement {
  const { chain } = signer;
  return { terms, proposed: { time, chain, signature: signer.sign(proposalStatement(terms, time)) } };
}

export function signAcceptance({ terms, proposed }: Agreement, signer: TrustSigner, time: number): Agreement {
  const { chain } = signer;
  const signature = signer.sign(acceptanceStatement(terms, proposed, time));
  return { terms, proposed, accepted: { time, chain, signature } };
}

export interface AgreementTrust {
  readonly rootFingerprint: string;
  readonly isRevoked?: Trust['isRevoked'];
  readonly memory?: PathMemory;
}

/**
 * Opens bytes from anybody. The chains are judged as of the signing; with `now` they must be good at that time too, as for what is
 * taken in.
 * @throws InputError `malformed`, `unknown-version`; RefusedError `cert-…`, `origin-foreign`, `signature-bad`
 */
export async function openAgreement(bytes: Uint8Array, trust: AgreementTrust, now?: number): Promise<Agreement> {
  const agreement = decodeAgreement(bytes);
  const { terms, proposed, accepted } = agreement;
  await check(terms.proposer, proposed, proposalStatement(terms, proposed.time), trust, now);
  if (accepted) await check(terms.accepter, accepted, acceptanceStatement(terms, proposed, accepted.time), trust, now);
  return agreement;
}

/** As openAgreement, for what both have signed. @throws also RefusedError `signature-missing` */
export async function openSigned(bytes: Uint8Array, trust: AgreementTrust, now?: number): Promise<Agreement> {
  const agreement = await openAgreement(bytes, trust, now);
  if (!agreement.accepted) throw new RefusedError('signature-missing', 'a trust that the other side has not signed');
  return agreement;
}

async function check(
  realm: RealmName,
  { time, chain, signature }: TrustSignature,
  statement: Uint8Array,
  { rootFingerprint, isRevoked, memory }: AgreementTrust,
  now = time,
): Promise<void> {
  const trust = { rootFingerprint, now: time, ...(isRevoked ? { isRevoked } : {}), ...(memory ? { memory } : {}) };
  const leaf = await openNodeChain(chain, realm, trust);
  if (now !== time) await openNodeChain(chain, realm, { ...trust, now });
  if (verifyWithLeaf(leaf.publicKey, statement, signature)) return;
  throw new RefusedError('signature-bad', `the signature of ${realm} under a trust is wrong`);
}

function proposalStatement(terms: Terms, time: number): Uint8Array {
  return concat([PROPOSAL, encodeFields([encodeTerms(terms), time])]);
}

function acceptanceStatement(terms: Terms, { signature }: TrustSignature, time: number): Uint8Array {
  return concat([ACCEPTANCE, encodeFields([encodeTerms(terms), signature, time])]);
}
