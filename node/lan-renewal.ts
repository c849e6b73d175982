// The certificate of the LAN's TLS, looked at once an hour: the realm's own LAN authority issues the next one before it runs
// out, and the server goes on with it. A company's own is never replaced; its end is told in time. One that was put in its
// place while the node runs is taken up too.
import type { Clock } from '../src/realm/clock.ts';
import { messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';
import type { DataDirectory } from '../src/settings/data-directory.ts';
import { type LanTls, renewLanCertificate } from '../src/settings/lan-certificate.ts';
import type { Settings } from '../src/settings/settings.ts';
import { Hourly } from './hourly.ts';
import type { LanServer } from './lan/server.ts';

export interface LanRenewalComponents {
  readonly directory: DataDirectory;
  readonly realm: RealmName;
  readonly lan: Settings['lan'];
  readonly server: Pick<LanServer, 'setTls'>;
  readonly clock: Clock;
  readonly log: Log;
}

const DAY = 24 * 60 * 60 * 1000;
/** A company's way to its next certificate takes its time. Our own is renewed earlier than this. */
const WARN_BEFORE = 21 * DAY;

export class LanRenewal {
  readonly #components: LanRenewalComponents;
  readonly #hourly: Hourly;
  #served: LanTls;
  #warnedOf: string | undefined;
  #lastError: string | undefined;

  /** @param served what the server has now */
  constructor(components: LanRenewalComponents, served: LanTls) {
    this.#components = components;
    this.#served = served;
    this.#hourly = new Hourly(components.clock, () => this.#look());
  }

  start(): Promise<void> {
    return this.#hourly.start();
  }

  stop(): Promise<void> {
    return this.#hourly.stop();
  }

  /** For the operator; undefined while the certificate lasts. */
  get warning(): string | undefined {
    const left = this.#served.notAfter - this.#components.clock.now();
    if (left >= WARN_BEFORE) return undefined;
    const days = Math.max(0, Math.floor(left / DAY));
    const next = this.#served.renewable ? 'it renews by itself' : 'put the next one in its place';
    const failed = this.#lastError ? `, last try failed: ${this.#lastError}` : '';
    return `certificate of the LAN ends in ${days} days; ${next}${failed}`;
  }

  async #look(): Promise<void> {
    const { directory, realm, lan, clock, log } = this.#components;
    try {
      this.#take(await renewLanCertificate(directory, realm, lan, clock.now()));
      this.#lastError = undefined;
    } catch (error) {
      this.#lastError = messageOf(error);
      log.error({ error: this.#lastError }, 'renewal of the certificate of the lan failed');
    }
    if (this.warning === undefined || this.#warnedOf === this.#served.chainPem) return;
    this.#warnedOf = this.#served.chainPem;
    log.warn({ notAfter: this.#served.notAfter }, 'the certificate of the lan ends soon');
  }

  #take(present: LanTls): void {
    const { server, log } = this.#components;
    const { keyPem, chainPem } = present;
    if (keyPem !== this.#served.keyPem || chainPem !== this.#served.chainPem) {
      server.setTls({ key: keyPem, chain: chainPem });
      log.info({ notAfter: present.notAfter }, 'certificate of the lan replaced');
    }
    if (present.authorityRenewed)
      log.warn({ show: 'canopy cert show --lan-authority' }, 'authority of the lan renewed: bring it to the browsers');
    this.#served = present;
  }
}
