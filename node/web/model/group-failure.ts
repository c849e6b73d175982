// Why a change of a group did not come about, where the reason is one of groups.
import { type Failure, failureText } from './failure-text.ts';
import type { Wording } from './wording.ts';

export function groupFailure(words: Wording, failure: Failure): string {
  switch (failure.code) {
    case 'not-allowed':
      return words.t('group.notAllowed');
    case 'roster-unsuitable':
      return words.t('group.lastOwner');
    case 'name-too-long':
      return words.t('group.nameLong');
    default:
      return failureText(words, failure);
  }
}
