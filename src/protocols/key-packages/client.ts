// The asker's side of /canopy/key-packages/1.
import type { RealmName } from '../../realm/names.ts';
import { type AskingComponents, ask } from '../asking.ts';
import { decodePackagesAnswer, encodePackagesRequest, type PackagesAnswer, type PackagesRequest } from './frames.ts';
import { KEY_PACKAGES_DEADLINE, KEY_PACKAGES_PROTOCOL, MAX_KEY_PACKAGES_FRAME } from './index.ts';

/** @throws PeerError, UnreachableError, RefusedError of the way there; what it refuses is an answer */
export function askPackages(
  components: AskingComponents,
  realm: RealmName,
  request: PackagesRequest,
  signal: AbortSignal,
): Promise<PackagesAnswer> {
  const form = { protocol: KEY_PACKAGES_PROTOCOL, maxFrame: MAX_KEY_PACKAGES_FRAME, deadline: KEY_PACKAGES_DEADLINE };
  const asked = { ...form, question: encodePackagesRequest(request), decode: decodePackagesAnswer };
  return ask(components, realm, asked, signal);
}
