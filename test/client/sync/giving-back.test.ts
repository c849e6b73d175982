// What a device gives a server that was restored: what that server says it lacks, as it was sealed, and nothing twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { CommitBook, decodeKept as decodeCommit, encodeKept } from '../../../src/client/engine/commit-book.ts';
import type { Http } from '../../../src/client/http.ts';
import { GivingBack } from '../../../src/client/sync/giving-back.ts';
import { KEPT_FOR, KeptBodies } from '../../../src/client/sync/kept-bodies.ts';
import { compareRequest, missingRequest } from '../../../src/protocols/lan/group-routes.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import { RefusedError, UnreachableError } from '../../../src/realm/errors.ts';
import {
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseMessageId,
  parseUserId,
} from '../../../src/realm/ids.ts';
import { HandClock } from '../../node/hand-clock.ts';

const DAY = 24 * 3_600_000;
const LIMIT = { timeout: 20_000 };
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const [CHAT, GROUP] = [parseConversationId(id(1)), parseGroupId(id(2))];
const [CLERK, DEVICE] = [parseUserId(id(3)), parseDeviceId(id(4))];
const NOW = Date.UTC(2026, 5, 1);

function frame(n: number, arrivedAt = NOW, size = 40): FrameMessage {
  const ids = {
    id: parseMessageId(id(100 + n)),
    conversation: CHAT,
    sender: CLERK,
    device: DEVICE,
    recipients: [CLERK],
  };
  const rest = { stamp: { ms: arrivedAt, counter: n }, expires: 0, state: 'stored', path: 'local' } as const;
  return { ...ids, ...rest, arrivedAt, body: new Uint8Array(size).fill(n) };
}

/** A server that has an epoch and messages, and may be away or not restored. */
class Server {
  epoch: number | undefined;
  readonly has = new Set<string>();
  readonly asked: string[] = [];
  refusal: Error | undefined;

  readonly http: Pick<Http, 'get' | 'post'> = {
    get: async (path, form) => {
      this.#begin(path);
      if (this.epoch === undefined) throw new RefusedError('conversation-unknown', 'none');
      const group = { id: GROUP, kind: 'group', home: 'kyiv.acme.ua', term: 0, epoch: this.epoch, members: 2 };
      return v.parse(form, { group, groups: [group] });
    },
    post: async (path, body, form) => {
      this.#begin(path);
      if (path.endsWith('/compare')) {
        const { messages } = v.parse(compareRequest, body);
        return v.parse(form, { missing: messages.map((one) => one.id).filter((one) => !this.has.has(one)) });
      }
      const { commits, messages } = v.parse(missingRequest, body);
      for (const { epoch } of commits) {
        assert.equal(epoch, this.epoch ?? 0, 'in order');
        this.epoch = epoch + 1;
      }
      for (const message of messages) this.has.add(message.id);
      return v.parse(form, { refused: [], ...(this.epoch !== undefined && { epoch: this.epoch }) });
    },
  };

  #begin(path: string): void {
    this.asked.push(path);
    if (this.refusal) throw this.refusal;
  }
}

async function device() {
  const [cache, clock, server] = [await memoryCache(), new HandClock(NOW), new Server()];
  const [bodies, commits] = [new KeptBodies(cache, clock), new CommitBook(cache, clock)];
  const fresh = () => new GivingBack({ http: server.http, cache, commits, bodies, clock });
  return { cache, clock, server, bodies, commits, fresh };
}

const kept = (epoch: number, at = NOW) => {
  return { epoch, at, sender: CLERK, device: DEVICE, commit: new Uint8Array(9).fill(epoch), roster: new Uint8Array(5) };
};

test(
  'commits from where the server stands, then messages that it lacks; asked again it lacks nothing',
  LIMIT,
  async () => {
    const { server, bodies, commits, fresh } = await device();
    for (let n = 0; n < 250; n++) bodies.keep(frame(n));
    await commits.keep(
      CHAT,
      GROUP,
      [0, 1, 2, 10, 9, 8, 7, 6, 5, 4, 3].map((epoch) => kept(epoch)),
    );
    server.epoch = 2;
    for (let n = 0; n < 50; n++) server.has.add(frame(n).id);
    const givingBack = fresh();
    await givingBack.run();
    assert.deepEqual(server.asked, [], 'nothing is due');
    await givingBack.restored();
    await givingBack.run();
    assert.deepEqual(givingBack.counters(), { commits: 9, messages: 200, refused: 0 });
    assert.deepEqual([server.epoch, server.has.size], [11, 250]);
    await givingBack.restored();
    await givingBack.run();
    assert.deepEqual(givingBack.counters(), { commits: 9, messages: 200, refused: 0 });
  },
);

test('a group that the server never heard of, and a device that ends in between', LIMIT, async () => {
  const { server, bodies, commits, fresh } = await device();
  bodies.keep(frame(1));
  await commits.keep(CHAT, GROUP, [kept(0), kept(1)]);
  await fresh().restored();
  server.refusal = new UnreachableError('server-unreachable', 'away');
  await fresh().run();
  server.refusal = new RefusedError('not-restored', 'it waits for its operator');
  await fresh().run();
  server.refusal = undefined;
  await fresh().run();
  assert.deepEqual([server.epoch, server.has.size], [2, 1]);
  const { length } = server.asked;
  await fresh().run();
  assert.equal(server.asked.length, length, 'once is enough');
});

test('what is a week old, and what was taken back, is given to nobody', LIMIT, async () => {
  const { clock, server, bodies, commits, fresh } = await device();
  bodies.keep(frame(1, NOW - KEPT_FOR - 1));
  bodies.keep(frame(2));
  bodies.keep(frame(3));
  await commits.keep(CHAT, GROUP, [kept(0)]);
  await bodies.forget(CHAT, [frame(3).id]);
  assert.deepEqual(
    [...(await bodies.all()).values()].flat().map((one) => one.id),
    [frame(2).id],
  );
  clock.advance(KEPT_FOR + 1);
  assert.deepEqual([(await bodies.all()).size, await commits.all()], [0, []]);
  await fresh().restored();
  await fresh().run();
  assert.deepEqual(server.asked, []);
});

test('a commit that is kept comes back as it was, and no part of one is taken for a whole', LIMIT, () => {
  const part = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(), part, part, (epoch, at, commit, roster) => {
      const one = { epoch, at, sender: CLERK, device: DEVICE, commit, roster };
      const bytes = encodeKept(one);
      assert.deepEqual(decodeCommit(epoch, bytes), one);
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => decodeCommit(epoch, bytes.subarray(0, length)));
      }
    }),
    { numRuns: 30 },
  );
  assert.equal(
    Buffer.from(encodeKept(kept(1, 7))).toString('hex'),
    '86010750000000000000400080000000000000035000000000000040008000000000000004490101010101010101014500000000 00'.replace(
      ' ',
      '',
    ),
  );
});

test('what is too old leaves the device, also one that was off for long', LIMIT, async () => {
  const { cache, clock, bodies } = await device();
  bodies.keep(frame(1));
  await bodies.all();
  const day = Math.floor(NOW / DAY);
  assert.equal((await cache.records(`sealed/${day}`)).size, 1);
  for (const [passed, id] of [
    [KEPT_FOR - DAY, 2],
    [40 * DAY, 3],
  ] as const) {
    clock.advance(passed);
    bodies.keep(frame(id, clock.now()));
    await bodies.all();
    assert.equal((await cache.records(`sealed/${day}`)).size, id === 2 ? 1 : 0);
  }
  assert.deepEqual(
    [...(await bodies.all()).values()].flat().map((one) => one.id),
    [frame(3).id],
  );
});
