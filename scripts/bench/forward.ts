// What forwarding costs and what it carries: two nodes and three relays on this host, each a process of its own. Prints one
// JSON document; figures of one run may be compared with each other, with those of another run or machine hardly.
//
//   node scripts/bench/forward.ts [--mib 256] [--path relayed|direct] [--texts 100]
//
// `bare` is the same number of bytes over one TCP connection between two processes that do nothing else (what iperf3 does).
import { parseArgs } from 'node:util';
import { type BulkResult } from '../../test/overlay/flow/orders.ts';
import { TwoBranches } from '../../test/overlay/flow/processes.ts';
import { measureBare } from './bare-tcp.ts';

const MIB = 1024 * 1024;
const EVERY = 100;
const TO = 'lviv.acme.ua';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '256' },
    path: { type: 'string', default: 'relayed' },
    texts: { type: 'string', default: '100' },
  },
});
const bytes = Number(values.mib) * MIB;
const texts = { kind: 'texts', to: TO, every: EVERY } as const;

const bare = await measureBare(bytes);
const network = await TwoBranches.start({ punch: values.path === 'direct' ? ['tcp'] : [] });
try {
  await settle(values.path === 'direct' ? 'direct-tcp' : 'relayed');
  await carry(16 * MIB);
  const idle = await sendTexts(Number(values.texts));
  const alone = await measured(() => carry(bytes));
  const { mostTexts, stop } = textsUntilStopped();
  const busy = await measured(() => carry(bytes));
  stop();
  const under = await mostTexts;
  const document = {
    path: values.path,
    mib: Number(values.mib),
    bareMbit: round(bare.mbit),
    bareCpuPerGb: round(bare.cpuPerGb),
    bulk: alone,
    bulkWithTexts: busy,
    shareOfBare: round(alone.mbit / bare.mbit),
    textMs: { idle: spread(idle), underBulk: spread(under) },
  };
  console.log(JSON.stringify(document, null, 2));
} finally {
  await network.stop();
}

async function settle(kind: string): Promise<void> {
  let told: unknown;
  for (let tries = 0; tries < 100; tries++) {
    told = await network.nodes.kyiv.ask({ kind: 'ping', to: TO, patience: 20_000 });
    if (JSON.stringify(told).includes(`"kind":"${kind}"`)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the path is not ${kind}: ${JSON.stringify(told)}`);
}

async function carry(amount: number): Promise<number> {
  const result = (await network.nodes.kyiv.ask({ kind: 'bulk', to: TO, bytes: amount })) as BulkResult;
  if (!result.isWhole) throw new Error('the bytes that arrived are not those that were sent');
  return (amount * 8) / 1_000 / result.ms;
}

async function sendTexts(count: number): Promise<number[]> {
  return (await network.nodes.kyiv.ask({ ...texts, count })) as number[];
}

/** In batches, so that the last one ends soon after the bulk. */
function textsUntilStopped(): { mostTexts: Promise<number[]>; stop: () => void } {
  const stopped = new AbortController();
  const run = async (): Promise<number[]> => {
    const all: number[] = [];
    while (!stopped.signal.aborted) all.push(...(await sendTexts(10)));
    return all;
  };
  return { mostTexts: run(), stop: () => stopped.abort() };
}

async function measured(work: () => Promise<number>) {
  for (const process of network.all) process.forgetPeak();
  const before = network.all.map(({ cpu, memory }) => ({ cpu, memory }));
  const mbit = await work();
  const costs = network.all.map((process, index) => ({
    program: process.name,
    cpuPerGb: round((process.cpu - (before[index]?.cpu ?? 0)) / (bytes / 1e9)),
    grewByMib: round(process.peak - (before[index]?.memory ?? 0)),
  }));
  return { mbit: round(mbit), costs };
}

function spread(values: readonly number[]): { count: number; p50: number; p95: number; most: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
