// A line with delay, jitter, loss and a rate between a site's router and the Internet. Kernels without netem can't do that,
// and plain Node can't open a TAP; so the site's cable ends in two VXLAN tunnels, whose packets a program in the middle
// passes on (slow-line-program.ts):
//
//   router ── bridge ── vxlan ── under ──┐
//                                        ├── middle: the program, between two UDP ports
//   Internet ─ bridge ─ vxlan ── under ──┘
//
// `under` is a bridge for a reason: it neither segments nor sums what is inside a tunnel, so the kernel does both before.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Internet, Site } from './internet.ts';
import { bridge, cable, Namespace, plug } from './namespace.ts';

export interface LineQuality {
  /** Milliseconds, each way. */
  readonly delay: number;
  /** Up to so many milliseconds more, at random. */
  readonly jitter?: number;
  /** The share of packets that vanish, 0 to 1. */
  readonly loss?: number;
  /** Bytes a second, each way. */
  readonly rate?: number;
}

const PROGRAM = fileURLToPath(new URL('./slow-line-program.ts', import.meta.url));
const UNDER = '192.168.9.1';
const MIDDLE = '192.168.9.2';
const NETWORK_ID = 5;
/** A whole packet and its tunnel. */
const MTU = 1600;
const PORTS = { site: 4789, internet: 4790 } as const;

export class SlowLine {
  readonly #program: ChildProcess;

  private constructor(program: ChildProcess) {
    this.#program = program;
  }

  /** Puts the line into the site's way to the Internet; whatever is connected goes on. Resolves when it carries. */
  static async lay(internet: Internet, site: Site, quality: LineQuality): Promise<SlowLine> {
    const line = new Namespace(`${site.router.name}-line`);
    const middle = new Namespace(`${site.router.name}-middle`);
    bridge(line, 'under', `${UNDER}/24`);
    cable(line, 'to-middle', '', middle, 'eth0', `${MIDDLE}/24`);
    middle.ip(`link set dev eth0 mtu ${MTU}`);
    line.ip(`link set dev to-middle mtu ${MTU}`);
    plug(line, 'to-middle', 'under');
    const arguments_ = [UNDER, PORTS.site, PORTS.internet, JSON.stringify(quality)].map(String);
    const program = middle.spawn(process.execPath, [PROGRAM, MIDDLE, ...arguments_], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (program.stdout) await once(program.stdout, 'data');
    internet.interpose(site, line, 'site', 'internet');
    for (const end of ['site', 'internet'] as const) {
      bridge(line, `${end}-side`, '');
      line.ip(`link add ${end}-tun type vxlan id ${NETWORK_ID} remote ${MIDDLE} dstport ${PORTS[end]} nolearning`);
      for (const port of [end, `${end}-tun`]) {
        plug(line, port, `${end}-side`);
        line.ip(`link set dev ${port} up`);
      }
    }
    for (const each of [line, middle, site.router]) each.settle();
    return new SlowLine(program);
  }

  change(quality: LineQuality): void {
    this.#program.stdin?.write(`${JSON.stringify(quality)}\n`);
  }

  /** Nothing passes any more. */
  async stop(): Promise<void> {
    const ended = once(this.#program, 'exit');
    this.#program.kill();
    await ended;
  }
}
