// What this node says of itself to those it deals with.
import { parseCertificate } from '../src/pki/certificate.ts';
import type { About } from '../src/protocols/about/index.ts';
import { RELEASE } from '../src/settings/release.ts';
import type { Ground } from './ground.ts';

export function aboutThis({ clock, identity: { chain } }: Pick<Ground, 'clock' | 'identity'>): About {
  const [leaf] = chain;
  return { time: clock.now(), release: RELEASE, certificateEnds: leaf ? parseCertificate(leaf).notAfter : 0 };
}
