// Relays and nodes on loopback, each a process of its own: what it does is asked over its channel, what it costs is read
// from the kernel.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../cli/demo/free-ports.ts';
import type { Ancestor, PunchWay } from '../../../src/overlay/links/links.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import type { Settings } from '../../../src/settings/settings.ts';
import { Realms } from '../realms.ts';
import type { NodeOrder, Order, ProgramInit } from './orders.ts';

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url));
/** Of the kernel's clock: USER_HZ. */
const TICKS = 100;
/** A port where nothing listens. */
const NOBODY = 9;

interface Answer {
  readonly number: number;
  readonly value: unknown;
  readonly error?: string;
}

export class Process {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;

  private constructor(name: string) {
    this.name = name;
    this.#child = fork(PROGRAM, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: Answer) => this.#take(answer));
    this.#child.on('exit', (code, signal) => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(`${name} has ended: ${code ?? signal}`));
    });
  }

  /** Resolves when it is ready. @returns it and what it said */
  static async start(name: string, init: ProgramInit): Promise<{ process: Process; ready: unknown }> {
    const process = new Process(name);
    const waiting = Promise.withResolvers<unknown>();
    process.#waiting.set(0, waiting);
    process.#send({ init });
    return { process, ready: await waiting.promise };
  }

  ask(order: NodeOrder): Promise<unknown> {
    const number = ++this.#number;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(number, waiting);
    this.#send({ number, order });
    return waiting.promise;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Seconds of processor time so far. */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Resident memory in MiB. */
  get memory(): number {
    return this.#status('VmRSS');
  }

  /** The most that was resident since `forgetPeak`, in MiB. */
  get peak(): number {
    return this.#status('VmHWM');
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #status(field: string): number {
    const text = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1] ?? Number.NaN) / 1024;
  }

  #send(order: Order): void {
    this.#child.send(order);
  }

  #take({ number, value, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(`${this.name}: ${error}`));
  }
}

export interface NetworkInit {
  /** Empty: what two branches exchange goes by way of their enterprise's relay. */
  readonly punch: readonly PunchWay[];
  readonly settings?: Partial<Settings['relay']>;
  /** Puts something between the second branch's relay and the enterprise's: takes the port that listens, gives another. */
  readonly uplink?: (port: number) => Promise<number>;
}

/** Two branches below an enterprise: three relays and two nodes. */
export class TwoBranches {
  readonly relays: { readonly acme: Process; readonly kyiv: Process; readonly lviv: Process };
  readonly nodes: { readonly kyiv: Process; readonly lviv: Process };

  private constructor(relays: TwoBranches['relays'], nodes: TwoBranches['nodes']) {
    this.relays = relays;
    this.nodes = nodes;
  }

  static async start({ punch, settings = {}, uplink }: NetworkInit, realms = new Realms('ua')): Promise<TwoBranches> {
    const relay = async (realm: string, ancestors: readonly Ancestor[]) => {
      const identity = await realms.identity(realm, 'relay');
      const [port = 0] = await freePorts(1);
      const place = { host: '127.0.0.1', port };
      // Relays of one house meet by its table, too; what nobody can dial keeps them apart as a router does.
      const announce = ancestors.length > 0 && punch.length === 0 ? [{ host: '127.0.0.1', port: NOBODY }] : [];
      const own = { listen: [place], announce, punch, ...settings };
      const started = await Process.start(`relay ${realm}`, { role: 'relay', identity, ancestors, settings: own });
      const peerId = JSON.stringify(started.ready).split('/p2p/')[1]?.split('"')[0];
      const addressAt = (port: number): string => `/ip4/${place.host}/tcp/${port}/p2p/${peerId}`;
      return { ...started, port: place.port, addressAt, addresses: [addressAt(place.port)] };
    };
    const acme = await relay('acme.ua', []);
    const ancestorAt = (port: number) => [{ realm: parseRealmName('acme.ua'), relays: [acme.addressAt(port)] }];
    const branch = async (realm: string, port: number) => {
      const below = await relay(realm, ancestorAt(port));
      const identity = await realms.identity(realm, 'node');
      const node = await Process.start(`node ${realm}`, { role: 'node', identity, relays: below.addresses });
      return { relay: below.process, node: node.process };
    };
    const [kyiv, lviv] = await Promise.all([
      branch('kyiv.acme.ua', acme.port),
      branch('lviv.acme.ua', (await uplink?.(acme.port)) ?? acme.port),
    ]);
    return new TwoBranches(
      { acme: acme.process, kyiv: kyiv.relay, lviv: lviv.relay },
      { kyiv: kyiv.node, lviv: lviv.node },
    );
  }

  get all(): readonly Process[] {
    return [...Object.values(this.nodes), ...Object.values(this.relays)];
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((process) => process.stop()));
  }
}
