// The one place where an address becomes code. The page's policy (`require-trusted-types-for 'script'`) refuses every
// string elsewhere; here only files of this server's own bundle pass.
import { LocalError } from '../../src/realm/errors.ts';

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): PolicyOfAddresses;
}
interface PolicyOfAddresses {
  createScriptURL(address: string): URL;
}

declare global {
  interface Window {
    /** Absent in browsers without Trusted Types; typed as far as it is used. */
    readonly trustedTypes?: PolicyFactory;
  }
}

const rules = {
  createScriptURL(address: string): string {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) throw new LocalError('foreign-script', `"${url.origin}" is not this server`);
    return url.href;
  },
};
const policy = window.trustedTypes?.createPolicy('canopy', rules);

/** The address of a script of our own, fit for `new Worker`. */
export function trustedAddress(address: string): string | URL {
  return policy ? policy.createScriptURL(address) : rules.createScriptURL(address);
}
