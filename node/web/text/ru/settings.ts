// Russian: what a person sets.
import type { settings as english } from '../en/settings.ts';
import type { Said } from '../entry.ts';

export const settings: Said<typeof english> = {
  'theme.system': 'Тема: как в системе',
  'theme.light': 'Тема: светлая',
  'theme.dark': 'Тема: тёмная',
  'theme.contrast': 'Тема: высокая контрастность',

  'language.label': 'Язык',

  'settings.title': 'Настройки',
  'settings.close': 'Закрыть',
  'settings.save': 'Сохранить',
  'settings.saved': 'Сохранено',
  'settings.cancel': 'Отмена',
  'settings.profile': 'Профиль',
  'settings.general': 'Общие',
  'settings.privacy': 'Приватность',
  'settings.devices': 'Устройства',
  'settings.security': 'Безопасность',
  'settings.keys': 'Клавиатура',
  'settings.theme': 'Тема',
  'settings.themeSystem': 'Как в системе',
  'settings.themeLight': 'Светлая',
  'settings.themeDark': 'Тёмная',
  'settings.themeContrast': 'Высокая контрастность',
  'settings.idle': 'Блокировать, когда никого нет',
  'settings.idleNever': 'Никогда',
  'settings.idleMinutes': {
    one: 'Через {count} минуту',
    few: 'Через {count} минуты',
    many: 'Через {count} минут',
    other: 'Через {count} минуты',
  },
  'settings.idleHint': 'Открыть можно будет паролем; новые сообщения тем временем подождут.',

  'privacy.receipts': 'Показывать другим, что я прочёл или прочла',
  'privacy.receiptsHint':
    'Если выключено, коллеги видят не больше двух галочек. Вы по-прежнему видите, что прочли они.',
  'privacy.presence': 'Показывать другим, когда я в сети',
  'privacy.presenceHint':
    'Если выключено, вы как будто не в сети: никто не видит, когда вы были здесь в последний раз и что вы пишете. Вы по-прежнему видите других.',
  'privacy.hidden': 'Администратор скрывает это для всех здесь.',
  'privacy.server':
    'Серверу вашего филиала нужно знать и то, и другое, чтобы доставлять ваши сообщения; он никому не говорит.',
  'privacy.loading': 'Запрашиваем ваши настройки…',
  'privacy.blocked': 'Заблокированные люди',
  'privacy.gone': 'Человек, которого больше нельзя найти',
  'privacy.since': 'заблокирован {time}',
  'privacy.unblock': 'Разблокировать: {name}',
  'privacy.nobody': 'Никого. Заблокировать человека можно внизу подробностей разговора.',

  'notify.label': 'Уведомления на этом компьютере',
  'notify.hint': 'Их показывает ваш браузер, пока Canopy открыт, без каких-либо других служб.',
  'notify.denied': 'Ваш браузер запрещает их для этого сайта. Сначала разрешите их в его настройках.',
  'notify.unsupported': 'Этот браузер не умеет их показывать.',
  'notify.text': 'Показывать, кто пишет и что именно',
  'notify.textHint': 'Если выключено, уведомление говорит только, что есть что-то новое.',
  'notify.new': 'Новое сообщение',
};
