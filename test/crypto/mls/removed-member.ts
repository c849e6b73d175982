// A removed member's device derives no later key, over random histories: with every state that it ever had, every private key in
// them, and every byte that went over the wire since.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  acceptAll,
  type ClientState,
  decodeMlsMessage,
  emptyPskIndex,
  type PublicMessage,
  processPublicMessage,
} from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { groupContextEncoder } from 'ts-mls/groupContext.js';
import { makeKeyPackage, readPrivatePart } from '../../../src/crypto/mls/key-package.ts';
import { type CommitOffer, MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { decodeState } from '../../../src/crypto/mls/state.ts';
import { SUITE } from '../../../src/crypto/mls/suite.ts';
import type { Roster } from '../../../src/crypto/roster.ts';
import { begin, CONVERSATION, People, rosterOf } from './people.ts';

const STEPS = 4;
const PEOPLE = 3;

interface Device {
  readonly own: OwnDevice;
  group: MlsGroup;
  /** As it stored them, one for each epoch. */
  readonly states: Uint8Array[];
}

interface Removed extends Device {
  /** Content keys of all epochs since, that it must not have. */
  readonly later: Uint8Array[];
}

interface Epochs {
  readonly before: ClientState;
  readonly after: ClientState;
}

type Step = { readonly act: 'keys' | 'remove' | 'leave' | 'return' | 'invite'; readonly who: number };

class History {
  readonly people = new People();
  readonly #owner = this.people.person();
  readonly #in: Device[] = [];
  readonly removed: Removed[] = [];
  tries = 0;
  opened = 0;

  static async begin(): Promise<History> {
    const history = new History();
    const own = history.people.device(history.#owner);
    const group = await begin(history.people, own, rosterOf([[history.#owner, 'owner']]));
    history.#in.push({ own, group, states: [group.encode()] });
    for (let added = 1; added < PEOPLE; added += 1) await history.#invite();
    await history.#settle(0, await history.#at(0).group.commit());
    return history;
  }

  async step({ act, who }: Step): Promise<void> {
    const at = who % this.#in.length;
    const other = 1 + (who % Math.max(1, this.#in.length - 1));
    if (act === 'invite' || this.#in.length < 3) return this.#invite();
    if (act === 'keys') return this.#settle(at, await this.#at(at).group.commit());
    if (act === 'return') return this.#return(other);
    if (act === 'remove') return this.#settle(0, await this.#at(0).group.commit({ roster: this.#without(other) }));
    // Who leaves is taken out by the next commit.
    await this.#settle(other, await this.#at(other).group.commit({ roster: this.#without(other) }));
    await this.#settle(0, await this.#at(0).group.commit());
  }

  async #invite(): Promise<void> {
    const person = this.people.person();
    const own = this.people.device(person);
    const { group } = this.#at(0);
    const made = await makeKeyPackage(own, Date.now());
    const roster = {
      ...group.roster,
      members: [...group.roster.members, { user: person.user, role: 'member' as const }],
    };
    const offer = await group.commit({ add: [made.publicPart], roster });
    const { groupInfo, welcomes } = offer;
    const welcome = welcomes[0]?.body ?? new Uint8Array();
    const given = { conversation: CONVERSATION, welcome, groupInfo, keyPackage: made.privatePart };
    await this.#settle(0, offer);
    const joined = await MlsGroup.joinByWelcome(given, this.people.parts(own));
    // Nobody who was removed opens a welcome with what it has.
    for (const { own: evil } of this.removed) assert.throws(() => readPrivatePart(welcome, evil));
    this.#in.push({ own, group: joined, states: [joined.encode()] });
  }

  async #return(at: number): Promise<void> {
    const { own } = this.#at(at);
    const groupInfo = await this.#at(0).group.show();
    const offer = await MlsGroup.joinExternal({ conversation: CONVERSATION, groupInfo }, this.people.parts(own));
    await this.#settle(at, offer);
  }

  /** Everybody follows; who was removed keeps what it has, and tries. */
  async #settle(by: number, offer: CommitOffer): Promise<void> {
    const before = this.#stateOf(this.#at(0));
    const present = [...this.#in];
    for (const [at, device] of present.entries()) {
      if (at === by) device.group = offer.accept();
      else {
        const { next } = await device.group.process(offer.commit, Date.now());
        if (next) device.group = next;
        else {
          this.#in.splice(this.#in.indexOf(device), 1);
          this.removed.push({ ...device, later: [] });
          continue;
        }
      }
      device.states.push(device.group.encode());
    }
    const key = await this.#at(0).group.contentKey();
    for (const device of this.#in) assert.deepEqual(await device.group.contentKey(), key);
    const after = this.#stateOf(this.#at(0));
    for (const evil of this.removed) {
      evil.later.push(after.keySchedule.exporterSecret);
      await this.#attack(evil, offer, { before, after });
    }
    if (this.removed.length > 0 && this.opened === 0)
      this.opened = await opens(offer.commit, this.#membersKeys(), { before, after });
  }

  async #attack(evil: Removed, { commit, groupInfo }: CommitOffer, epochs: Epochs): Promise<void> {
    const states = evil.states.map((stored) => decodeState(stored, this.people.parts(evil.own)));
    for (const state of states) assertNotAhead(await followed(state, commit), evil);
    assertNotAhead(await returned(this.people, evil, groupInfo), evil);
    const keys = states.flatMap(privateKeysOf);
    this.tries += keys.length;
    assert.equal(await opens(commit, keys, epochs), 0);
  }

  /** Of the epoch before the present one. */
  #membersKeys(): Uint8Array[] {
    return this.#in.flatMap(({ states, own }) =>
      states.slice(-2, -1).flatMap((stored) => privateKeysOf(decodeState(stored, this.people.parts(own)))),
    );
  }

  #stateOf({ group, own }: Device): ClientState {
    return decodeState(group.encode(), this.people.parts(own));
  }

  #without(at: number): Roster {
    const { roster } = this.#at(0).group;
    const { user } = this.#at(at).own.certificate;
    return { ...roster, members: roster.members.filter((member) => member.user !== user) };
  }

  #at(index: number): Device {
    const device = this.#in[index];
    assert.ok(device);
    return device;
  }
}

/** The library alone, with what was stored: no look of ours stands in its way. */
async function followed(state: ClientState, commit: Uint8Array): Promise<ClientState | undefined> {
  try {
    const { newState } = await processPublicMessage(state, messageOf(commit), emptyPskIndex, SUITE, acceptAll);
    return newState;
  } catch {
    return undefined;
  }
}

async function returned(people: People, { own }: Device, groupInfo: Uint8Array): Promise<ClientState | undefined> {
  try {
    const { next } = await MlsGroup.joinExternal({ conversation: CONVERSATION, groupInfo }, people.parts(own));
    return decodeState(next.encode(), people.parts(own));
  } catch {
    return undefined;
  }
}

/** Whatever it derives is no epoch that the group has had since. */
function assertNotAhead(state: ClientState | undefined, { later }: Removed): void {
  for (const secret of later) assert.notDeepEqual(state?.keySchedule.exporterSecret, secret);
}

function messageOf(commit: Uint8Array): PublicMessage {
  const message = decodeMlsMessage(commit, 0)?.[0];
  assert.ok(message?.wireformat === 'mls_public_message');
  return message.publicMessage;
}

function privateKeysOf({ privatePath }: ClientState): Uint8Array[] {
  return Object.values(privatePath.privateKeys);
}

/** How many of the commit's path secrets open with one of these keys, in the context that they were sealed in. */
async function opens(commit: Uint8Array, keys: readonly Uint8Array[], { before, after }: Epochs): Promise<number> {
  const { content } = messageOf(commit);
  assert.ok(content.contentType === 'commit');
  const { extensions, treeHash } = after.groupContext;
  const context = { ...before.groupContext, extensions, treeHash, epoch: before.groupContext.epoch + 1n };
  const info = encode(groupContextEncoder)(context);
  const sealed = content.commit.path?.nodes.flatMap(({ encryptedPathSecret }) => encryptedPathSecret) ?? [];
  let opened = 0;
  for (const { kemOutput, ciphertext } of sealed) {
    for (const bytes of distinct(keys)) {
      try {
        const key = await SUITE.hpke.importPrivateKey(bytes);
        await decryptWithLabel(key, 'UpdatePathNode', info, kemOutput, ciphertext, SUITE.hpke);
        opened += 1;
      } catch {
        // It is not for this key.
      }
    }
  }
  return opened;
}

function distinct(keys: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(keys.map((key) => [Buffer.from(key).toString('hex'), key])).values()];
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('keys', 'remove', 'remove', 'leave', 'return', 'invite'),
  who: fc.nat(100),
});

/** @throws AssertionError when a removed device of one of so many random histories derives a key that is not for it */
export async function tryHistories(count: number): Promise<void> {
  const figures = { removed: 0, epochs: 0, tries: 0, opened: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
      const history = await History.begin();
      await history.step({ act: 'remove', who: 1 });
      for (const one of steps) await history.step(one);
      figures.removed += history.removed.length;
      figures.epochs += history.removed.reduce((sum, { later }) => sum + later.length, 0);
      figures.tries += history.tries;
      figures.opened += history.opened;
    }),
    { numRuns: count },
  );
  assert.ok(figures.removed >= count && figures.epochs > figures.removed && figures.tries > 0);
  assert.ok(figures.opened > 0, 'members open what is sealed to them by the same means');
}
