// Strangers at a relay's door: they connect, say nothing or nonsense, and go.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Namespace } from './namespace.ts';

/** Connects so often until it ended, one stranger after the other; a third of them stay until they are thrown out. */
const PROGRAM = `
  const { randomBytes } = require('node:crypto'); const { connect } = require('node:net');
  const [address, port, every, count] = process.argv.slice(1); let left = Number(count);
  const timer = setInterval(() => {
    if (left-- <= 0) return clearInterval(timer);
    const socket = connect(Number(port), address, () => {
      if (left % 3 > 0) socket.write(randomBytes(left % 2 ? 20 : 5000));
      if (left % 3 === 1) setTimeout(() => socket.destroy(), 50);
      if (left % 3 === 2) socket.end();
    });
    socket.on('error', () => {}).resume();
  }, Number(every));`;

/** Resolves when the last of them is gone. */
export async function strangers(from: Namespace, address: string, port: number, count: number): Promise<void> {
  const child: ChildProcess = from.spawn(
    process.execPath,
    ['-e', PROGRAM, address, String(port), '50', String(count)],
    {
      stdio: 'ignore',
    },
  );
  await once(child, 'exit');
}
