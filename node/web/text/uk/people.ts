// Ukrainian: the list of conversations, finding people, presence.
import type { people as english } from '../en/people.ts';
import type { Said } from '../entry.ts';

export const people: Said<typeof english> = {
  'rail.label': 'Розмови',
  'rail.search': 'Пошук',
  'rail.add': 'Нова розмова',
  'rail.draft': 'Чернетка:',
  'rail.unread': {
    one: '{count} непрочитане повідомлення',
    few: '{count} непрочитані повідомлення',
    many: '{count} непрочитаних повідомлень',
    other: '{count} непрочитаного повідомлення',
  },
  'rail.pin': 'Закріпити вгорі списку',
  'rail.unpin': 'Відкріпити',
  'rail.pinned': 'закріплено',
  'rail.logOut': 'Вийти',
  'rail.loggedInAs': 'Ви увійшли як {address}',

  'empty.title': 'Тут ще нікого немає',
  'empty.teach': 'Натисніть + і введіть ім’я користувача колеги.',
  'empty.choose': 'Оберіть розмову або натисніть +, щоб почати нову.',
  'empty.demo': 'Написати: {name}',
  'empty.demoHint': 'Щоб відповісти, відкрийте другу сторінку демонстрації.',

  'add.title': 'Нова розмова',
  'add.username': 'Ім’я користувача колеги',
  'add.hint': 'Ім’я користувача вашої філії або ім’я@філія',
  'add.looking': 'Шукаємо…',
  'add.none': 'Нікого з адресою {address} немає. Перевірте написання або додайте філію: {login}@філія.',
  'add.self': 'Це ви. Введіть ім’я користувача колеги.',
  'add.malformed': 'Ім’я користувача складається з малих латинських літер, цифр, крапок, дефісів і підкреслень.',
  'add.submit': 'Додати',
  'add.open': 'Відкрити',
  'add.cancel': 'Скасувати',
  'add.branch': 'Філія {realm}',

  'switch.title': 'Перейти до розмови',
  'switch.field': 'Ім’я або слова повідомлення',
  'switch.none': 'Такої розмови немає.',

  'presence.online': 'у мережі',
  'presence.offline': 'не в мережі',
  'presence.minutes': {
    one: 'у мережі {count} хвилину тому',
    few: 'у мережі {count} хвилини тому',
    many: 'у мережі {count} хвилин тому',
    other: 'у мережі {count} хвилини тому',
  },
  'presence.hours': {
    one: 'у мережі {count} годину тому',
    few: 'у мережі {count} години тому',
    many: 'у мережі {count} годин тому',
    other: 'у мережі {count} години тому',
  },
  'presence.yesterday': 'у мережі вчора о {time}',
  'presence.days': {
    one: 'у мережі {count} день тому',
    few: 'у мережі {count} дні тому',
    many: 'у мережі {count} днів тому',
    other: 'у мережі {count} дня тому',
  },
  'presence.typing': 'пише…',
};
