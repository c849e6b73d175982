// Two relays behind routers of the laboratory and a public region of one or two relays above them, each a process of its own.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PunchWay } from '../../../src/overlay/links/links.ts';
import type { Internet, PublicHost, Site } from '../../lab/internet.ts';
import type { Namespace } from '../../lab/namespace.ts';
import type { NatType } from '../../lab/nat.ts';
import type { LabRelay } from './lab-relay.ts';

const PROGRAM = fileURLToPath(new URL('./lab-relay.ts', import.meta.url));

export interface Line {
  readonly name: string;
  readonly ms: number;
  readonly ready?: boolean;
  readonly to?: string;
  readonly kind?: string;
  readonly at?: string;
}

export interface Change {
  readonly kind: string;
  /** The first address of the way: the peer's, or that of the relay which carries it. */
  readonly at: string | undefined;
  /** Milliseconds since the relay's start. */
  readonly ms: number;
}

let pairs = 0;

export class LabPair {
  readonly first: Site;
  readonly second: Site;
  /** What the first relay said of its way to the second. */
  readonly changes: Change[] = [];
  readonly #region: readonly PublicHost[];
  readonly #realms: { readonly first: string; readonly second: string };
  /** Where the branches' relays listen. */
  listen: readonly string[] = ['/ip4/0.0.0.0/tcp/4443'];
  readonly #relays: { stop(): Promise<void> }[] = [];
  #notify: () => void = () => {};

  constructor(internet: Internet, region: PublicHost | readonly PublicHost[], kinds: readonly [NatType, NatType]) {
    const number = pairs++;
    this.#region = 'host' in region ? [region] : region;
    this.#realms = { first: `a${number}.ua`, second: `b${number}.ua` };
    this.first = internet.site(`a${number}`, kinds[0]);
    this.second = internet.site(`b${number}`, kinds[1]);
  }

  async start(ways: readonly PunchWay[]): Promise<void> {
    const { first, second } = this.#realms;
    const relays = this.#region.map(({ address }, index) => {
      return { name: index === 0 ? 'ua' : 'ua 2', address: `/ip4/${address}/tcp/443` };
    });
    const all = [...relays.map(({ name }) => name), first, second];
    const below = { all, ancestor: { realm: 'ua', relays }, ways, stun: [], listen: this.listen };
    for (const [index, { name, address }] of relays.entries()) {
      const where = this.#region[index];
      const stun = [3478, 3479].map((port) => ({ host: where?.address ?? '', port }));
      const [fellow] = relays.filter((other) => other.name !== name);
      const init = { name, all, ways, stun, listen: [address], ...(fellow ? { fellow } : {}) };
      if (where) await this.#run(where.host, init);
    }
    await this.#run(this.second.dmz, { ...below, name: second });
    await this.#run(this.first.dmz, { ...below, name: first, wants: second });
  }

  /** Resolves once the last word of the first relay is this kind; false when it isn't within `patience` ms. */
  async becomes(kind: string, patience: number): Promise<boolean> {
    const late = AbortSignal.timeout(patience);
    while (this.changes.at(-1)?.kind !== kind) {
      if (late.aborted) return false;
      await Promise.race([new Promise<void>((resolve) => (this.#notify = resolve)), once(late, 'abort')]);
    }
    return true;
  }

  /** Resolves once there is news beyond the first `count`; false when there is none within `patience` ms. */
  async changed(count: number, patience: number): Promise<boolean> {
    const late = AbortSignal.timeout(patience);
    while (this.changes.length <= count) {
      if (late.aborted) return false;
      await Promise.race([new Promise<void>((resolve) => (this.#notify = resolve)), once(late, 'abort')]);
    }
    return true;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.stop()));
  }

  async #run(host: Namespace, init: LabRelay): Promise<void> {
    const relay = await spawnRelay(host, init, (line) => {
      const { first, second } = this.#realms;
      if (line.name !== first || line.to !== second || line.kind === undefined) return;
      this.changes.push({ kind: line.kind, at: line.at, ms: line.ms });
      this.#notify();
    });
    this.#relays.push(relay);
  }
}

/** Resolves when it is ready. */
export async function spawnRelay(
  host: Namespace,
  init: LabRelay,
  onLine: (line: Line) => void,
): Promise<{ stop(): Promise<void> }> {
  const argument = JSON.stringify({ ...init, loud: process.env['LOUD'] !== undefined });
  const child = host.spawn(process.execPath, [PROGRAM, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = Promise.withResolvers<void>();
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line: Line = JSON.parse(text);
      if (line.ready) ready.resolve();
      onLine(line);
    });
  await ready.promise;
  const stop = async (): Promise<void> => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill();
    await ended;
  };
  return { stop };
}
