// An intent: what a member of a group wants changed while the group's home is out of reach. Signed by the member's device, shown to all
// as pending; a member who reaches the home makes the commit. It changes nothing by itself: whoever commits must have the right to,
// and checks that its author had it too.
//
//   intent    = [fields: bytes, device certificate, signature]           strict CBOR
//   fields    = [1, id, conversation, group, act, subject, role, at]
//   signature = Ed25519 by the device over "canopy/intent/1\n" and the fields
//
// `act` is 0 to remove the subject, 1 to give it a role, 2 to add it with a role. Whoever leaves removes himself.
import { PeerError } from '../realm/errors.ts';
import {
  type ConversationId,
  type GroupId,
  idBytes,
  type MessageId,
  parseConversationId,
  parseGroupId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../realm/ids.ts';
import { type DeviceCertificate, MAX_DEVICE_CERTIFICATE, readDeviceCertificate } from './device-certificate.ts';
import { readId } from './envelope.ts';
import { SIGNATURE_BYTES, type SigningKey, signLabelled, verifyLabelled } from './identity.ts';
import { MEMBER_ROLES, type MemberRole, type Roster, roleOf } from './roster.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

/** In the order of their codes, which is the order in which they are done: removal first. */
export const INTENT_ACTS = ['remove', 'role', 'add'] as const;
export type IntentAct = (typeof INTENT_ACTS)[number];

export interface Intent {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly group: GroupId;
  readonly act: IntentAct;
  readonly subject: UserId;
  /** For `role` and `add`. */
  readonly role: MemberRole;
  /** Milliseconds since 1970, by the device. */
  readonly at: number;
}

export interface SignedIntent extends Intent {
  /** Of its author; whether it is one to believe is for the reader to say. */
  readonly certificate: DeviceCertificate;
}

export const MAX_INTENT = 1024;
const LABEL = 'canopy/intent/1\n';
const VERSION = 1;
const MAX_FIELDS = 256;

export function signIntent(
  intent: Intent,
  { signature, certificate }: { signature: SigningKey; certificate: Uint8Array },
): Uint8Array {
  const { id, conversation, group, act, subject, role, at } = intent;
  const where = [idBytes(id), idBytes(conversation), idBytes(group)];
  const what = [INTENT_ACTS.indexOf(act), idBytes(subject), MEMBER_ROLES.indexOf(role), at];
  const fields = encodeItem([VERSION, ...where, ...what]);
  return encodeItem([fields, certificate, signLabelled(signature, LABEL, fields)]);
}

/** Signed by the device of its certificate. @throws PeerError `frame-too-long`, `frame-malformed`, `signature-wrong` */
export function openIntent(bytes: Uint8Array): SignedIntent {
  const outer = new Fields(decodeStrict(bytes, MAX_INTENT), 'intent', 3);
  const signed = outer.bytes(MAX_FIELDS);
  const certificate = readDeviceCertificate(outer.bytes(MAX_DEVICE_CERTIFICATE));
  const signature = outer.bytes(SIGNATURE_BYTES, SIGNATURE_BYTES);
  if (!verifyLabelled(certificate.signatureKey, LABEL, signed, signature)) {
    throw new PeerError('signature-wrong', `an intent is not signed by the device ${certificate.device}`);
  }
  return { ...readFields(signed), certificate };
}

function readFields(bytes: Uint8Array): Intent {
  const fields = new Fields(decodeStrict(bytes, MAX_FIELDS), 'intent', 8);
  if (fields.uint() !== VERSION) fields.fail(`${VERSION}`);
  return {
    id: readId(fields, parseMessageId),
    conversation: readId(fields, parseConversationId),
    group: readId(fields, parseGroupId),
    act: INTENT_ACTS[fields.uint(INTENT_ACTS.length - 1)] ?? 'add',
    subject: readId(fields, parseUserId),
    role: MEMBER_ROLES[fields.uint(MEMBER_ROLES.length - 1)] ?? 'member',
    at: fields.uint(),
  };
}

/** With what is wished for. */
export function wishedRoster(roster: Roster, { act, subject, role }: Pick<Intent, 'act' | 'subject' | 'role'>): Roster {
  const others = roster.members.filter(({ user }) => user !== subject);
  const was = roleOf(roster, subject);
  if (act === 'remove') return { ...roster, members: others };
  if (act === 'add' ? was !== undefined : was === undefined) return roster;
  return { ...roster, members: [...others, { user: subject, role }] };
}

/** Nothing is left to do: the roster is as the intent wants it. */
export function isFulfilled({ act, subject, role }: Intent, roster: Pick<Roster, 'members'>): boolean {
  const now = roleOf(roster, subject);
  if (act === 'remove') return now === undefined;
  return act === 'add' ? now !== undefined : now === role || now === undefined;
}

/** Removal first, then roles, then newcomers; those of one kind by the time that their authors give, then by id. */
export function inOrder<T extends Intent>(intents: readonly T[]): T[] {
  return [...intents].sort(
    (a, b) => INTENT_ACTS.indexOf(a.act) - INTENT_ACTS.indexOf(b.act) || a.at - b.at || (a.id < b.id ? -1 : 1),
  );
}
