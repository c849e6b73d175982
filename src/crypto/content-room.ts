// How much a text still has room for, told while it is being written.
import { MAX_CAPTION, MAX_TEXT } from './content-kinds.ts';

export interface TextRoom {
  /** Bytes of UTF-8. */
  readonly used: number;
  /** Negative when the text is too long. */
  readonly left: number;
}

/** `beside: 'file'` for what is said of a file. */
export function textRoom(text: string, beside?: 'file'): TextRoom {
  const used = new TextEncoder().encode(text).length;
  return { used, left: (beside ? MAX_CAPTION : MAX_TEXT) - used };
}
