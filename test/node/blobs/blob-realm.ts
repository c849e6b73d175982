// The files of one realm's node: the real service over a real database and a real folder, on a network in memory. It can be stopped and
// opened again, as a node is.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AuditEvent } from '../../../node/audit/audit.ts';
import { BlobAccess } from '../../../node/blobs/blob-access.ts';
import { BlobIndex } from '../../../node/blobs/blob-index.ts';
import { type BlobRules, DEFAULT_RULES } from '../../../node/blobs/blob-rules.ts';
import { BlobService } from '../../../node/blobs/blob-service.ts';
import type { OpenedBlob } from '../../../node/blobs/blobs.ts';
import type { Disk } from '../../../node/blobs/disk.ts';
import type { UploadBody } from '../../../node/blobs/uploads.ts';
import { type Way } from '../../../node/delivery/ways.ts';
import { ChunkList, chunkHash } from '../../../src/crypto/files/chunk-list.ts';
import { chunksOfSealed, SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { type BlobId, blobIdBytes, blobIdOf } from '../../../src/realm/blob-id.ts';
import { type Clock, systemClock } from '../../../src/realm/clock.ts';
import {
  type ConversationId,
  type MessageId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { nextOnTree } from '../../../src/realm/tree.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

export const KYIV = parseRealmName('kyiv.acme.ua');
export const LVIV = parseRealmName('lviv.acme.ua');
export const ACME = parseRealmName('acme.ua');
export const BETA = parseRealmName('rivne.beta.ua');
export const UA = parseRealmName('ua');
export const BETA_HOUSE = parseRealmName('beta.ua');

const userId = (n: number): UserId => parseUserId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
export const CLERK = userId(1);
export const ENGINEER = userId(2);
export const COOK = userId(3);
export const SMITH = userId(4);
const HOMES = new Map([
  [CLERK, KYIV],
  [COOK, KYIV],
  [ENGINEER, LVIV],
  [SMITH, BETA],
]);

export const NEVER = new AbortController().signal;

/** Ciphertext as far as servers are concerned: bytes that nobody can compress or guess, of a size that a blob can have. */
export async function makeBlob(size: number, seed = 1): Promise<{ id: BlobId; bytes: Uint8Array }> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 32) {
    bytes.set(
      createHash('sha256')
        .update(`${seed}/${at}`)
        .digest()
        .subarray(0, Math.min(32, size - at)),
      at,
    );
  }
  const list = new ChunkList();
  for (let at = 0; at < size; at += SEALED_CHUNK) list.push(await chunkHash(bytes.subarray(at, at + SEALED_CHUNK)));
  return { id: blobIdOf(await list.digest('blob', size)), bytes };
}

/** All of a request's bytes at once. */
export function whole(bytes: Uint8Array): UploadBody {
  return { length: bytes.length, parts: [bytes] };
}

export class BlobWorld {
  readonly network = new SimulatedNetwork();
  readonly members = new Map<ConversationId, readonly UserId[]>();
  /** Of groups: where members are, as their rosters say. */
  readonly realms = new Map<ConversationId, readonly RealmName[]>();
  #message = 0;

  nextMessage(): MessageId {
    this.#message += 1;
    return parseMessageId(`10000000-0000-4000-8000-${String(this.#message).padStart(12, '0')}`);
  }
}

export interface RealmOptions {
  readonly clock?: Clock;
  readonly disk?: Disk;
  readonly rules?: Partial<BlobRules>;
  /** Asked along the tree alone. */
  readonly isTreeOnly?: boolean;
}

export class BlobRealm {
  readonly realm: RealmName;
  readonly folder: string;
  readonly audited: AuditEvent[] = [];
  readonly #world: BlobWorld;
  readonly #options: RealmOptions;
  #open: { readonly service: BlobService; readonly database: Database } | undefined;

