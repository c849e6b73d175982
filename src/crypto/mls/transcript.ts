// The transcript of a group (RFC 9420, section 8.2): a chain of hashes over all commits and their confirmation tags, which stands in each
// state. Two states of one chain are of one group with one history of keys, whoever showed them.
import type { ClientState } from 'ts-mls';
import { createConfirmedHash, createInterimHash } from 'ts-mls/transcriptHash.js';
import { PeerError } from '../../realm/errors.ts';
import { readCommit } from './commit-reader.ts';
import { SUITE } from './suite.ts';

type End = Pick<ClientState, 'groupContext' | 'confirmationTag'>;

/** The confirmed hash after these commits. @throws PeerError of readCommit() */
export async function transcriptAfter(state: End, commits: readonly Uint8Array[]): Promise<Uint8Array> {
  let { confirmedTranscriptHash } = state.groupContext;
  let { confirmationTag } = state;
  for (const bytes of commits) {
    const { content, auth } = readCommit(bytes).message;
    // readCommit() has looked; the library's types say it of both again.
    if (content.contentType !== 'commit' || auth.contentType !== 'commit')
      throw new PeerError('commit-malformed', 'no commit');
    const interim = await createInterimHash(confirmedTranscriptHash, confirmationTag, SUITE.hash);
    const input = { wireformat: 'mls_public_message', content, signature: auth.signature } as const;
    confirmedTranscriptHash = await createConfirmedHash(interim, input, SUITE.hash);
    ({ confirmationTag } = auth);
  }
  return confirmedTranscriptHash;
}
