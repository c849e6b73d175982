// The vault of the caller: sealed by clients, kept and counted here.
import { Hono } from 'hono';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { joined, splitSteps } from '../../../src/crypto/vault/line.ts';
import {
  vaultChangeRequest,
  vaultLineQuery,
  vaultRecordsQuery,
  vaultStageRequest,
} from '../../../src/protocols/lan/account-routes.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import type { LanAccount } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';

export const toText = (bytes: Uint8Array): string => toString(bytes, 'base64url');
export const fromText = (text: string): Uint8Array => new Uint8Array(fromString(text, 'base64url'));

export function vaultRoutes({ vaults, identities }: LanAccount): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();

  routes.get('/vault', async (context) => {
    const { id } = context.get('caller').user;
    // No refusal: a browser would show it as an error, at each first login.
    if (!(await vaults.has(id))) return context.json({});
    const { head, wraps } = await vaults.state(id);
    return context.json({ vault: { head: toText(head), wraps: toText(wraps) } });
  });

  routes.get('/vault/records', async (context) => {
    const { generation, after } = formOf(context.req.query(), vaultRecordsQuery);
    const records = await vaults.records(context.get('caller').user.id, generation, after);
    return context.json({ records: records.map(toText) });
  });

  routes.get('/vault/line', async (context) => {
    const { after } = formOf(context.req.query(), vaultLineQuery);
    const { line, steps } = await vaults.line(context.get('caller').user.id, after);
    return context.json({ line: toText(line), steps: toText(joined(steps)) });
  });

  routes.post('/vault', async (context) => {
    const { head, wraps, records, stage, steps = '' } = await bodyOf(context.req.raw, vaultChangeRequest);
    const { id } = context.get('caller').user;
    const line = splitSteps(fromText(steps));
    const change = { head: fromText(head), records: records.map(fromText), stage, steps: line };
    try {
      await vaults.change(id, wraps === undefined ? change : { ...change, wraps: fromText(wraps) });
    } catch (error) {
      if (codeOf(error) === 'vault-conflict') return context.json({ late: true });
      throw error;
    }
    // Whoever could sign another set of wraps has opened the vault.
    if (wraps !== undefined) await identities.settle(id);
    return context.json({});
  });

  routes.post('/vault/stage', async (context) => {
    const { stage, first, records } = await bodyOf(context.req.raw, vaultStageRequest);
    await vaults.stage(context.get('caller').user.id, stage, first, records.map(fromText));
    return context.json({});
  });
  return routes;
}
