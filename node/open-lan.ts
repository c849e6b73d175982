// The LAN side with what this host's settings say.
import { join } from 'node:path';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';
import { type DataDirectory, exists } from '../src/settings/data-directory.ts';
import { ensureLanCertificate } from '../src/settings/lan-certificate.ts';
import { lanHosts } from '../src/settings/lan-hosts.ts';
import type { Settings } from '../src/settings/settings.ts';
import type { LanComponents, LanSettings } from './lan/components.ts';
import { createLanServer, type LanServer } from './lan/server.ts';

const PAGES = join(import.meta.dirname, 'web', 'dist');

export interface LanInit {
  readonly directory: DataDirectory;
  readonly settings: Settings;
  readonly realm: RealmName;
}

export async function openLan(components: LanComponents, init: LanInit): Promise<LanServer> {
  const { settings } = init;
  const pages = (await exists(join(PAGES, 'index.html'))) ? { pages: PAGES } : {};
  const demo = settings.demo ? { demo: settings.demo } : {};
  const { host, port } = settings.lan.listen;
  return createLanServer(components, { host, port, ...pages, ...demo, ...(await namesAndTls(init, components)) });
}

async function namesAndTls(
  { directory, settings, realm }: LanInit,
  { clock, log }: Pick<LanComponents, 'clock' | 'log'>,
): Promise<Pick<LanSettings, 'names' | 'tls'>> {
  const { lan } = settings;
  if (lan.scheme === 'http') return { names: lan.names };
  const { keyPem, chainPem, uncovered } = await ensureLanCertificate(directory, realm, lan, clock.now());
  if (uncovered.length > 0) warnUncovered(log, uncovered);
  return { names: lanHosts(lan).hosts, tls: { key: keyPem, chain: chainPem } };
}

function warnUncovered(log: Log, hosts: readonly string[]): void {
  log.warn({ hosts }, 'the certificate of the lan does not cover all names of this host');
}
