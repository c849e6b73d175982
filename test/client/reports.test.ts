// Reports of messages, end to end: a client makes one, and the command line finds out who wrote the message, with no network at all.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { proveIdentity } from '../../cli/evidence/identity-proof.ts';
import type { Client, HttpFetch } from '../../src/client/client.ts';
import { decodeReport, encodeReport, verifyReport } from '../../src/crypto/evidence.ts';
import { fingerprintOf } from '../../src/pki/chain.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId } from '../../src/realm/ids.ts';
import { type Branch, openBranch } from '../node/lan/branch-fixture.ts';
import { addUser, quickPasswords } from './account/people.ts';
import { clientOf, connected, keptPlace } from './engine/people.ts';
import { nextEvent } from './waiting.ts';

const DAY = 24 * 3_600_000;
const TIMEOUT = { timeout: 60_000 };
const PROGRAM = resolve(import.meta.dirname, '../../cli/canopy.js');
const COOK = 'cook@kyiv.acme.ua';
/** Where the kernel gives one, the program runs in a network of its own, which is empty. */
const ALONE = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];

async function person(t: TestContext, branch: Branch, login: string, way: Partial<{ fetch: HttpFetch }> = {}) {
  const { id } = await addUser(branch, login, `first-${login}`);
  const place = await keptPlace();
  const client = clientOf(t, branch, { ...place, ...way, passwords: quickPasswords });
  await client.login(login, `first-${login}`, { newPassword: `second-${login}` });
  await connected(client);
  return { client, id, place };
}

/** A cook who reads what a clerk writes; `lost`: messages that the server does not show to the cook any more. */
async function kitchen(t: TestContext) {
  const branch = await openBranch(t);
  const lost = new Set<string>();
  const platform = nodePlatform();
  t.after(() => platform.close());
  const forgetful: HttpFetch = (url, init) => {
    const [, asked = ''] = /\/messages\/([0-9a-f-]+)$/.exec(url) ?? [];
    return platform.fetch(lost.has(asked) ? url.replace(asked, crypto.randomUUID()) : url, init);
  };
  const clerk = await person(t, branch, 'clerk');
  const cook = await person(t, branch, 'cook', { fetch: forgetful });
  const [root] = branch.authorityChain.slice(-1);
  return { branch, clerk, cook, lost, root: fingerprintOf(root ?? assert.fail()) };
}

async function say(from: Client, to: Client, text: string) {
  const heard = nextEvent(to, 'message', (message) => message.text === text);
  await from.send({ to: COOK, text });
  return heard;
}

/** Resolves once the change shows there. */
async function change(from: Client, to: Client, { id, conversation }: Said, text: string): Promise<void> {
  const timeline = await to.timeline(conversation);
  const { promise, resolve: done } = Promise.withResolvers<void>();
  const look = () => {
    if (timeline.view().items.some((item) => item.id === id && item.kind === 'message' && item.text === text)) done();
  };
  timeline.onChange(look);
  await from.act(conversation, { kind: 'edit', target: id, text });
  look();
  await promise;
  timeline.close();
}
type Said = { readonly id: MessageId; readonly conversation: ConversationId };

async function canopy(t: TestContext, report: Uint8Array, ...more: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-report-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'one.canopy-evidence');
  await writeFile(file, report);
  const words = [...ALONE, process.execPath, PROGRAM, 'evidence', 'verify', file, ...more];
  const { status, stdout, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8', timeout: 30_000 });
  return { status, stdout, stderr };
}

const verified = (report: Uint8Array, root: string) => verifyReport(report, (proof) => proveIdentity(proof, root));

test('the reader of a message makes a report, and anybody verifies it without a network', TIMEOUT, async (t) => {
  const { clerk, cook, root } = await kitchen(t);
  const said = await say(clerk.client, cook.client, 'I never said that.');
  const report = await cook.client.evidence(said.conversation, said.id);
  const { status, stdout, stderr } = await canopy(t, report, '--root', root, '--json');
  assert.equal(status, 0, stderr);
  const told = JSON.parse(stdout);
  assert.deepEqual(
    [told.verified, told.rootCompared, told.text, told.sender, told.message, told.identity.realm, told.changed],
    [true, true, 'I never said that.', clerk.id, said.id, 'kyiv.acme.ua', undefined],
  );
  assert.equal((await canopy(t, report, '--root', '0'.repeat(64))).status, 5);
  // Whoever wrote it can prove it as well.
  const own = await verified(await clerk.client.evidence(said.conversation, said.id), root);
  assert.equal(own.message.context.sender, clerk.id);
});

