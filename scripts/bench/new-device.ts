// What a new device waits for: a user with a long history logs in on a device that holds nothing. A real node and relay as processes of
// their own on loopback, a client that has written the history, and a client in a process of its own (new-device-program.ts) that logs
// in: time to the first screen of messages, until all is held and readable, until all is found, bytes, memory. `bare`: the same pages
// of history over HTTP by somebody who reads no word of them, in the same run, before and after. Prints one JSON document.
//
//   node scripts/bench/new-device.ts [--messages 100000]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { registerUser } from '../../cli/register-user.ts';
import { AdminClient } from '../../node/admin/api.ts';
import type { ClientCache } from '../../src/client/cache/cache.ts';
import { memoryCache } from '../../src/client/cache/memory-cache.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { makeLoneRealm, UA } from '../../test/faults/lone-realm.ts';
import { Program } from '../../test/faults/program.ts';
import { seeded, vocabulary } from './written-texts.ts';

const { values } = parseArgs({ options: { messages: { type: 'string', default: '100000' } } });
const count = Number(values.messages);
/** Messages on their way to the server at one time. */
const WINDOW = 256;
const MINUTES = 60_000;
const PROGRAM = join(import.meta.dirname, 'new-device-program.ts');

const realm = await makeLoneRealm();
const server = `http://ua.localhost:${realm.lanPort}`;
const folder = await mkdtemp(join(tmpdir(), 'canopy-bench-'));
const [node, relay] = await Promise.all([
  Program.start({ role: 'node', dir: realm.dir }),
  Program.start({ role: 'relay', dir: realm.dir }),
]);
try {
  const { words, text } = vocabulary(seeded(7));
  const clerk = await enter('clerk');
  const engineer = await enter('engineer');
  const begun = performance.now();
  await write(clerk, { to: 'engineer', count: 1, textOf: () => 'oldestmarker' });
  const half = Math.floor((count - 1) / 2);
  await Promise.all([
    write(clerk, { to: 'engineer', count: count - 1 - half, textOf: text }),
    write(engineer, { to: 'clerk', count: half, textOf: text }),
  ]);
  const writing = Math.round((performance.now() - begun) / 1000);
  engineer.disconnect();
  const before = await bare(engineer);
  const device = await newDevice(words.slice(0, 2_000));
  const after = await bare(engineer);
  console.log(
    JSON.stringify({
      messages: count,
      writtenInSeconds: writing,
      bare: { beforeMs: before.ms, afterMs: after.ms, bytes: before.bytes },
      device,
      heldToBare: ratio(Number(device['allHeldMs']), (before.ms + after.ms) / 2),
      nodeMiB: Math.round(node.memory),
    }),
  );
} finally {
  await Promise.all([node.stop(), relay.stop()]);
  await realm.remove();
  await rm(folder, { recursive: true, force: true });
}
process.exit();

function ratio(a: number, b: number): number {
  return Math.round((100 * a) / b) / 100;
}

async function enter(login: string): Promise<Client & { readonly token: string }> {
  const admin = new AdminClient(dataDirectory(realm.dir).socket.node);
  await registerUser(admin, { login, name: `The ${login}`, password: `first of ${login}` });
  const client = createClient({ server, ...nodePlatform(), openCache: forgetful });
  const { token = '' } = await client.login(login, `first of ${login}`, { newPassword: `second of ${login}` });
  client.connect();
  return Object.assign(client, { token });
}

/** Keys are kept, messages are not: who writes all this is no part of what is measured. */
async function forgetful(): Promise<ClientCache> {
  const cache = await memoryCache();
  const put = async (): Promise<void> => {};
  return new Proxy(cache, { get: (of, name) => (name === 'put' ? put : bound(of, name)) });
}

function bound(of: ClientCache, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name, of);
  return typeof value === 'function' ? value.bind(of) : value;
}

interface Writing {
  readonly to: string;
  readonly count: number;
  readonly textOf: (n: number) => string;
}

async function write(from: Client, { to, count, textOf }: Writing): Promise<void> {
  const flying = new Set<string>();
  let wake = (): void => {};
  const stop = from.on('state', ({ id, state, failure }) => {
    if (state === 'failed') throw new Error(`not sent: ${failure?.code}`);
    if (flying.delete(id)) wake();
  });
  for (let n = 0; n < count; n++) {
    const { id } = await from.send({ to: `${to}@${UA}`, text: textOf(n) });
    flying.add(id);
    while (flying.size >= WINDOW) await new Promise<void>((resolve) => (wake = resolve));
  }
  await from.drained(AbortSignal.timeout(10 * MINUTES));
  stop();
}

/** All pages of the history as the server gives them, unread. */
async function bare(of: Client & { readonly token: string }): Promise<{ ms: number; bytes: number }> {
  const { fetch } = nodePlatform();
  const headers = { authorization: `Bearer ${of.token}` };
  const [conversation] = await of.conversations();
  const begun = performance.now();
  let [bytes, next] = [0, ''];
  for (;;) {
    const position = next === '' ? '' : `&before=${encodeURIComponent(next)}`;
    const url = `${server}/api/v1/conversations/${conversation?.id}/events?limit=200${position}`;
    const answer = await (await fetch(url, { method: 'GET', headers })).arrayBuffer();
    bytes += answer.byteLength;
    next = /"next":"([^"]+)"/.exec(Buffer.from(answer.slice(-200)).toString('utf8'))?.[1] ?? '';
    if (next === '') return { ms: Math.round(performance.now() - begun), bytes };
  }
}

async function newDevice(words: readonly string[]): Promise<Record<string, unknown>> {
  const given = { server, login: 'engineer', password: 'second of engineer', folder: join(folder, 'cache') };
  const args = Object.entries({ ...given, messages: String(count), words: words.join(' ') });
  const flags = args.flatMap(([name, value]) => [`--${name}`, value]);
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...flags], { timeout: 10 * MINUTES });
  return JSON.parse(stdout);
}
