// Packet captures of the laboratory's hosts: what crossed a wire, searched for what must not be in it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { holds, type Mark } from '../day/search-marks.ts';
import type { Namespace } from './namespace.ts';

/** Bytes of a packet that are kept: whole packets, also those that a veth joined. */
const SNAP_LENGTH = 262_144;

export class Capture {
  readonly #file: string;
  readonly #child: ChildProcess;

  private constructor(file: string, child: ChildProcess) {
    this.#file = file;
    this.#child = child;
  }

  /** Records all that passes the ports of `host` into `file`. Resolves when it records. */
  static async start(host: Namespace, file: string): Promise<Capture> {
    const child = host.spawn(
      'tcpdump',
      ['-i', 'any', '--immediate-mode', '-U', '-n', '-s', String(SNAP_LENGTH), '-w', file],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    await listening(child);
    return new Capture(file, child);
  }

  /** Ends the recording. @returns what it holds */
  async stop(): Promise<Recording> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    await ended;
    return new Recording(await readFile(this.#file));
  }
}

/** @throws when tcpdump ends instead, with what it said */
function listening(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`tcpdump does not listen: ${said}`)));
    child.stderr?.on('data', (chunk) => {
      said += chunk;
      if (said.includes('listening on')) resolve();
    });
  });
}

export class Recording {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** True when these very bytes stand anywhere in the recording. A marker shorter than a segment is never cut by one sender. */
  holds(marker: Uint8Array | string): boolean {
    return this.#bytes.includes(Buffer.from(marker));
  }

  /** As `holds`, and written in other ways. */
  shows(mark: Mark): boolean {
    return holds(this.#bytes, mark);
  }

  /** Bytes of IP packets recorded between two addresses, either way. */
  trafficBetween(a: string, b: string): number {
    let total = 0;
    for (const { source, destination, length } of this.packets()) {
      if ((source === a && destination === b) || (source === b && destination === a)) total += length;
    }
    return total;
  }

  /** Milliseconds since 1970 of the last packet between two addresses; undefined when there was none. */
  lastBetween(a: string, b: string): number | undefined {
    let last: number | undefined;
    for (const { source, destination, time } of this.packets()) {
      if ((source === a && destination === b) || (source === b && destination === a)) last = time;
    }
    return last;
  }

  /** The IPv4 packets of a pcap file in native order with the "cooked v2" link header that `-i any` writes. */
  *packets(): Generator<{ source: string; destination: string; length: number; time: number }> {
    const FILE_HEADER = 24;
    const PACKET_HEADER = 16;
    const link = this.#bytes.readUInt32LE(20);
    const linkHeader = link === 276 ? 20 : 16; // LINKTYPE_LINUX_SLL2, else LINKTYPE_LINUX_SLL
    for (let at = FILE_HEADER; at + PACKET_HEADER <= this.#bytes.length; ) {
      const size = this.#bytes.readUInt32LE(at + 8);
      const ip = at + PACKET_HEADER + linkHeader;
      if (ip + 20 <= this.#bytes.length && (this.#bytes[ip] ?? 0) >> 4 === 4) {
        yield {
          source: this.#bytes.subarray(ip + 12, ip + 16).join('.'),
          destination: this.#bytes.subarray(ip + 16, ip + 20).join('.'),
          length: this.#bytes.readUInt16BE(ip + 2),
          time: this.#bytes.readUInt32LE(at) * 1000 + this.#bytes.readUInt32LE(at + 4) / 1000,
        };
      }
      at += PACKET_HEADER + size;
    }
  }
}
