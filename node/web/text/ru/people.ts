// Russian: the list of conversations, finding people, presence.
import type { people as english } from '../en/people.ts';
import type { Said } from '../entry.ts';

export const people: Said<typeof english> = {
  'rail.label': 'Разговоры',
  'rail.search': 'Поиск',
  'rail.add': 'Новый разговор',
  'rail.draft': 'Черновик:',
  'rail.unread': {
    one: '{count} непрочитанное сообщение',
    few: '{count} непрочитанных сообщения',
    many: '{count} непрочитанных сообщений',
    other: '{count} непрочитанного сообщения',
  },
  'rail.pin': 'Закрепить вверху списка',
  'rail.unpin': 'Открепить',
  'rail.pinned': 'закреплено',
  'rail.logOut': 'Выйти',
  'rail.loggedInAs': 'Вы вошли как {address}',

  'empty.title': 'Здесь пока никого нет',
  'empty.teach': 'Нажмите + и введите имя пользователя коллеги.',
  'empty.choose': 'Выберите разговор или нажмите +, чтобы начать новый.',
  'empty.demo': 'Написать: {name}',
  'empty.demoHint': 'Чтобы ответить, откройте вторую страницу демонстрации.',

  'add.title': 'Новый разговор',
  'add.username': 'Имя пользователя коллеги',
  'add.hint': 'Имя пользователя вашего филиала или имя@филиал',
  'add.looking': 'Ищем…',
  'add.none': 'Никого с адресом {address} нет. Проверьте написание или добавьте филиал: {login}@филиал.',
  'add.self': 'Это вы. Введите имя пользователя коллеги.',
  'add.malformed': 'Имя пользователя состоит из строчных латинских букв, цифр, точек, дефисов и подчёркиваний.',
  'add.submit': 'Добавить',
  'add.open': 'Открыть',
  'add.cancel': 'Отмена',
  'add.branch': 'Филиал {realm}',

  'switch.title': 'Перейти к разговору',
  'switch.field': 'Имя или слова сообщения',
  'switch.none': 'Такого разговора нет.',

  'presence.online': 'в сети',
  'presence.offline': 'не в сети',
  'presence.minutes': {
    one: 'в сети {count} минуту назад',
    few: 'в сети {count} минуты назад',
    many: 'в сети {count} минут назад',
    other: 'в сети {count} минуты назад',
  },
  'presence.hours': {
    one: 'в сети {count} час назад',
    few: 'в сети {count} часа назад',
    many: 'в сети {count} часов назад',
    other: 'в сети {count} часа назад',
  },
  'presence.yesterday': 'в сети вчера в {time}',
  'presence.days': {
    one: 'в сети {count} день назад',
    few: 'в сети {count} дня назад',
    many: 'в сети {count} дней назад',
    other: 'в сети {count} дня назад',
  },
  'presence.typing': 'печатает…',
};
