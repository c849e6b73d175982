// Intents of this device and of others (src/crypto/intent.ts): signed here, kept and carried by the servers, believed only as far as the
// device that signed counts.
import { type Intent, openIntent, type SignedIntent, signIntent } from '../../crypto/intent.ts';
import { intentAnswer, intentsAnswer } from '../../protocols/lan/group-routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError, UnreachableError } from '../../realm/errors.ts';
import type { ConversationId } from '../../realm/ids.ts';
import type { Account } from '../account/account.ts';
import type { Http } from '../http.ts';
import { fromText, toText } from '../vault/vault-server.ts';
import type { DeviceChecks } from './device-checks.ts';

export interface IntentsComponents {
  readonly account: Pick<Account, 'certificate' | 'keys'>;
  readonly checks: Pick<DeviceChecks, 'device'>;
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly clock: Pick<Clock, 'now'>;
}

export class Intents {
  readonly #c: IntentsComponents;

  constructor(components: IntentsComponents) {
    this.#c = components;
  }

  /** The own server has it when this resolves. @throws RefusedError `not-a-member`, `intent-limit`; UnreachableError */
  async propose(intent: Intent): Promise<void> {
    const { account, http } = this.#c;
    const { keys, certificate } = account;
    const bytes = signIntent(intent, { signature: keys.signature, certificate: certificate.bytes });
    const body = { group: intent.group, intent: toText(bytes) };
    await http.post(`/conversations/${intent.conversation}/intents`, body, intentAnswer);
  }

  /** In the order in which they are to be done; those of devices that do not count are left out. @throws as the server refuses */
  async list(conversation: ConversationId): Promise<readonly SignedIntent[]> {
    const { intents } = await this.#c.http.get(`/conversations/${conversation}/intents`, intentsAnswer);
    const read = await Promise.all(intents.map(({ intent }) => this.#read(conversation, fromText(intent))));
    return read.filter((intent) => intent !== undefined);
  }

  async #read(conversation: ConversationId, bytes: Uint8Array): Promise<SignedIntent | undefined> {
    try {
      const intent = openIntent(bytes);
      const verdict = await this.#c.checks.device(intent.certificate, this.#c.clock.now());
      return verdict === 'good' && intent.conversation === conversation ? intent : undefined;
    } catch (error) {
      if (!(error instanceof CanopyError) || error instanceof UnreachableError) throw error;
      return undefined;
    }
  }
}