test('no byte of a report can be another', TIMEOUT, async (t) => {
  const { clerk, cook, root } = await kitchen(t);
  const said = await say(clerk.client, cook.client, 'byte by byte');
  const report = await cook.client.evidence(said.conversation, said.id);
  await verified(report, root);
  const taken: number[] = [];
  for (let at = 0; at < report.length; at++) {
    const altered = report.map((byte, place) => (place === at ? byte ^ 0x01 : byte));
    await verified(altered, root).then(
      () => taken.push(at),
      (error: unknown) => assert.notEqual(codeOf(error), 'internal'),
    );
  }
  assert.deepEqual(taken, []);
  for (const more of [report.subarray(0, -1), Uint8Array.of(...report, 0)]) {
    await assert.rejects(verified(more, root), { code: 'frame-malformed' });
  }
});

test('what was changed is reported as it was and as it is, and no other change passes for it', TIMEOUT, async (t) => {
  const { clerk, cook, root } = await kitchen(t);
  const said = await say(clerk.client, cook.client, 'at five');
  await change(clerk.client, cook.client, said, 'at six');
  await change(clerk.client, cook.client, said, 'at seven');
  const report = await cook.client.evidence(said.conversation, said.id);
  const { status, stdout } = await canopy(t, report, '--root', root);
  assert.equal(status, 0);
  assert.match(stdout, /at five[\s\S]*changed it since[\s\S]*at seven/);
  const other = await say(clerk.client, cook.client, 'another one');
  await change(clerk.client, cook.client, other, 'changed too');
  const [one, two] = [decodeReport(report), decodeReport(await cook.client.evidence(other.conversation, other.id))];
  const { message } = one;
  for (const forged of [two.change, two.message, one.message]) {
    const grafted = encodeReport({ message, ...(forged && { change: forged }) });
    await assert.rejects(verified(grafted, root), { code: 'change-other' });
  }
});

test('a member of a group reports what another wrote there', TIMEOUT, async (t) => {
  const { clerk, cook, root } = await kitchen(t);
  const conversation = await clerk.client.groups.create({ name: 'Kitchen', members: [cook.id] });
  const heard = nextEvent(cook.client, 'message', ({ text }) => text === 'for all of you');
  const id = await clerk.client.act(conversation, { kind: 'text', text: 'for all of you' });
  await heard;
  const { message } = await verified(await cook.client.evidence(conversation, id), root);
  assert.deepEqual([message.context.conversation, message.context.sender], [conversation, clerk.id]);
});

test('what its sender took back is told to be gone, and so is what nobody has as it was signed', TIMEOUT, async (t) => {
  const { clerk, cook, lost } = await kitchen(t);
  const taken = await say(clerk.client, cook.client, 'taken back');
  const kept = await say(clerk.client, cook.client, 'shown, and signed by nobody any more');
  const { conversation } = taken;
  const removed = nextEvent(cook.client, 'removed', ({ id }) => id === taken.id);
  await clerk.client.act(conversation, { kind: 'delete', targets: [taken.id] });
  await removed;
  await assert.rejects(cook.client.evidence(conversation, taken.id), { code: 'evidence-gone' });
  lost.add(kept.id);
  // It came lately, and is still here as it came.
  assert.ok(await cook.client.evidence(conversation, kept.id));
  const cache = await cook.place.openCache?.(cook.id);
  for (const day of [0, 1]) {
    const area = `sealed/${Math.floor(Date.now() / DAY) - day}`;
    await cache?.setRecords(area, new Map([[`${conversation}/${kept.id}`, undefined]]));
  }
  await assert.rejects(cook.client.evidence(conversation, kept.id), { code: 'evidence-gone' });
  lost.clear();
  // The server has it.
  assert.ok(await cook.client.evidence(conversation, kept.id));
  await assert.rejects(cook.client.evidence(conversation, parseMessageId(crypto.randomUUID())), {
    code: 'message-unknown',
  });
});
