// Reports of messages in a terminal chat: saved to a file, which `canopy evidence verify` checks anywhere. Nothing that exists is overwritten.
//
//   in   {"report":{"conversation":"..","id":"..","path":".."}}       -> {"event":"report","id":..,"path":..}
import { writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { Client } from '../../src/client/client.ts';
import { LocalError, messageOf } from '../../src/realm/errors.ts';
import { type ConversationId, type MessageId, parseConversationId, parseMessageId } from '../../src/realm/ids.ts';

export const REPORT_ENDING = '.canopy-evidence';

export const reportLine = v.strictObject({
  report: v.strictObject({
    conversation: v.pipe(v.string(), v.uuid(), v.transform(parseConversationId)),
    id: v.pipe(v.string(), v.uuid(), v.transform(parseMessageId)),
    path: v.string(),
  }),
});

export interface ReportRequest {
  readonly conversation: ConversationId;
  readonly id: MessageId;
  readonly path: string;
}

/** @throws LocalError `cannot-write`; as `Client.evidence` */
export async function saveReport(
  client: Pick<Client, 'evidence'>,
  { conversation, id, path }: ReportRequest,
): Promise<void> {
  const bytes = await client.evidence(conversation, id);
  try {
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new LocalError('cannot-write', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
