// What the web client says, in English. The key tells where a text stands. A plural entry has the forms that the
// language asks for (Intl.PluralRules), chosen by `count`.
import { account } from './en/account.ts';
import { conversation } from './en/conversation.ts';
import { entrance } from './en/entrance.ts';
import { file } from './en/file.ts';
import { group } from './en/group.ts';
import { lasting } from './en/lasting.ts';
import { message } from './en/message.ts';
import { people } from './en/people.ts';
import { settings } from './en/settings.ts';
import { trouble } from './en/trouble.ts';

export const en = {
  ...account,
  ...conversation,
  ...entrance,
  ...file,
  ...group,
  ...lasting,
  ...message,
  ...people,
  ...settings,
  ...trouble,
};
