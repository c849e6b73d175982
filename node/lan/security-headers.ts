// Headers of every answer. Nothing of a page may come from, or go to, any other place than this server; text never becomes
// markup (Trusted Types); no other page may frame this one or hold a handle to its window. A worker takes its policy from
// its own answer, so that files get these as well as pages.

export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  // WebAssembly: OPAQUE. It is code of ours from this server, and no eval of strings.
  "script-src 'self' 'wasm-unsafe-eval'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types canopy',
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': 'geolocation=(), camera=(), microphone=(self), payment=(), usb=()',
};

export function securityHeaders(secure: boolean): Readonly<Record<string, string>> {
  return secure ? { ...HEADERS, 'strict-transport-security': 'max-age=31536000' } : HEADERS;
}
