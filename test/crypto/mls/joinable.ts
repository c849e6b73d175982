// Whatever its members did before, a group can be joined: by a welcome and from outside, over random histories of people with several devices
// who are invited, leave, come from outside with a new device or with one that has lost its state, and make new keys.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { GroupChange } from '../../../src/crypto/mls/committing.ts';
import { makeKeyPackage } from '../../../src/crypto/mls/key-package.ts';
import { type CommitOffer, MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { begin, CONVERSATION, People, type Person, rosterOf } from './people.ts';

const DEVICES = 2;

interface Device {
  readonly person: Person;
  readonly own: OwnDevice;
  group: MlsGroup;
}

type Step = {
  readonly act: 'keys' | 'remove' | 'resync' | 'outside' | 'invite' | 'lose';
  readonly by: number;
  readonly who: number;
};

class Joinable {
  readonly people = new People();
  readonly #in: Device[] = [];
  #lastInfo = new Uint8Array();

  static async begin(): Promise<Joinable> {
    const joinable = new Joinable();
    const owner = joinable.people.person();
    const own = joinable.people.device(owner);
    const group = await begin(joinable.people, own, rosterOf([[owner, 'owner']]));
    joinable.#in.push({ person: owner, own, group });
    return joinable;
  }

  async step({ act, by, who }: Step): Promise<void> {
    const at = by % this.#in.length;
    const other = who % this.#in.length;
    if (act === 'invite' || this.#in.length < 3) return this.#invite(1 + (who % DEVICES));
    if (act === 'keys') return this.#settle(at, await this.#at(at).group.commit());
    if (act === 'resync') return this.#outside(this.#at(other).person, this.#at(other));
    if (act === 'outside') return this.#outside(this.#at(other).person);
    if (act === 'lose') return this.#lose(at, other);
    const { user } = this.#at(other).person;
    const { roster } = this.#at(0).group;
    if (user === this.#at(0).person.user) return;
    await this.#settle(
      0,
      await this.#at(0).group.commit({
        roster: { ...roster, members: roster.members.filter((one) => one.user !== user) },
      }),
    );
  }

  /** One device of somebody goes. */
  async #lose(by: number, which: number): Promise<void> {
    const lost = this.#at(which);
    if (by === which || which === 0) return;
    this.people.removed.add(lost.own.certificate.device);
    await this.#settle(by, await this.#at(by).group.commit());
  }

  async #invite(devices: number): Promise<void> {
    const person = this.people.person();
    const owns = Array.from({ length: devices }, () => this.people.device(person));
    const made = await Promise.all(owns.map((own) => makeKeyPackage(own, Date.now())));
    const { roster } = this.#at(0).group;
    const members = [...roster.members, { user: person.user, role: 'owner' as const }];
    const change: GroupChange = { add: made.map(({ publicPart }) => publicPart), roster: { ...roster, members } };
    const offer = await this.#at(0).group.commit(change);
    await this.#settle(0, offer);
    for (const [i, own] of owns.entries()) {
      const welcome = offer.welcomes.find(({ device }) => device === own.certificate.device)?.body ?? assert.fail();
      const keyPackage = made[i]?.privatePart ?? assert.fail();
      const given = { conversation: CONVERSATION, welcome, groupInfo: offer.groupInfo, keyPackage };
      this.#in.push({ person, own, group: await MlsGroup.joinByWelcome(given, this.people.parts(own)) });
    }
    await this.#alike();
  }

  async #outside(person: Person, before?: Device): Promise<void> {
    const own = before?.own ?? this.people.device(person);
    const offer = await MlsGroup.joinExternal(
      { conversation: CONVERSATION, groupInfo: this.#lastInfo },
      this.people.parts(own),
    );
    if (before) this.#in.splice(this.#in.indexOf(before), 1);
    await this.#settle(-1, offer);
    this.#in.push({ person, own, group: offer.accept() });
    await this.#alike();
  }

  /** Everybody follows. */
  async #settle(by: number, offer: CommitOffer): Promise<void> {
    this.#lastInfo = offer.groupInfo.slice();
    for (const [at, device] of [...this.#in].entries()) {
      if (at === by) device.group = offer.accept();
      else {
        const { next } = await device.group.process(offer.commit, Date.now());
        if (next) device.group = next;
        else this.#in.splice(this.#in.indexOf(device), 1);
      }
    }
    await this.#alike();
  }

  async #alike(): Promise<void> {
    const key = await this.#at(0).group.contentKey();
    for (const { group } of this.#in) assert.deepEqual(await group.contentKey(), key);
  }

  #at(index: number): Device {
    return this.#in[index] ?? assert.fail();
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('keys', 'keys', 'remove', 'resync', 'outside', 'outside', 'invite', 'invite', 'lose'),
  by: fc.nat(100),
  who: fc.nat(100),
});

/** @throws AssertionError, or what a join throws, with the history that leads to it */
export async function tryJoining(count: number, steps: number, seed?: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: steps, maxLength: steps }), async (all) => {
      const joinable = await Joinable.begin();
      for (const one of all) await joinable.step(one);
    }),
    { numRuns: count, endOnFailure: true, ...(seed !== undefined && { seed }) },
  );
}
