// The LAN side with what this host's settings say.
import { join } from 'node:path';
import { exists } from '../src/settings/data-directory.ts';
import { ensureLanCertificate } from '../src/settings/lan-certificate.ts';
import { lanHosts } from '../src/settings/lan-hosts.ts';
import type { Ground } from './ground.ts';
import type { LanComponents, LanSettings } from './lan/components.ts';
import { createLanServer, type LanServer } from './lan/server.ts';

const PAGES = join(import.meta.dirname, 'web', 'dist');

/** Everything of the LAN's components that is not the ground itself. */
export type LanParts = Omit<LanComponents, 'realm' | 'audit' | 'clock' | 'log'>;

export async function openLan(parts: LanParts, ground: Ground): Promise<LanServer> {
  const { settings, realm, audit, clock, log } = ground;
  const pages = (await exists(join(PAGES, 'index.html'))) ? { pages: PAGES } : {};
  const demo = settings.demo ? { demo: settings.demo } : {};
  const { host, port } = settings.lan.listen;
  return createLanServer(
    { ...parts, realm: realm.realm, audit, clock, log },
    { host, port, ...pages, ...demo, ...(await namesAndTls(ground)) },
  );
}

async function namesAndTls({
  directory,
  settings,
  realm,
  clock,
  log,
}: Ground): Promise<Pick<LanSettings, 'names' | 'tls'>> {
  const { lan } = settings;
  if (lan.scheme === 'http') return { names: lan.names };
  const { keyPem, chainPem, uncovered } = await ensureLanCertificate(directory, realm.realm, lan, clock.now());
  if (uncovered.length > 0)
    log.warn({ hosts: uncovered }, 'the certificate of the lan does not cover all names of this host');
  return { names: lanHosts(lan).hosts, tls: { key: keyPem, chain: chainPem } };
}
