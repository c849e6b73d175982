// What a message costs all programs that it goes through: from people of one branch to people of another, and inside one branch. Region,
// enterprise and two branches as processes of their own on loopback, people over WebSockets in this process, bodies that nobody seals. What
// the programs do anyhow is taken off. Prints one JSON document; figures of one run may be compared with each other, hardly with others.
//
//   node scripts/bench/messages.ts [--messages 5000] [--bytes 200] [--people 4]
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { User } from '../../src/protocols/lan/wire.ts';
import { directConversationId, parseMessageId } from '../../src/realm/ids.ts';
import { startTwoBranches } from '../../test/faults/two-branches.ts';
import { LightPerson } from './light-person.ts';
import { costOf, idleShares, sizeOf, writtenBy } from './spent.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000' },
    bytes: { type: 'string', default: '200' },
    people: { type: 'string', default: '4' },
  },
});
const count = Number(values.messages);
const body = new Uint8Array(Number(values.bytes)).fill(7);
/** Of one sender, not yet acknowledged. */
const WINDOW = 32;
const IDLE_SECONDS = 5;
const PATIENCE = 120_000;

/** One who writes to another, who reads. */
interface Pair {
  /** Resolves when so many were stored at the sender's node and shown to the reader. */
  write(amount: number): Promise<void>;
}

const branches = await startTwoBranches(AbortSignal.timeout(PATIENCE));
const { kyiv, lviv } = branches;
const programs = (['node', 'relay'] as const).flatMap((role) =>
  [kyiv, lviv, branches.enterprise].map((realm) => ({
    name: `${role} ${realm.realm}`,
    pid: realm.program(role).pid,
  })),
);
const pids = programs.map(({ pid }) => pid);
try {
  const logins = Array.from({ length: Number(values.people) }, (_, n) => `user${n}`);
  const [writers, far, near] = [
    await each(logins, (login) => LightPerson.enter(kyiv.admin, kyiv.url, `from-${login}`)),
    await each(logins, (login) => LightPerson.enter(lviv.admin, lviv.url, `far-${login}`)),
    await each(logins, (login) => LightPerson.enter(kyiv.admin, kyiv.url, `near-${login}`)),
  ];
  const across = await each(writers, (writer, at) => paired(writer, far[at] ?? writer));
  const local = await each(writers, (writer, at) => paired(writer, near[at] ?? writer));
  const document = { load: loadavg()[0], inside: await measured(local), across: await measured(across) };
  console.log(JSON.stringify(document, undefined, 2));
} finally {
  await branches.stop();
}
process.exit();

async function each<T, R>(all: readonly T[], work: (one: T, at: number) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const [at, one] of all.entries()) done.push(await work(one, at));
  return done;
}

async function measured(pairs: readonly Pair[]) {
  const write = async (amount: number): Promise<void> => {
    await Promise.all(pairs.map((pair) => pair.write(Math.ceil(amount / pairs.length))));
  };
  const [passed, disks] = [() => writtenBy(kyiv.program('relay').pid), () => [sizeOf(kyiv.dir), sizeOf(lviv.dir)]];
  await write(count / 2);
  const passedBefore = passed();
  const idle = await idleShares(pids, IDLE_SECONDS);
  const idleBytes = (passed() - passedBefore) / IDLE_SECONDS;
  const [sizes, passedSince] = [disks(), passed()];
  const began = performance.now();
  const costs = await costOf(pids, () => write(count));
  const seconds = (performance.now() - began) / 1000;
  const own = costs.map((cost, at) => Math.max(0, cost - (idle[at] ?? 0) * seconds));
  const cpuMs = Object.fromEntries(programs.map(({ name }, at) => [name, rounded((1000 * (own[at] ?? 0)) / count)]));
  const ofACpuSecond = Math.round(count / own.reduce((sum, cost) => sum + cost, 0));
  const grown = disks().map((size, at) => Math.round((size - (sizes[at] ?? 0)) / count));
  return {
    perSecond: Math.round(count / seconds),
    ofACpuSecond,
    cpuMsOfAMessage: cpuMs,
    bytesOfAMessage: {
      throughTheRelay: Math.round((passed() - passedSince - idleBytes * seconds) / count),
      onDisk: { kyiv: grown[0], lviv: grown[1] },
    },
    idle: {
      sharesOfACore: Object.fromEntries(programs.map(({ name }, at) => [name, rounded(idle[at] ?? 0)])),
      idleBytes,
    },
    memoryMiB: {
      node: Math.round(kyiv.program('node').memory),
      relay: Math.round(kyiv.program('relay').memory),
    },
  };
}

async function paired(writer: LightPerson, reader: LightPerson): Promise<Pair> {
  let [stored, shown] = [0, 0];
  let [mayGoOn, isThrough] = [() => {}, () => {}];
  let refused: string | undefined;
  await reader.connect((frame) => {
    if (frame.kind === 'event' && frame.message.sender === writer.user.id) shown++;
    isThrough();
  });
  const live = await writer.connect((frame) => {
    if (frame.kind === 'stored') stored++;
    if (frame.kind === 'error') refused = frame.code;
    mayGoOn();
  });
  const submit = (to: User): void => {
    const conversation = directConversationId(writer.user.id, to.id);
    const id = parseMessageId(randomUUID());
    live.send({ kind: 'submit', id, conversation, recipients: [to.id], expires: 0, body });
  };
  const until = async (isDone: () => boolean, hook: (resolve: () => void) => void): Promise<void> => {
    while (!isDone()) await new Promise<void>(hook);
  };
  /** People of other branches are known by and by. */
  const known = async (): Promise<void> => {
    for (;;) {
      refused = undefined;
      const before = stored;
      submit(reader.user);
      await until(
        () => stored > before || refused !== undefined,
        (resolve) => (mayGoOn = resolve),
      );
      if (stored > before) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await until(
      () => shown === stored,
      (resolve) => (isThrough = resolve),
    );
  };
  await known();
  return {
    write: async (amount) => {
      const begin = stored;
      for (let n = 0; n < amount; n++) {
        submit(reader.user);
        await until(
          () => n + 1 - (stored - begin) < WINDOW,
          (resolve) => (mayGoOn = resolve),
        );
        if (refused !== undefined) throw new Error(`refused: ${refused}`);
      }
      await until(
        () => stored - begin === amount && shown === stored,
        (resolve) => {
          mayGoOn = resolve;
          isThrough = resolve;
        },
      );
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
