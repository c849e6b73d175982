// Certificates over the control socket; routes beside those of api.ts.
//
//   GET  /v1/certificates                       {realm, certificates: Certificate[]}   the forecast
//   POST /v1/certificates/plan {target}         BlastRadius                            what a revocation would cut
//   POST /v1/certificates/revoke {target,reason} BlastRadius                           what it has cut
//   POST /v1/certificates/renew {}              {certificates: Certificate[]}          own ones, now
//   POST /v1/certificates/replace-key {role}    {certificates: Certificate[]}          a new key, from the next start on
//   POST /v1/certificates/request {newKey}      {request}                              the authority's own renewal, base64
//   POST /v1/certificates/accept {reply,atOnce} {certificates: Certificate[]}          a reply that came as a file
//   POST /v1/certificates/replace-authority {atOnce} {certificates: Certificate[]}     another key for the authority
//   POST /v1/certificates/move-now {}           {certificates: Certificate[]}          what is below the old key moves at once
//   POST /v1/certificates/plan-retirement {}    BlastRadius                            what retiring the old one would cut
//   POST /v1/certificates/retire {reason}       BlastRadius                            what it has cut
//   POST /v1/certificates/root-list {list}      {certificates: Certificate[]}          the offline root's list, DER in base64
//   GET  /v1/certificates/lists                 {lists: base64[]}                      revocation lists in force, DER
import * as v from 'valibot';
import { isRealmName, type RealmName, ROLES, type Role } from '../../src/realm/names.ts';
import { CERTIFICATE_KINDS, CERTIFICATE_STATES } from '../certificates/forecast.ts';
import type { AdminClient } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const role = v.picklist(ROLES);
const serial = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,40}$/, 'not a serial number in lower-case hex'));
const MAX_REASON = 200;

export const targetSchema = v.variant('kind', [
  v.object({ kind: v.literal('serial'), serial }),
  v.object({ kind: v.literal('realm'), realm, role: v.optional(role) }),
  v.object({ kind: v.literal('replaced'), realm }),
]);
export type Target = v.InferOutput<typeof targetSchema>;

const certificate = v.object({
  kind: v.picklist(CERTIFICATE_KINDS),
  realm,
  issuer: v.optional(realm),
  serial: v.string(),
  /** Milliseconds since 1970. */
  notBefore: v.number(),
  notAfter: v.number(),
  state: v.picklist(CERTIFICATE_STATES),
  renewsAt: v.optional(v.number()),
  lastError: v.optional(v.string()),
});
export type CertificateRow = v.InferOutput<typeof certificate>;

const radius = v.object({
  certificates: v.array(
    v.object({ serial: v.string(), kind: v.picklist(['authority', ...ROLES]), realm, notAfter: v.number() }),
  ),
  realms: v.array(realm),
  programs: v.array(v.object({ realm, role })),
  users: v.number(),
  connections: v.array(realm),
});
export type Radius = v.InferOutput<typeof radius>;

const listed = v.object({ certificates: v.array(certificate) });
const empty = v.object({});

export const CERT_REQUESTS = {
  plan: v.object({ target: targetSchema }),
  revoke: v.object({ target: targetSchema, reason: v.pipe(v.string(), v.maxLength(MAX_REASON)) }),
  accept: v.object({ reply: v.string(), atOnce: v.optional(v.boolean(), false) }),
  request: v.object({ newKey: v.optional(v.boolean(), false) }),
  atOnce: v.object({ atOnce: v.boolean() }),
  retire: v.object({ reason: v.pipe(v.string(), v.maxLength(MAX_REASON)) }),
  replaceKey: v.object({ role }),
  rootList: v.object({ list: v.string() }),
  empty,
} as const;

const RENEW_DEADLINE = 90_000;

export class CertClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  async list(): Promise<CertificateRow[]> {
    return (await this.#admin.ask('/v1/certificates', listed)).certificates;
  }

  plan(target: Target): Promise<Radius> {
    return this.#admin.ask('/v1/certificates/plan', radius, { target });
  }

  revoke(target: Target, reason: string): Promise<Radius> {
    return this.#admin.ask('/v1/certificates/revoke', radius, { target, reason });
  }

  async renew(): Promise<CertificateRow[]> {
    return (await this.#admin.ask('/v1/certificates/renew', listed, {}, RENEW_DEADLINE)).certificates;
  }

  async replaceKey(role: Role): Promise<CertificateRow[]> {
    return (await this.#admin.ask('/v1/certificates/replace-key', listed, { role })).certificates;
  }

  /** @param newKey for another key than the present one */
  async request(newKey = false): Promise<Uint8Array> {
    const answer = await this.#admin.ask('/v1/certificates/request', v.object({ request: v.string() }), { newKey });
    return new Uint8Array(Buffer.from(answer.request, 'base64'));
  }

  async accept(reply: Uint8Array, atOnce = false): Promise<CertificateRow[]> {
    const body = { reply: Buffer.from(reply).toString('base64'), atOnce };
    return (await this.#admin.ask('/v1/certificates/accept', listed, body)).certificates;
  }

  /** @param atOnce what is below moves at once */
  async replaceAuthority(atOnce: boolean): Promise<CertificateRow[]> {
    const answer = this.#admin.ask('/v1/certificates/replace-authority', listed, { atOnce }, RENEW_DEADLINE);
    return (await answer).certificates;
  }

  /** After the key was replaced. */
  async moveNow(): Promise<CertificateRow[]> {
    return (await this.#admin.ask('/v1/certificates/move-now', listed, {})).certificates;
  }

  planRetirement(): Promise<Radius> {
    return this.#admin.ask('/v1/certificates/plan-retirement', radius, {});
  }

  retire(reason: string): Promise<Radius> {
    return this.#admin.ask('/v1/certificates/retire', radius, { reason });
  }

  async takeRootList(list: Uint8Array): Promise<CertificateRow[]> {
    const body = { list: Buffer.from(list).toString('base64') };
    return (await this.#admin.ask('/v1/certificates/root-list', listed, body)).certificates;
  }

  /** DER each. */
  async lists(): Promise<Uint8Array[]> {
    const { lists } = await this.#admin.ask('/v1/certificates/lists', v.object({ lists: v.array(v.string()) }));
    return lists.map((list) => new Uint8Array(Buffer.from(list, 'base64')));
  }
}
