// The body of an envelope of the kind `mail`: opaque bytes of one device for single devices of the destination's users.
//
//   body = [[id, user, device, bytes], …]
//
// `id` names the mail within its sender's, so that the same mail again is known.
import { MAX_LARGE_BODY, readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import {
  type DeviceId,
  idBytes,
  type MessageId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../realm/ids.ts';

/** Bytes of one mail. */
export const MAX_MAIL = 128 * 1024;
/** Mails of one body. */
export const MAX_MAILS_OF_BODY = 1024;
/** Of the ids and lengths around each mail's bytes. */
const AROUND = 64;

export interface MailFor {
  readonly id: MessageId;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly body: Uint8Array;
}

export function encodeMails(mails: readonly MailFor[]): Uint8Array {
  return encodeItem(mails.map(({ id, user, device, body }) => [idBytes(id), idBytes(user), idBytes(device), body]));
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeMails(bytes: Uint8Array): MailFor[] {
  const list = new Fields([decodeStrict(bytes, MAX_LARGE_BODY)], 'body of mails').list(MAX_MAILS_OF_BODY);
  return list.map((item) => {
    const fields = new Fields(item, 'mail', 4);
    const id = readId(fields, parseMessageId);
    const to = { user: readId(fields, parseUserId), device: readId(fields, parseDeviceId) };
    return { id, ...to, body: fields.bytes(MAX_MAIL) };
  });
}

/** As few bodies as hold them all. */
export function inBodies(mails: readonly MailFor[]): MailFor[][] {
  const bodies: MailFor[][] = [];
  let room = 0;
  for (const mail of mails) {
    const body = bodies.at(-1);
    const size = mail.body.length + AROUND;
    if (body && size <= room && body.length < MAX_MAILS_OF_BODY) body.push(mail);
    else {
      bodies.push([mail]);
      room = MAX_LARGE_BODY - AROUND;
    }
    room -= size;
  }
  return bodies;
}
