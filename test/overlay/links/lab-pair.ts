// Two relays behind routers of the laboratory and a public region above them, each a process of its own.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PunchWay } from '../../../src/overlay/links/links.ts';
import type { Internet, PublicHost, Site } from '../../lab/internet.ts';
import type { Namespace } from '../../lab/namespace.ts';
import type { NatType } from '../../lab/nat.ts';
import type { LabRelay } from './lab-relay.ts';

const PROGRAM = fileURLToPath(new URL('./lab-relay.ts', import.meta.url));

interface Line {
  readonly realm: string;
  readonly ms: number;
  readonly ready?: boolean;
  readonly to?: string;
  readonly kind?: string;
}

export interface Change {
  readonly kind: string;
  /** Milliseconds since the relay's start. */
  readonly ms: number;
}

let pairs = 0;

export class LabPair {
  readonly first: Site;
  readonly second: Site;
  /** What the first relay said of its way to the second. */
  readonly changes: Change[] = [];
  readonly #region: PublicHost;
  readonly #realms: { readonly first: string; readonly second: string };
  readonly #children: ChildProcess[] = [];
  #notify: () => void = () => {};

  constructor(internet: Internet, region: PublicHost, kinds: readonly [NatType, NatType]) {
    const number = pairs++;
    this.#region = region;
    this.#realms = { first: `a${number}.ua`, second: `b${number}.ua` };
    this.first = internet.site(`a${number}`, kinds[0]);
    this.second = internet.site(`b${number}`, kinds[1]);
  }

  async start(ways: readonly PunchWay[]): Promise<void> {
    const { address, host } = this.#region;
    const { first, second } = this.#realms;
    const all = ['ua', first, second];
    const ancestor = { realm: 'ua', addresses: [`/ip4/${address}/tcp/443`] };
    const stun = [3478, 3479].map((port) => ({ host: address, port }));
    const below = { all, ancestor, ways, stun: [], listen: ['/ip4/0.0.0.0/tcp/4443'] };
    await this.#run(host, { realm: 'ua', all, ways, stun, listen: [`/ip4/${address}/tcp/443`] });
    await this.#run(this.second.dmz, { ...below, realm: second });
    await this.#run(this.first.dmz, { ...below, realm: first, wants: second });
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

  async stop(): Promise<void> {
    const ended = this.#children.map((child) => (child.exitCode === null ? once(child, 'exit') : undefined));
    for (const child of this.#children) child.kill();
    await Promise.all(ended);
  }

  #run(host: Namespace, init: LabRelay): Promise<void> {
    const argument = JSON.stringify({ ...init, loud: process.env['LOUD'] !== undefined });
    const child = host.spawn(process.execPath, [PROGRAM, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    return new Promise((resolve) => {
      if (!child.stdout) return;
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line: Line = JSON.parse(text);
        if (line.ready) resolve();
        const { first, second } = this.#realms;
        if (line.realm !== first || line.to !== second || line.kind === undefined) return;
        this.changes.push({ kind: line.kind, ms: line.ms });
        this.#notify();
      });
    });
  }
}
