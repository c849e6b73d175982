// Somebody who sends and fetches files by the client library's parts: signed in, with a storage that outlives the client. Messages go in
// clear, since what is tested here is what goes beside them.
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { registerUser } from '../../cli/register-user.ts';
import { Files } from '../../src/client/files/files.ts';
import { Http } from '../../src/client/http.ts';
import { LiveConnection } from '../../src/client/live.ts';
import { type ClientStorage, memoryStorage } from '../../src/client/platform.ts';
import { SigningIn } from '../../src/client/signing-in.ts';
import type { FileCard } from '../../src/crypto/files/file-card.ts';
import { open, seal } from '../../src/crypto/sealing.ts';
import type { ClientFrame, ServerFrame } from '../../src/protocols/lan/frames.ts';
import { LIVE_VERSION } from '../../src/protocols/lan/limits.ts';
import { eventsAnswer } from '../../src/protocols/lan/routes.ts';
import type { User } from '../../src/protocols/lan/wire.ts';
import { blobIdBytes } from '../../src/realm/blob-id.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { type DeviceId, directConversationId, parseMessageId } from '../../src/realm/ids.ts';
import { systemRandom } from '../../src/realm/random.ts';
import type { WholeRealm } from '../faults/whole-realm.ts';

const POLL = 100;
export const pause = (ms = POLL) => new Promise((resolve) => setTimeout(resolve, ms));

export class FilePerson {
  readonly user: User;
  readonly files: Files;
  readonly http: Http;
  readonly #device: DeviceId;
  readonly token: string;
  readonly #server: string;
  readonly #storage: ClientStorage;

  private constructor(init: { user: User; device: DeviceId; token: string; server: string; storage: ClientStorage }) {
    const { fetch } = nodePlatform();
    this.user = init.user;
    this.#device = init.device;
    this.token = init.token;
    this.#server = init.server;
    this.#storage = init.storage;
    this.http = new Http({ server: init.server, fetch, clock: systemClock, token: () => init.token });
    const me = () => init.user.id;
    this.files = new Files({ http: this.http, storage: init.storage, clock: systemClock, random: systemRandom, me });
  }

  static async enter(realm: Pick<WholeRealm, 'admin' | 'url'>, login: string): Promise<FilePerson> {
    await registerUser(realm.admin, { login, name: `The ${login}`, password: `first of ${login}` });
    const storage = memoryStorage();
    const { fetch } = nodePlatform();
    const http: Http = new Http({ server: realm.url, fetch, clock: systemClock, token: () => signingIn.token });
    const signingIn: SigningIn = new SigningIn({
      http,
      storage,
      form: 'bearer',
      deviceName: 'test',
      onChosen: async () => {},
      rewrapped: (_, send) => send(),
      passwords: () => import('../../src/crypto/login.ts'),
    });
    const { me } = await signingIn.login(login, `first of ${login}`, { newPassword: `second of ${login}` });
    return new FilePerson({ ...me, token: signingIn.token ?? '', server: realm.url, storage });
  }

  /** The client ends and starts again: what it had in memory is gone, its storage is not. */
  restarted(): FilePerson {
    const [user, device, token, server, storage] = [this.user, this.#device, this.token, this.#server, this.#storage];
    return new FilePerson({ user, device, token, server, storage });
  }

  /** Resolves when the own server has the message. */
  async send(to: User, card: FileCard): Promise<void> {
    const [message, conversation] = [parseMessageId(crypto.randomUUID()), directConversationId(this.user.id, to.id)];
    const context = { message, conversation, sender: this.user.id, device: this.#device };
    const body = await seal({ kind: 'file', file: card, sentAt: Date.now() }, context);
    const blobs = [blobIdBytes(card.blob)];
    const recipients = [to.id];
    const frame: ClientFrame = { kind: 'submit', id: message, conversation, recipients, expires: 0, body, blobs };
    await this.#live((live, told) => {
      if (told.kind === 'hello') live.send(frame);
      if (told.kind === 'error') throw new Error(`refused: ${told.code}`);
      return told.kind === 'stored';
    });
  }

  /** Waits for a message of somebody that brings a file. */
  async cardFrom(sender: User): Promise<FileCard> {
    const conversation = directConversationId(this.user.id, sender.id);
    for (;;) {
      const page = await this.http.get(`/conversations/${conversation}/events`, eventsAnswer).catch(() => undefined);
      for (const { id, sender: from, device, body } of page?.events ?? []) {
        if (from !== sender.id) continue;
        const bytes = new Uint8Array(Buffer.from(body, 'base64url'));
        const content = await open(bytes, { message: id, conversation, sender: from, device });
        if (content.kind === 'file') return content.file;
      }
      await pause();
    }
  }

  #live(take: (live: LiveConnection, frame: ServerFrame) => boolean): Promise<void> {
    const { openSocket } = nodePlatform();
    return new Promise((resolve, reject) => {
      const live: LiveConnection = new LiveConnection(
        { server: this.#server, openSocket, clock: systemClock, random: Math.random },
        {
          hello: async () => ({ kind: 'hello', versions: [LIVE_VERSION], capabilities: [] }),
          headers: () => ({ authorization: `Bearer ${this.token}` }),
          unreadable: () => 0,
          onFrame: (frame) => {
            try {
              if (!take(live, frame)) return;
              live.stop();
              resolve();
            } catch (error) {
              live.stop();
              reject(error);
            }
          },
          onState: () => {},
          onFinal: (code) => reject(new Error(code)),
          whyOver: async () => undefined,
        },
      );
      live.start();
    });
  }
}
