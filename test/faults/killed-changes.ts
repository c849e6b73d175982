// Fault case 17 for what is more than a message: the node is killed with SIGKILL while a file goes up, and while members change a group.
// What was answered is there; no epoch has two commits; the file is whole; everybody reads everything.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DiskSink, openSource } from '../../cli/chat/disk-files.ts';
import { GroupStore } from '../../node/groups/group-store.ts';
import type { Client } from '../../src/client/client.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type LoneRealm, makeLoneRealm, type Person } from './lone-realm.ts';
import { Program } from './program.ts';

export interface Trial {
  /** Bytes of the file, and at which parts of it the node is killed. */
  readonly file: number;
  readonly parts: readonly number[];
  /** Changes of the group, and how often the node is killed meanwhile. */
  readonly changes: number;
  readonly kills: number;
}

const LIMIT = { timeout: 400_000 };
const MIB = 1024 * 1024;

/** Registers the tests. */
export function describeKilledChanges({ file: FILE, parts, changes, kills: most }: Trial): void {
  describe('fault case 17: files and groups', LIMIT, () => {
    let realm: LoneRealm;
    let node: Program;
    let people: readonly [Person, Person];

    before(async () => {
      realm = await makeLoneRealm();
      node = await Program.start({ role: 'node', dir: realm.dir });
      people = await realm.people();
      for (const { client } of people) client.connect();
    }, LIMIT);
    after(async () => {
      for (const { client } of people ?? []) client.disconnect();
      await node?.stop();
      await realm?.remove();
    });

    const crash = async (): Promise<void> => {
      await node.kill();
      node = await Program.start({ role: 'node', dir: realm.dir });
    };

    test('fault 17: a file that goes up while its node is killed is whole', LIMIT, async (t) => {
      const [clerk, engineer] = people;
      const path = join(realm.folder, 'large');
      const content = randomBytes(FILE);
      await writeFile(path, content);
      const source = await openSource(path);
      const kills = parts.map((part) => part * FILE + randomInt(MIB));
      let killing = Promise.resolve();
      const onProgress = ({ done }: { done: number }): void => {
        if (done < (kills[0] ?? Number.POSITIVE_INFINITY)) return;
        kills.shift();
        // In the middle of the request that comes next.
        killing = killing.then(() => pause(randomInt(20))).then(crash);
      };
      const card = await filesOf(clerk).upload(source, { onProgress });
      await killing;
      await source.close();
      assert.deepEqual(kills, [], 'killed each time');
      await clerk.client.send({ to: engineer.address, text: '', file: card });
      const sink = new DiskSink(realm.folder, 'there', card.blob);
      await until('the file can be read', () => filesOf(engineer).download(card, sink));
      const there = await readFile(sink.path ?? '');
      assert.equal(hash(there), hash(content));
      t.diagnostic(`${FILE / MIB} MiB`);
    });

    test('fault 17: a node that is killed in the middle of commits gives out no epoch twice', LIMIT, async (t) => {
      const [clerk, engineer] = people;
      const them = idOf(engineer.client);
      const conversation = await insist(() => clerk.client.groups.create({ name: 'the group', members: [them] }));
      await until('the engineer is in it', async () => void (await rolesOf(engineer.client, conversation)));
      const texts: string[] = [];
      const over = new AbortController();
      const killing = (async () => {
        for (let kills = 0; kills < most && !over.signal.aborted; kills++) {
          await pause(200 + randomInt(700));
          await crash();
        }
      })();
      for (let n = 0; n < changes; n++) {
        const role = n % 2 === 0 ? 'administrator' : 'member';
        await insist(() => clerk.client.groups.setRole(conversation, them, role));
        texts.push(`number ${n}`);
        const author = n % 3 === 0 ? engineer.client : clerk.client;
        await insist(() => author.act(conversation, { kind: 'text', text: `number ${n}` }));
      }
      over.abort();
      await killing;
      await Promise.all(people.map(({ client }) => client.drained(AbortSignal.timeout(30_000))));
      for (const { client } of people) {
        await until('both have the last epoch', async () => {
          assert.deepEqual(await rolesOf(client, conversation), {
            [idOf(clerk.client)]: 'owner',
            [them]: changes % 2 === 0 ? 'member' : 'administrator',
          });
        });
        await until('everything is there, once and readable', async () => {
          const timeline = await client.timeline(conversation);
          const said = timeline.view().items.flatMap((item) => ('text' in item && item.text ? [item.text] : []));
          timeline.close();
          assert.deepEqual(said.filter((text) => text.startsWith('number')).toSorted(), texts.toSorted());
        });
        // Two parts may look at one message at one time: the one that came too early looks again a moment later.
        await until('nothing waits for a key', async () => assert.equal(client.counters()['unable-to-decrypt'], 0));
      }
      await node.stop();
      await assertOneEach(join(realm.dir, 'node', 'db'), conversation, (text) =>
        t.diagnostic(`${text} for ${changes} changes`),
      );
    });
  });
}

/** Epochs without a gap, and no commit in two of them: a repeated one was answered, not taken again. */
async function assertOneEach(path: string, conversation: ConversationId, say: (text: string) => void): Promise<void> {
  const database = await openDatabase(path);
  try {
    const store = new GroupStore(database);
    const [state, ...more] = await store.states(conversation);
    assert.ok(state && more.length === 0);
    const commits = await store.commits(conversation, state.group, 0, { count: 1000, bytes: 64 * MIB });
    assert.deepEqual(
      commits.map(({ epoch }) => epoch),
      Array.from({ length: state.epoch }, (_, epoch) => epoch),
    );
    assert.equal(new Set(commits.map(({ commit }) => hash(commit))).size, commits.length);
    say(`${commits.length} commits`);
  } finally {
    await database.close();
  }
}

/** As a person would: again, until it works. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 300 || !['server-unreachable', 'timeout', 'internal', 'read-only'].includes(codeOf(error)))
        throw error;
      await pause(100);
    }
  }
}

async function until(what: string, holds: () => Promise<void>): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      return await holds();
    } catch (error) {
      if (Date.now() > end) throw new Error(`not in time: ${what}`, { cause: error });
      await pause(200);
    }
  }
}

async function rolesOf(client: Client, conversation: ConversationId): Promise<Record<UserId, string>> {
  const { members } = await client.groups.members(conversation);
  return Object.fromEntries(members.map(({ user, role }) => [user, role]));
}

function filesOf({ client }: Person) {
  assert.ok(client.files);
  return client.files;
}

function idOf({ me }: Client): UserId {
  assert.ok(me);
  return me.user.id;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
