// The LAN side with what this host's settings say.
import { join } from 'node:path';
import { exists } from '../src/settings/data-directory.ts';
import { ensureLanCertificate, type LanTls } from '../src/settings/lan-certificate.ts';
import { lanHosts } from '../src/settings/lan-hosts.ts';
import type { Ground } from './ground.ts';
import type { LanComponents, LanSettings } from './lan/components.ts';
import { createLanServer, type LanServer } from './lan/server.ts';
import { LanRenewal } from './lan-renewal.ts';

const PAGES = join(import.meta.dirname, 'web', 'dist');

/** Everything of the LAN's components that is not the ground itself. */
export type LanParts = Omit<LanComponents, 'realm' | 'audit' | 'clock' | 'log'>;

export interface OpenedLan {
  readonly lan: LanServer;
  /** None without TLS. */
  readonly lanRenewal: LanRenewal | undefined;
}

export async function openLan(parts: LanParts, ground: Ground): Promise<OpenedLan> {
  const { settings, realm, audit, clock, log } = ground;
  const pages = (await exists(join(PAGES, 'index.html'))) ? { pages: PAGES } : {};
  const demo = settings.demo ? { demo: settings.demo } : {};
  const { host, port } = settings.lan.listen;
  const networks = settings.lan.networks.length > 0 ? { networks: settings.lan.networks } : {};
  const tls = settings.lan.scheme === 'http' ? undefined : await readTls(ground);
  const lan = createLanServer(
    { ...parts, realm: realm.realm, audit, clock, log },
    { host, port, ...networks, ...pages, ...demo, ...namesAndTls(ground, tls) },
  );
  return { lan, lanRenewal: tls && renewalOf(ground, lan, tls) };
}

async function readTls({ directory, settings, realm, clock, log }: Ground): Promise<LanTls> {
  const tls = await ensureLanCertificate(directory, realm.realm, settings.lan, clock.now());
  if (tls.uncovered.length > 0)
    log.warn({ hosts: tls.uncovered }, 'the certificate of the lan does not cover all names of this host');
  return tls;
}

function namesAndTls({ settings: { lan } }: Ground, tls: LanTls | undefined): Pick<LanSettings, 'names' | 'tls'> {
  if (!tls) return { names: lan.names };
  return { names: lanHosts(lan).hosts, tls: { key: tls.keyPem, chain: tls.chainPem } };
}

function renewalOf({ directory, settings, realm, clock, log }: Ground, server: LanServer, tls: LanTls): LanRenewal {
  return new LanRenewal({ directory, realm: realm.realm, lan: settings.lan, server, clock, log }, tls);
}
