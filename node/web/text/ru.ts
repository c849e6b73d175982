// What the web client says, in Russian. Written for readers, not translated word by word.
import { account } from './ru/account.ts';
import { conversation } from './ru/conversation.ts';
import { entrance } from './ru/entrance.ts';
import { file } from './ru/file.ts';
import { group } from './ru/group.ts';
import { lasting } from './ru/lasting.ts';
import { message } from './ru/message.ts';
import { people } from './ru/people.ts';
import { settings } from './ru/settings.ts';
import { trouble } from './ru/trouble.ts';
import type { Texts } from './texts.ts';

export const ru: Texts = {
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
