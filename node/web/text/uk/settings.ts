// Ukrainian: what a person sets.
import type { settings as english } from '../en/settings.ts';
import type { Said } from '../entry.ts';

export const settings: Said<typeof english> = {
  'theme.system': 'Тема: як у системі',
  'theme.light': 'Тема: світла',
  'theme.dark': 'Тема: темна',
  'theme.contrast': 'Тема: висока контрастність',

  'language.label': 'Мова',

  'settings.title': 'Налаштування',
  'settings.close': 'Закрити',
  'settings.save': 'Зберегти',
  'settings.saved': 'Збережено',
  'settings.cancel': 'Скасувати',
  'settings.profile': 'Профіль',
  'settings.general': 'Загальні',
  'settings.privacy': 'Приватність',
  'settings.devices': 'Пристрої',
  'settings.security': 'Безпека',
  'settings.keys': 'Клавіатура',
  'settings.theme': 'Тема',
  'settings.themeSystem': 'Як у системі',
  'settings.themeLight': 'Світла',
  'settings.themeDark': 'Темна',
  'settings.themeContrast': 'Висока контрастність',
  'settings.idle': 'Блокувати, коли нікого немає',
  'settings.idleNever': 'Ніколи',
  'settings.idleMinutes': {
    one: 'Через {count} хвилину',
    few: 'Через {count} хвилини',
    many: 'Через {count} хвилин',
    other: 'Через {count} хвилини',
  },
  'settings.idleHint': 'Відкрити можна буде паролем; нові повідомлення тим часом почекають.',

  'privacy.receipts': 'Показувати іншим, що я прочитав або прочитала',
  'privacy.receiptsHint': 'Якщо вимкнено, колеги бачать щонайбільше дві галочки. Ви й далі бачите, що прочитали вони.',
  'privacy.presence': 'Показувати іншим, коли я в мережі',
  'privacy.presenceHint':
    'Якщо вимкнено, ви наче не в мережі: ніхто не бачить, коли ви були тут востаннє і що ви пишете. Ви й далі бачите інших.',
  'privacy.hidden': 'Адміністратор приховує це для всіх тут.',
  'privacy.server': 'Серверу вашої філії треба знати і те, і те, щоб доставляти ваші повідомлення; він нікому не каже.',
  'privacy.loading': 'Запитуємо ваші налаштування…',
  'privacy.blocked': 'Заблоковані люди',
  'privacy.gone': 'Особа, яку вже не можна знайти',
  'privacy.since': 'заблоковано {time}',
  'privacy.unblock': 'Розблокувати: {name}',
  'privacy.nobody': 'Нікого. Заблокувати людину можна внизу подробиць розмови.',

  'notify.label': 'Сповіщення на цьому комп’ютері',
  'notify.hint': 'Їх показує ваш браузер, поки Canopy відкрито, без жодної іншої служби.',
  'notify.denied': 'Ваш браузер забороняє їх для цього сайту. Спочатку дозвольте їх у його налаштуваннях.',
  'notify.unsupported': 'Цей браузер не вміє їх показувати.',
  'notify.text': 'Показувати, хто пише і що саме',
  'notify.textHint': 'Якщо вимкнено, сповіщення каже лише, що є щось нове.',
  'notify.new': 'Нове повідомлення',
};