  private constructor(world: BlobWorld, realm: RealmName, folder: string, options: RealmOptions) {
    this.#world = world;
    this.realm = realm;
    this.folder = folder;
    this.#options = options;
  }

  static async open(
    t: TestContext,
    world: BlobWorld,
    realm: RealmName,
    options: RealmOptions = {},
  ): Promise<BlobRealm> {
    const opened = new BlobRealm(world, realm, await temporaryFolder(t), options);
    t.after(() => opened.stop());
    await opened.start();
    return opened;
  }

  get service(): BlobService {
    if (!this.#open) throw new Error(`${this.realm} does not run`);
    return this.#open.service;
  }

  get blobs(): string {
    return join(this.folder, 'blobs');
  }

  async start(): Promise<void> {
    await mkdir(this.blobs, { recursive: true });
    const database = await openDatabase(join(this.folder, 'db'));
    const { clock = systemClock, disk, rules = {} } = this.#options;
    const access = new BlobAccess({
      index: new BlobIndex(database),
      audience: {
        isMember: async (user, conversation) => this.#world.members.get(conversation)?.includes(user) === true,
        hasMembersAt: async (realm, conversation) => this.#world.realms.get(conversation)?.includes(realm) === true,
        realmsOf: async (conversation) => this.#world.realms.get(conversation) ?? [],
      },
      homeOf: (user) => HOMES.get(user),
      clock,
    });
    const service = new BlobService({
      realm: this.realm,
      folder: this.blobs,
      database,
      network: this.#world.network.node(this.realm),
      ways: { to: (destination) => this.#wayTo(destination) },
      access,
      rules: () => ({ ...DEFAULT_RULES, ...rules }),
      audit: { record: async (event) => void this.audited.push(event) },
      clock,
      log: silentLog,
      ...(disk && { disk }),
    });
    this.#open = { service, database };
    await service.start();
  }

  /** As a node stops: the service first, then its streams end; its files stay. */
  async stop(): Promise<void> {
    await this.#open?.service.stop();
    this.#world.network.cut(this.realm);
    await this.#open?.database.close();
    this.#open = undefined;
  }

  async upload(user: UserId, bytes: Uint8Array, id: BlobId): Promise<void> {
    const { lan } = this.service;
    const { upload } = await lan.create(user, bytes.length);
    for (let at = 0; at < bytes.length; at += 4 * SEALED_CHUNK) {
      await lan.append(user, upload, at, whole(bytes.subarray(at, at + 4 * SEALED_CHUNK)));
    }
    await lan.finish(user, upload, id);
  }

  /** A message of the conversation has come by, or begun here, that refers to the blob. */
  async refer(
    conversation: ConversationId,
    from: UserId,
    to: readonly UserId[],
    id: BlobId,
    more = {},
  ): Promise<MessageId> {
    const message = this.#world.nextMessage();
    const terms = { origin: HOMES.get(from) ?? KYIV, recipients: to, expires: 0, ...more };
    const referring = { id: message, sender: from, conversation, ...terms, blobs: [blobIdBytes(id)] };
    await this.#open?.database.commit(this.service.access.referWrites(referring));
    return message;
  }

  async forget(message: MessageId, from: UserId): Promise<void> {
    await this.#open?.database.commit(await this.service.access.forgetWrites(message, from));
  }

  #wayTo(destination: RealmName): Way {
    const next = nextOnTree(this.realm, destination);
    if (next === undefined) return { kind: 'none' };
    return this.#options.isTreeOnly ? { kind: 'tree', next } : { kind: 'direct', custodian: next };
  }
}

export async function readAll(blob: OpenedBlob): Promise<Uint8Array> {
  try {
    const parts: Uint8Array[] = [];
    for (let index = 0; index < chunksOfSealed(blob.size); index++) parts.push(await blob.chunk(index, NEVER));
    return new Uint8Array(Buffer.concat(parts));
  } finally {
    await blob.close();
  }
}
