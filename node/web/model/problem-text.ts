// Why a message has no text, as a sentence.
import type { Wording } from './wording.ts';

/** Their keys come by themselves: with the next commit, from the vault, or from another device. */
const WAITING = new Set(['epoch-unknown', 'group-unknown', 'device-unknown']);

export function problemText({ t }: Pick<Wording, 't'>, problem: string | undefined): string {
  if (problem === undefined || problem === 'content-unknown') return t('chat.unknownKind');
  return WAITING.has(problem) ? t('chat.noKey') : t('chat.unreadable', { code: problem });
}
