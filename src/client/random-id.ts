// Ids that a client makes: of its device, of messages, of groups.
import { idText } from '../realm/ids.ts';

/** A UUID of version 4 (RFC 9562 section 5.4); `crypto.randomUUID` is missing where a page is not secure. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return idText(bytes);
}
