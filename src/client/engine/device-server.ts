// Mails between devices and key packages, over HTTP.
import { claimAnswer, keyPackagesAnswer, mailboxAnswer, mailsAnswer } from '../../protocols/lan/group-routes.ts';
import { emptyAnswer } from '../../protocols/lan/routes.ts';
import type { DeviceId, MessageId, UserId } from '../../realm/ids.ts';
import type { Http } from '../http.ts';
import { fromText, toText } from '../vault/vault-server.ts';
import type { OutgoingMail } from './group-server.ts';
import type { LaidOut, PackageServer } from './key-packages.ts';

export interface ReceivedMail {
  readonly id: MessageId;
  readonly at: number;
  /** As the server says. */
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly body: Uint8Array;
}

export interface MailServer {
  /** The same id again puts nothing there twice. */
  send(id: string, to: readonly OutgoingMail[]): Promise<void>;
  /** Some of what waits for this device, oldest first. */
  received(): Promise<readonly ReceivedMail[]>;
  acknowledge(mails: readonly Pick<ReceivedMail, 'id' | 'at'>[]): Promise<void>;
}

export class HttpDeviceServer implements MailServer, PackageServer {
  readonly #http: Pick<Http, 'get' | 'post'>;

  constructor(http: Pick<Http, 'get' | 'post'>) {
    this.#http = http;
  }

  async send(id: string, to: readonly OutgoingMail[]): Promise<void> {
    const mails = to.map(({ user, device, body }) => ({ user, device, body: toText(body) }));
    await this.#http.post('/mails', { id, to: mails }, mailsAnswer);
  }

  async received(): Promise<readonly ReceivedMail[]> {
    const { mails } = await this.#http.get('/mails', mailboxAnswer);
    return mails.map((mail) => ({ ...mail, body: fromText(mail.body) }));
  }

  async acknowledge(mails: readonly Pick<ReceivedMail, 'id' | 'at'>[]): Promise<void> {
    await this.#http.post('/mails/ack', { mails: mails.map(({ id, at }) => ({ id, at })) }, emptyAnswer);
  }

  async publish(packages: {
    readonly oneTime: readonly Uint8Array[];
    readonly lastResort?: Uint8Array;
  }): Promise<LaidOut> {
    const last = packages.lastResort ? { lastResort: toText(packages.lastResort) } : {};
    const body = { packages: packages.oneTime.map(toText), ...last };
    return this.#http.post('/key-packages', body, keyPackagesAnswer);
  }

  async claim(user: UserId) {
    const { packages } = await this.#http.post(`/users/${user}/key-packages/claim`, {}, claimAnswer);
    return packages.map(({ device, keyPackage }) => ({ device, bytes: fromText(keyPackage) }));
  }
}
