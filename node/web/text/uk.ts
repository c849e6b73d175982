// What the web client says, in Ukrainian. Written for readers, not translated word by word.

import type { Texts } from './texts.ts';
import { account } from './uk/account.ts';
import { conversation } from './uk/conversation.ts';
import { entrance } from './uk/entrance.ts';
import { file } from './uk/file.ts';
import { group } from './uk/group.ts';
import { lasting } from './uk/lasting.ts';
import { message } from './uk/message.ts';
import { people } from './uk/people.ts';
import { settings } from './uk/settings.ts';
import { trouble } from './uk/trouble.ts';

export const uk: Texts = {
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
