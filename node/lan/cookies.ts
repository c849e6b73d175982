// The session of a browser: a cookie that no script sees and that no other site's request carries. Its name holds the
// realm, since the nodes of a demonstration share one host.
import type { RealmName } from '../../src/realm/names.ts';

/** Seconds; a session that is used is kept by the accounts for as long as they see fit. */
const LIFETIME = 90 * 24 * 3600;

export interface SessionCookie {
  read(header: string | undefined): string | undefined;
  set(token: string): string;
  clear(): string;
}

export function sessionCookie(realm: RealmName, secure: boolean): SessionCookie {
  // The prefix makes browsers insist on Secure, on Path=/ and on no Domain (RFC 6265bis section 4.1.3).
  const name = `${secure ? '__Host-' : ''}canopy-${realm}`;
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return {
    read: (header) => {
      const found = (header ?? '').split(';').flatMap((part) => {
        const at = part.indexOf('=');
        return at > 0 && part.slice(0, at).trim() === name ? [part.slice(at + 1).trim()] : [];
      });
      // Two of one name: somebody planted one, and which comes first is the browser's affair.
      return found.length === 1 ? found[0] : undefined;
    },
    set: (token) => `${name}=${token}; Max-Age=${LIFETIME}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
