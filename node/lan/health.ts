// /healthz: the process answers. /readyz: every named check holds. For this host alone; to the LAN they do not exist.
import type { Hono } from 'hono';
import { isLoopbackHost } from '../../src/settings/host-port.ts';
import type { HealthCheck } from './components.ts';
import { plainAddress } from './networks.ts';
import type { LanEnv } from './request.ts';

export function addHealth(app: Hono<LanEnv>, checks: () => Promise<readonly HealthCheck[]>): void {
  app.on('GET', ['/healthz', '/readyz'], async (context, next) => {
    if (!isLoopbackHost(plainAddress(context.env.incoming.socket.remoteAddress ?? ''))) return next();
    context.header('cache-control', 'no-store');
    if (context.req.path === '/healthz') return context.json({ schemaVersion: 1, ok: true });
    const results = await checks();
    const ok = results.every((check) => check.ok);
    return context.json({ schemaVersion: 1, ok, checks: results }, ok ? 200 : 503);
  });
}
