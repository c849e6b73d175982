// Whether a TCP port could be listened on.
import { createServer } from 'node:net';
import { codeOf } from '../../src/realm/errors.ts';
import type { HostPort } from '../../src/settings/host-port.ts';

/** The system's code when not: EADDRINUSE, EACCES, EADDRNOTAVAIL. The port is free again afterwards. */
export function portError({ host, port }: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
