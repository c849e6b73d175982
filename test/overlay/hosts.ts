// Hosts on loopback for tests, stopped when the test ends.
import type { TestContext } from 'node:test';
import type { OverlayEvent } from '../../src/overlay/audit.ts';
import { createHost, type Host, type HostInit } from '../../src/overlay/host.ts';
import type { Identity } from '../../src/overlay/identity.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';

export interface TestHost {
  readonly host: Host;
  readonly events: OverlayEvent[];
  readonly address: string;
}

export async function startHost(t: TestContext, identity: Identity, init: Partial<HostInit> = {}): Promise<TestHost> {
  const events: OverlayEvent[] = [];
  const listen = identity.role === 'relay' ? ['/ip4/127.0.0.1/tcp/0'] : [];
  const audit = (event: OverlayEvent): void => void events.push(event);
  const host = await createHost({ identity, clock: systemClock, log: silentLog, audit, listen, ...init });
  await host.start();
  t.after(() => host.stop());
  return { host, events, address: host.libp2p.getMultiaddrs()[0]?.toString() ?? '' };
}

/** A value once it has stood still for so many milliseconds. */
export async function settled(read: () => number, quiet = 200): Promise<number> {
  for (let before = read(); ; before = read()) {
    await new Promise((resolve) => setTimeout(resolve, quiet));
    if (read() === before) return before;
  }
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, patience = 5_000): Promise<void> {
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not so after ${patience} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
