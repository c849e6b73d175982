// A group of an owner and a member with a device each, and mailrooms whose server holds what a test puts there.
import assert from 'node:assert/strict';
import type { ReceivedMail } from '../../../src/client/engine/device-server.ts';
import type { OutgoingMail } from '../../../src/client/engine/group-server.ts';
import { Mailroom, type MailroomComponents } from '../../../src/client/engine/mailroom.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { type MessageId, parseMessageId } from '../../../src/realm/ids.ts';
import { CONVERSATION, People, type Person, rosterOf } from '../../crypto/mls/people.ts';
import { HandClock } from '../../node/hand-clock.ts';
import { Home, type Station, stationOf, VaultOfTests } from './realm-of-tests.ts';

const idOf = (at: number) => parseMessageId(`00000000-0000-4000-8000-0000000000a${at}`);

/** A group of an owner and a member, with a device each. */
export async function kitchen() {
  const [people, home] = [new People(), new Home()];
  const [clerk, cook, mallory] = [people.person(), people.person(), people.person()];
  const [atClerk, atCook] = [people.device(clerk), people.device(cook)];
  const clerkVault = new VaultOfTests();
  const [clerks, cooks] = [await stationOf(people, home, atClerk, clerkVault), await stationOf(people, home, atCook)];
  await cooks.own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  const group = await clerks.keeper.create(CONVERSATION, roster);
  await cooks.keeper.follow(CONVERSATION);
  return { people, home, clerk, cook, mallory, atClerk, atCook, clerkVault, clerks, cooks, group, roster };
}

/** A mailroom of that device, whose server holds these mails. */
export function mailroomOf(
  station: Station,
  device: OwnDevice,
  mails: readonly Pick<ReceivedMail, 'body'>[],
  clock = new HandClock(Date.now()),
  look: MailroomComponents['look'] = async () => assert.fail(),
) {
  const sent: OutgoingMail[] = [];
  const troubles: string[] = [];
  const reopened: MessageId[] = [];
  let waiting = mails.map(({ body }, index) => {
    return { ...station.me, sender: station.me.user, id: idOf(index), at: clock.now() + index, body };
  });
  const { user } = station.me;
  const keys = { signature: device.signature, hpke: hpkeOf.get(device) ?? assert.fail() };
  const mailroom = new Mailroom({
    account: { user, certificate: station.me, keys },
    server: {
      send: async (_, to) => void sent.push(...to),
      received: async () => waiting,
      acknowledge: async (done) => {
        waiting = waiting.filter(({ at }) => !done.some((one) => one.at === at));
      },
    },
    keeper: station.keeper,
    epochs: station.epochs,
    checks: station.checks,
    clock,
    isConnected: () => true,
    look,
    onOpened: (opened) => void reopened.push(...opened.map(({ event }) => event.id)),
    onTrouble: (code) => troubles.push(code),
  });
  return { mailroom, sent, troubles, reopened, left: () => waiting.length };
}
export const hpkeOf = new WeakMap<OwnDevice, Awaited<ReturnType<typeof generateHpkeKey>>>();

export async function readable(people: People, person: Person, claims: Parameters<People['device']>[1] = {}) {
  const hpke = await generateHpkeKey(false);
  const device = people.device(person, { ...claims, hpkeKey: hpke.publicKey });
  hpkeOf.set(device, hpke);
  return { device, asking: { certificate: device.certificate, keys: { signature: device.signature, hpke } } };
}
