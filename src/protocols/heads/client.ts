// The asker's side of /canopy/heads/1.
import type { RealmName } from '../../realm/names.ts';
import { type AskingComponents, ask } from '../asking.ts';
import { decodeCertified, decodeSeen, encodeQuestion, type Seen } from './frames.ts';
import { FRAME_DEADLINE, HEADS_PROTOCOL, MAX_FRAME } from './index.ts';

const FORM = { protocol: HEADS_PROTOCOL, maxFrame: MAX_FRAME, deadline: FRAME_DEADLINE };

/** What the witness has seen of this realm. @throws PeerError, UnreachableError, InputError `malformed` */
export function askSeen(asker: AskingComponents, witness: RealmName, signal: AbortSignal): Promise<Seen> {
  return ask(asker, witness, { ...FORM, question: encodeQuestion('ask'), decode: decodeSeen }, signal);
}

/** The certificate of a new incarnation, not checked. @throws as askSeen */
export function askIncarnation(asker: AskingComponents, parent: RealmName, signal: AbortSignal): Promise<Uint8Array> {
  return ask(asker, parent, { ...FORM, question: encodeQuestion('certify'), decode: decodeCertified }, signal);
}
