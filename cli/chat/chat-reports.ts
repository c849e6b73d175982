// Reports of messages in a terminal chat: saved to a file, which `canopy evidence verify` checks anywhere. Nothing that exists is overwritten.
import { writeFile } from 'node:fs/promises';
import type { Client } from '../../src/client/client.ts';
import { LocalError, messageOf } from '../../src/realm/errors.ts';
import type { ConversationId, MessageId } from '../../src/realm/ids.ts';

export const REPORT_ENDING = '.canopy-evidence';

interface ReportRequest {
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
