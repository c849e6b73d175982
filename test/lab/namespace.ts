// One host of the laboratory: a network namespace, with the few `ip` and `nft` calls that shape it.
//
// The whole laboratory runs inside a network and mount namespace of its own (see enter.ts), so that whatever a test leaves
// behind ends with the test's process, and no packet of it can reach a network of this machine.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';

const COMMAND_TIMEOUT = 10_000;
const SETTLE_LIMIT = 20_000;
const SETTLE_STEP = 20;

function run(command: string, args: readonly string[], input?: string): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    timeout: COMMAND_TIMEOUT,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  });
}

export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    run('ip', ['netns', 'add', name]);
    this.ip('link set lo up');
  }

  /** `ip` inside this namespace; the words are split at blanks. */
  ip(words: string): string {
    return run('ip', ['-n', this.name, ...words.split(' ')]);
  }

  /** As `ip`, for what may be gone already. */
  tryIp(words: string): void {
    try {
      this.ip(words);
    } catch {
      // Gone: that is what was wanted.
    }
  }

  /** Only when no program runs inside any more. */
  remove(): void {
    run('ip', ['netns', 'del', this.name]);
  }

  sysctl(key: string, value: string): void {
    this.exec('sh', ['-c', `echo ${value} > /proc/sys/${key.replaceAll('.', '/')}`]);
  }

  /** Replaces this namespace's whole firewall by `ruleset`, in nft's own language. */
  firewall(ruleset: string): void {
    this.exec('nft', ['-f', '-'], `flush ruleset\n${ruleset}`);
  }

  /** Runs a short command to its end. @returns its standard output @throws when it exits with another code than 0 */
  exec(command: string, args: readonly string[], input?: string): string {
    return run('ip', ['netns', 'exec', this.name, command, ...args], input);
  }

  /** Starts a command that goes on; the caller ends it. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.name, command, ...args], options);
  }

  /**
   * Waits until each port carries: the kernel announces a new cable only once a second when many are plugged, and a
   * switch forwards nothing before it knows.
   */
  settle(): void {
    for (let waited = 0; waited < SETTLE_LIMIT; waited += SETTLE_STEP) {
      if (this.#carries()) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_STEP);
    }
    throw new Error(`${this.name}: a port does not carry: ${this.ip('-br link show')}`);
  }

  #carries(): boolean {
    const ports = this.ip('-d -o link show')
      .split('\n')
      .filter((line) => /\b(veth|bridge)\b/.test(line));
    return ports.every(
      (line) => / state UP /.test(line) && (!/bridge_slave/.test(line) || /state forwarding/.test(line)),
    );
  }
}

/** A cable: one end in each namespace, with an address (`10.1.2.3/24`) or without one (a port of a bridge). */
export function cable(
  a: Namespace,
  portA: string,
  addressA: string,
  b: Namespace,
  portB: string,
  addressB: string,
): void {
  run('ip', ['-n', a.name, 'link', 'add', portA, 'type', 'veth', 'peer', 'name', portB, 'netns', b.name]);
  for (const [host, port, address] of [
    [a, portA, addressA],
    [b, portB, addressB],
  ] as const) {
    if (address !== '') host.ip(`addr add ${address} dev ${port}`);
    host.ip(`link set dev ${port} up`);
  }
}

/**
 * A switch inside `host` with an address of the host's own. Its hardware address is fixed: otherwise it takes the lowest
 * of its ports', and each new cable can leave all neighbours with a stale one.
 */
export function bridge(host: Namespace, name: string, address: string): void {
  host.ip(`link add ${name} address 02:00:00:00:00:01 type bridge forward_delay 0`);
  if (address !== '') host.ip(`addr add ${address} dev ${name}`);
  host.ip(`link set ${name} up`);
}

/** Plugs `port` of `host` into its bridge. */
export function plug(host: Namespace, port: string, bridgeName: string): void {
  host.ip(`link set dev ${port} master ${bridgeName}`);
}
