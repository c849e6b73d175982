// What the web client says, in Chinese. Written for readers, not translated word by word.

import type { Texts } from './texts.ts';
import { account } from './zh/account.ts';
import { conversation } from './zh/conversation.ts';
import { entrance } from './zh/entrance.ts';
import { file } from './zh/file.ts';
import { group } from './zh/group.ts';
import { lasting } from './zh/lasting.ts';
import { message } from './zh/message.ts';
import { people } from './zh/people.ts';
import { settings } from './zh/settings.ts';
import { trouble } from './zh/trouble.ts';

export const zh: Texts = {
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
