// Seals what this device writes and opens what it reads. A body of an epoch whose key is not here is held: the vault is asked first (another
// device of the user may have the key), then what home has accepted is followed; what is left is asked for by mail (key-requests.ts).
import { decodeContent, encodeContent, type MadeContent } from '../../crypto/content.ts';
import { type DeviceCertificate, isOfIdentity } from '../../crypto/device-certificate.ts';
import type { SigningKey } from '../../crypto/identity.ts';
import type { MlsGroup } from '../../crypto/mls/mls-group.ts';
import { decodeRoster, roleOf } from '../../crypto/roster.ts';
import {
  messageRoot,
  openMessage,
  readSealedHead,
  type SealingContext,
  sealMessage,
} from '../../crypto/sealed-message.ts';
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import { CanopyError, PeerError, UnreachableError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { Account } from '../account/account.ts';
import type { OpenedEvent } from '../timeline/events.ts';
import { counts } from '../timeline/rights.ts';
import type { Vault } from '../vault/vault.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { EpochBook, EpochKey, EpochName } from './epoch-book.ts';
import type { GoneDevices } from './gone-devices.ts';
import type { GroupKeeper } from './group-keeper.ts';

const IN_CLEAR = 0x00;
const UNKNOWN_DEVICE = 'sender-device-unknown';
/** Of an event that nothing was found wrong with, and that can't be read all the same. */
const FAULT = 'content-unreadable';

export interface MessageKeysComponents {
  readonly account: Pick<Account, 'pinnedIdentity'> & { readonly vault: Pick<Vault, 'refresh'> };
  readonly epochs: EpochBook;
  readonly gone: GoneDevices;
  readonly keeper: Pick<GroupKeeper, 'forward' | 'wasLeaf'>;
  readonly checks: DeviceChecks;
  readonly signature: SigningKey;
  /** The next number of this device's messages in a conversation, never one that was given before. */
  readonly nextSeq: (context: SealingContext) => Promise<number>;
}

/** What came of looking at a body. `missing`: the epoch whose key is not here; with `unknown`, its key is, and the sender's device is not known. */
export interface Looked {
  readonly event: OpenedEvent;
  readonly missing?: EpochName;
  readonly unknown?: UserId;
}

/** Of one message. */
export interface Opener {
  readonly root: Uint8Array;
  readonly certificate: DeviceCertificate;
}

export class MessageKeys {
  readonly #c: MessageKeysComponents;
  readonly #counts = new Map<string, number>();

  constructor(components: MessageKeysComponents) {
    this.#c = components;
  }

  /** @throws InputError of encodeContent() and `message-too-long` */
  async seal(group: MlsGroup, content: MadeContent, context: SealingContext): Promise<Uint8Array> {
    const { signature, nextSeq } = this.#c;
    const { epoch, group: id } = group;
    const keys = { group: id, epoch, contentKey: await group.contentKey(), seq: await nextSeq(context), signature };
    return sealMessage(encodeContent(content), context, keys);
  }

  /** Never rejects for what others sent: an event that can't be read says why, also when it meets a fault of ours. */
  async look(message: FrameMessage): Promise<Looked> {
    try {
      // Whoever could make a body in clear could write in anybody's name: it counts for nothing.
      if (message.body[0] === IN_CLEAR) throw new PeerError('body-in-clear', 'a body that nobody sealed');
      return await this.#sealed(message);
    } catch (error) {
      // Thrown on, it would be lost, and everything that comes on the same page with it.
      return { event: this.#unreadable(message, error instanceof CanopyError ? error.code : FAULT) };
    }
  }

  /**
   * What opens this one message for somebody who was not there, and whose device signed it. Undefined when the key of its epoch is gone.
   * @throws PeerError `sender-device-unknown`, `identity-changed`, …
   */
  async openerOf(body: Uint8Array, context: SealingContext): Promise<Opener | undefined> {
    const head = readSealedHead(body);
    const epoch = this.#c.epochs.get({ conversation: context.conversation, ...head });
    if (!epoch) return undefined;
    return { root: messageRoot(context, head, epoch.key), certificate: await this.#certificateOf(context) };
  }

  /** Codes of what could not be read since the start; `epoch-unknown` counts each time that one was looked at. */
  counters(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  async #sealed(message: FrameMessage): Promise<Looked> {
    const { group, epoch } = readSealedHead(message.body);
    const name = { conversation: message.conversation, group, epoch };
    const known = this.#c.epochs.get(name) ?? (await this.#find(name));
    if (!known) return { event: this.#unreadable(message, 'epoch-unknown'), missing: name };
    try {
      return { event: await this.#opened(message, name, known) };
    } catch (error) {
      // Devices are told by the sender's home, which may be slower than its messages, and away.
      const isAway = error instanceof UnreachableError;
      if (!isAway && !(error instanceof PeerError && error.code === UNKNOWN_DEVICE)) throw error;
      return { event: this.#unreadable(message, UNKNOWN_DEVICE), missing: name, unknown: message.sender };
    }
  }

  async #find(name: EpochName): Promise<EpochKey | undefined> {
    const { account, epochs, keeper } = this.#c;
    await account.vault.refresh().catch(passing);
    const fromVault = epochs.get(name);
    if (fromVault) return fromVault;
    // Nobody joins for it: from outside one comes into a later epoch, and past the welcome that is on its way.
    await keeper.forward(name.conversation).catch(passing);
    return epochs.get(name);
  }

  /** What its sender might write in that epoch: a member by the roster, with a leaf as far as this device saw it, and the right to. */
  async #opened(message: FrameMessage, name: EpochName, epoch: EpochKey): Promise<OpenedEvent> {
    const { id, conversation, sender, device } = message;
    const roster = decodeRoster(epoch.roster);
    const role = roleOf(roster, sender);
    if (role === undefined) throw new PeerError('sender-not-member', `${sender} was not in the group`);
    if ((await this.#c.keeper.wasLeaf(name, { user: sender, device })) === false) {
      throw new PeerError('sender-not-member', `the device ${device} was not in the group`);
    }
    const written = { stampedAt: message.stamp.ms, arrivedAt: message.arrivedAt };
    const lateBy = this.#c.gone.lateBy(name, { user: sender, device }, written);
    const certificate = await this.#certificateOf(message);
    const context = { conversation, message: id, sender, device };
    const keys = { contentKey: epoch.key, certificate };
    const content = decodeContent(await openMessage(message.body, context, keys));
    const event = { ...known(message), role, content, ...(lateBy !== undefined && { lateBy }) };
    if (!counts(roster.kind, event)) throw new PeerError('not-allowed', `${sender} wrote without the right to`);
    return event;
  }

  /** Remembered from a group that both were in, or of the directory; always of the identity that is pinned. */
  async #certificateOf({ sender, device }: Pick<FrameMessage, 'sender' | 'device'>): Promise<DeviceCertificate> {
    const { checks, account } = this.#c;
    const remembered = checks.remembered({ user: sender, device });
    // Whoever is met for the first time is asked for, and pinned.
    const devices = remembered && account.pinnedIdentity(sender) ? [] : await checks.devicesOf(sender);
    const certificate = remembered ?? devices.find((one) => one.device === device);
    if (!certificate) throw new PeerError(UNKNOWN_DEVICE, `${device} is no device of ${sender}`);
    const pinned = account.pinnedIdentity(sender);
    if (!pinned || !isOfIdentity(certificate, sender, pinned)) {
      throw new PeerError('identity-changed', `${sender} has another identity than before`);
    }
    return certificate;
  }

  #unreadable(message: FrameMessage, code: string): OpenedEvent {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    return { ...known(message), role: 'member', problem: code };
  }
}

/** What is known of an event without opening it. */
function known(message: FrameMessage): Omit<OpenedEvent, 'role'> {
  const { id, conversation, sender, device, recipients, stamp, arrivedAt, state } = message;
  const base = { id, conversation, sender, device, recipients, stamp, state };
  return arrivedAt === undefined ? base : { ...base, arrivedAt };
}

/** What is away now is tried again later. */
function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
