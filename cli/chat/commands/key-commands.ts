// Commands about keys: recovery key, safety numbers, identities, devices.
import { type Client, english, sentenceOf } from '../../../src/client/client.ts';
import { InputError } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { asTime } from '../../times.ts';
import { acceptPerson, accountOf } from '../chat-keys.ts';
import { idOf } from '../chat-lookups.ts';
import { type ChatCommand, given } from './chat-command.ts';

const UNPROVEN =
  'The password of this login does not open your keys elsewhere. If an administrator made it, set CANOPY_NEW_PASSWORD and start again; ' +
  'if you chose it yourself: /accept-password';
const GROUPS_A_LINE = 4;

export class KeyCommands {
  readonly #client: Client;
  /** Numbers that were shown, and which the person may say yes to. */
  readonly #shown = new Map<
    UserId,
    { readonly number?: readonly string[] | undefined; readonly changed?: string | undefined }
  >();

  constructor(client: Client) {
    this.#client = client;
  }

  /** What is to be said at the beginning. */
  get warning(): string | undefined {
    const { accountState: state } = this.#client;
    return state.kind === 'open' && state.password ? UNPROVEN : undefined;
  }

  listen(print: (text: string) => void): void {
    const nameOf = async (user: UserId) => (await this.#client.userById(user).catch(() => undefined))?.address ?? user;
    this.#client.on(
      'identity-changed',
      ({ user }) =>
        void nameOf(user).then((name) => print(`${name} has a new key. Make sure that it is theirs: /safety ${name}`)),
    );
    this.#client.on(
      'identity-unproven',
      ({ user }) => void nameOf(user).then((name) => print(`${name}: ${sentenceOf(english, 'identity-unproven')}`)),
    );
  }

  get commands(): readonly ChatCommand[] {
    const telling = (work: (words: string) => Promise<readonly string[]>): ChatCommand['run'] => {
      return async ({ print }, words) => (await work(words)).forEach((line) => print(line));
    };
    return [
      {
        name: 'safety',
        takes: 'USER@BRANCH',
        does: 'your safety number: the same on both screens',
        run: telling((address) => this.#safety(given(address, '/safety USER@BRANCH'))),
      },
      {
        name: 'verified',
        takes: 'USER@BRANCH',
        does: 'you have compared the number shown last',
        run: telling((address) => this.#verified(given(address, '/verified USER@BRANCH'))),
      },
      {
        name: 'accept',
        takes: 'USER@BRANCH',
        does: 'their new key is theirs, you have made sure',
        run: telling((address) => this.#accept(given(address, '/accept USER@BRANCH'))),
      },
      { name: 'devices', does: 'your devices', run: telling(() => this.#devices()) },
      {
        name: 'sign-out',
        takes: 'DEVICE',
        does: 'sign one out for good; DEVICE begins its id',
        run: telling((beginning) => this.#signOut(beginning)),
      },
      {
        name: 'recovery-key',
        does: 'make one, shown this once: write it on paper',
        run: telling(() => this.#recoveryKey()),
      },
      {
        name: 'accept-password',
        does: 'you chose the password of this login yourself',
        run: telling(() => this.#acceptPassword()),
      },
    ];
  }

  async #recoveryKey(): Promise<readonly string[]> {
    return [
      await accountOf(this.#client).makeRecoveryKey(),
      'Write it on paper. It opens your keys when the password is lost, and is not shown again; one of before opens nothing more.',
    ];
  }

  async #acceptPassword(): Promise<readonly string[]> {
    await this.#client.acceptPassword();
    return ['the password of this login opens your keys'];
  }

  async #safety(address: string): Promise<readonly string[]> {
    const id = await idOf(this.#client, address);
    const { safetyNumber, verified, changedTo } = await this.#client.contacts.identityOf(id);
    if (!safetyNumber) return [sentenceOf(english, 'identity-unknown')];
    this.#shown.set(id, { number: safetyNumber, changed: changedTo?.safetyNumber.join(' ') });
    return [
      `you and ${address}${verified ? ', compared' : ''}:`,
      ...inLines(safetyNumber),
      ...(changedTo ? [`with the new key of ${address}:`, ...inLines(changedTo.safetyNumber)] : []),
    ];
  }

  async #verified(address: string): Promise<readonly string[]> {
    const id = await idOf(this.#client, address);
    const number = this.#shown.get(id)?.number;
    if (!number) return this.#safety(address);
    await this.#client.contacts.setVerified(id, number);
    return [`${address} is compared`];
  }

  async #accept(address: string): Promise<readonly string[]> {
    const id = await idOf(this.#client, address);
    const seen = this.#shown.get(id)?.changed;
    if (seen === undefined) {
      const { changedTo } = await this.#client.contacts.identityOf(id);
      if (!changedTo) return [`${address} has no new key`];
      return [
        ...(await this.#safety(address)),
        `Compare the second number with ${address}, then say /accept ${address} again.`,
      ];
    }
    await acceptPerson(this.#client, id, seen);
    this.#shown.delete(id);
    return [`the new key of ${address} counts from now on, on all your devices`];
  }

  async #devices(): Promise<readonly string[]> {
    const devices = await accountOf(this.#client).devices();
    return devices.map(({ id, name, current, signedIn, lastSeen }) => {
      const seen = lastSeen === undefined ? '' : `last seen ${asTime(lastSeen)}`;
      const marks = [current ? 'this one' : '', signedIn ? 'signed in' : seen].filter((mark) => mark !== '');
      return [id, name, marks.join(', ')].filter((part) => part !== '').join('  ');
    });
  }

  async #signOut(beginning: string): Promise<readonly string[]> {
    const account = accountOf(this.#client);
    const meant = (await account.devices()).filter(
      ({ id }) => beginning !== '' && id.startsWith(beginning.toLowerCase()),
    );
    const [device, ...more] = meant;
    if (!device || more.length > 0)
      throw new InputError('unknown-device', `"${beginning}" is not the beginning of one device's id: /devices`);
    await account.removeDevice(device.id);
    return [`${device.name || device.id} is signed out and wipes itself`];
  }
}

function inLines(number: readonly string[]): readonly string[] {
  const rows = Math.ceil(number.length / GROUPS_A_LINE);
  return Array.from(
    { length: rows },
    (_, row) => `  ${number.slice(row * GROUPS_A_LINE, (row + 1) * GROUPS_A_LINE).join(' ')}`,
  );
}
