// What a file costs from branch to branch: uploaded in kyiv, fetched by lviv's node, read in lviv, on loopback; nodes and relays are
// processes of their own, the clients are in this one. Prints one JSON document; figures of one run may be compared with each other,
// with those of another run or machine hardly. `bare` is the same number of bytes over one plain TCP connection, in the same run.
//
//   node scripts/bench/file-transfer.ts [--mib 256]
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DiskSink, openSource } from '../../cli/chat/disk-files.ts';
import { startTwoBranches } from '../../test/faults/two-branches.ts';
import { FilePerson } from '../../test/lab/file-person.ts';
import { measureBare } from './bare-tcp.ts';

const MIB = 1024 * 1024;
/** Of the kernel's clock: USER_HZ. */
const TICKS = 100;
const { values } = parseArgs({ options: { mib: { type: 'string', default: '256' } } });
const bytes = Number(values.mib) * MIB;
const gb = bytes / 1e9;

/** Processor seconds so far of each program that this process has started, by role and realm. */
function spent(): Map<string, number> {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const found = new Map<string, number>();
  for (const pid of children) {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const [role, dir] = [words.find((word) => word.endsWith('main.ts')), words[words.indexOf('--dir') + 1]];
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const name = `${role?.split('/').at(-2)} ${dir?.split('/').at(-1)}`;
    found.set(name, (Number(fields[11]) + Number(fields[12])) / TICKS);
  }
  return found;
}

async function measured(work: () => Promise<void>) {
  const [before, own, began] = [spent(), process.cpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(own);
  const cpuPerGb: Record<string, number> = { clients: rounded((user + system) / 1e6 / gb) };
  for (const [name, after] of spent()) cpuPerGb[name] = rounded((after - (before.get(name) ?? 0)) / gb);
  return { megabytesPerSecond: rounded(bytes / 1e6 / seconds), seconds: rounded(seconds), cpuPerGb };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

const folder = await mkdtemp(join(tmpdir(), 'canopy-bench-'));
const branches = await startTwoBranches(AbortSignal.timeout(120_000));
try {
  const path = join(folder, 'file.bin');
  const handle = await open(path, 'w');
  for (let at = 0; at < bytes; at += MIB) await handle.write(randomFillSync(Buffer.alloc(MIB)));
  await handle.close();
  const [sender, reader] = [
    await FilePerson.enter(branches.kyiv, 'sender'),
    await FilePerson.enter(branches.lviv, 'reader'),
  ];
  const source = await openSource(path);
  let card: Awaited<ReturnType<typeof sender.files.upload>> | undefined;
  const upload = await measured(async () => {
    card = await sender.files.upload(source);
  });
  await source.close();
  if (!card) throw new Error('nothing was uploaded');
  const sent = card;
  await patiently(() => sender.send(reader.user, sent));
  await reader.cardFrom(sender.user);
  const fetch = async (name: string): Promise<void> => {
    const sink = new DiskSink(folder, name, sent.blob);
    await reader.files.download(sent, sink);
  };
  const across = await measured(() => fetch('first.bin'));
  const again = await measured(() => fetch('second.bin'));
  console.log(
    JSON.stringify({ mib: bytes / MIB, bare: await measureBare(bytes), upload, across, again }, undefined, 2),
  );
} finally {
  await branches.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit();

/** Branches learn of each other's people by and by. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!/user-unknown/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
