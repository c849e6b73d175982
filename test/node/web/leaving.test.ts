// Who leaves a browser: what stays there of them, and what does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptContacts } from '../../../node/web/model/kept-contacts.ts';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { OwnAccount } from '../../../node/web/model/own-account.ts';
import { SessionModel } from '../../../node/web/model/session.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ENGINEER, ScriptedClient } from './scripted-client.ts';

async function clerkWithContact() {
  const [client, store] = [new ScriptedClient(), memoryStore()];
  const tab = { enter: async () => true, take: async () => undefined };
  const session = new SessionModel({ client, clock: new HandClock(), tab, store });
  await session.open();
  await session.logIn('clerk', 'secret');
  const kept = new KeptContacts({ client, store, owner: CLERK.id });
  kept.save([ENGINEER]);
  const contacts = async () => (await kept.load()).map(({ id }) => id);
  assert.deepEqual(await contacts(), [ENGINEER.id]);
  return { client, session, contacts };
}

test('whom somebody added is forgotten when they log out, delete the profile, or are signed out for good', async () => {
  const leave: readonly ((place: Awaited<ReturnType<typeof clerkWithContact>>) => unknown)[] = [
    ({ session }) => session.logOut(),
    ({ session }) => session.ended(),
    ({ client }) => client.tell('wiped', { users: [CLERK.id] }),
  ];
  for (const step of leave) {
    const place = await clerkWithContact();
    await step(place);
    assert.deepEqual(await place.contacts(), []);
  }
});

test('whom somebody added stays when they come back: after a lock, or when they want it kept', async () => {
  for (const isLock of [true, false]) {
    const { session, contacts } = await clerkWithContact();
    await (isLock ? session.lock() : session.logOut({ keepDevice: true }));
    assert.deepEqual(await contacts(), [ENGINEER.id]);
  }
});

test('the end of the own session is no news to whoever deletes the profile; a refusal leaves the page connected', async () => {
  for (const isRefused of [false, true]) {
    const client = new ScriptedClient();
    const deleteProfile = async (): Promise<void> => {
      client.asked.push('delete');
      if (isRefused) throw new RefusedError('login-again', 'log in again');
    };
    client.account = { deleteProfile } as NonNullable<ScriptedClient['account']>;
    const own = new OwnAccount(client, CLERK);
    assert.equal(await own.deleteProfile(), !isRefused);
    assert.deepEqual(client.asked, ['disconnect', 'delete', ...(isRefused ? ['connect'] : [])]);
  }
});
