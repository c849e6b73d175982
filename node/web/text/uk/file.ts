// Ukrainian: files, what is shown of them, voice messages.
import type { file as english } from '../en/file.ts';
import type { Said } from '../entry.ts';

export const file: Said<typeof english> = {
  'file.attach': 'Додати файли',
  'file.tray': 'Файли до надсилання',
  'file.remove': 'Прибрати {name}',
  'file.cancel': 'Скасувати {name}',
  'file.waiting': '{size} · очікує',
  'file.sending': '{done} із {total}',
  'file.progress': '{name}: скільки надіслано',
  'file.missing':
    'Перезавантаження перервало надсилання. Виберіть файл ще раз, і воно продовжиться з того самого місця.',
  'file.chooseAgain': 'Вибрати ще раз',
  'file.tooLong': '{size} — завеликий: тут можна надсилати файли до {limit}.',
  'file.drop': 'Відпустіть файли, щоб додати їх',
  'file.look': 'Показати {name}',
  'file.play': 'Відтворити {name}',
  'file.save': 'Зберегти {name}',

  'voice.record': 'Записати голосове повідомлення',
  'voice.recording': 'Запис',
  'voice.stop': 'Завершити запис',
  'voice.cancel': 'Відкинути запис',
  'voice.refused': 'Мікрофон недоступний. Дозвольте його для цієї сторінки в налаштуваннях браузера.',

  'viewer.close': 'Закрити',
  'viewer.nearer': 'Збільшити',
  'viewer.farther': 'Зменшити',
  'viewer.before': 'Попереднє',
  'viewer.after': 'Наступне',

  'shared.title': 'Спільне в розмові',
  'shared.photos': 'Фото',
  'shared.files': 'Файли',
  'shared.links': 'Посилання',
  'shared.noPhotos': 'Фото й відео ще немає.',
  'shared.noFiles': 'Файлів ще немає.',
  'shared.noLinks': 'Посилань ще немає.',
  'shared.older': 'Шукати раніше',

  'error.quota':
    'ваше місце для файлів вичерпано. Видаліть повідомлення з великими файлами або попросіть адміністратора додати місця.',
  'error.storeFull': 'у вашій філії зараз немає місця для файлів. Спробуйте пізніше.',
  'error.fileChanged': 'файл змінився під час надсилання. Додайте його знову, коли він більше не змінюватиметься.',
};
