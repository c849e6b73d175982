// Captures of several hosts at once, and words sent in clear beside the product's traffic, so that each search is known to find what is there.
import { join } from 'node:path';
import { Capture, type Recording } from './capture.ts';
import type { Namespace } from './namespace.ts';

const CONTROL_PORT = 9_999;

/** Records all that passes the hosts while `work` is under way. @returns what each recording holds */
export async function recorded(
  hosts: Readonly<Record<string, Namespace>>,
  folder: string,
  work: () => Promise<void>,
): Promise<ReadonlyMap<string, Recording>> {
  const captures = new Map<string, Capture>();
  const recordings = new Map<string, Recording>();
  try {
    for (const [name, host] of Object.entries(hosts)) {
      captures.set(name, await Capture.start(host, join(folder, `${name}.pcap`)));
    }
    await work();
  } finally {
    for (const [name, capture] of captures) recordings.set(name, await capture.stop());
  }
  return recordings;
}

/** @param to another host's address, so that the words cross a wire */
export function sendInClear(from: Namespace, text: string, to = '127.0.0.1'): void {
  const send = `require('node:dgram').createSocket('udp4').send(process.argv[1], ${CONTROL_PORT}, process.argv[2], () => process.exit())`;
  from.exec(process.execPath, ['-e', send, text, to]);
}
