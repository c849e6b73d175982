// Russian: files, what is shown of them, voice messages.
import type { file as english } from '../en/file.ts';
import type { Said } from '../entry.ts';

export const file: Said<typeof english> = {
  'file.attach': 'Прикрепить файлы',
  'file.tray': 'Файлы к отправке',
  'file.remove': 'Убрать {name}',
  'file.cancel': 'Отменить {name}',
  'file.waiting': '{size} · ожидает',
  'file.sending': '{done} из {total}',
  'file.progress': '{name}: сколько отправлено',
  'file.missing': 'Перезагрузка прервала отправку. Выберите файл ещё раз, и она продолжится с того же места.',
  'file.chooseAgain': 'Выбрать ещё раз',
  'file.tooLong': '{size} — слишком большой: здесь можно отправлять файлы до {limit}.',
  'file.drop': 'Отпустите файлы, чтобы прикрепить их',
  'file.look': 'Показать {name}',
  'file.play': 'Воспроизвести {name}',
  'file.save': 'Сохранить {name}',

  'voice.record': 'Записать голосовое сообщение',
  'voice.recording': 'Запись',
  'voice.stop': 'Завершить запись',
  'voice.cancel': 'Удалить запись',
  'voice.refused': 'Микрофон недоступен. Разрешите его для этой страницы в настройках браузера.',

  'viewer.close': 'Закрыть',
  'viewer.nearer': 'Увеличить',
  'viewer.farther': 'Уменьшить',
  'viewer.before': 'Предыдущее',
  'viewer.after': 'Следующее',

  'shared.title': 'Общее в беседе',
  'shared.photos': 'Фото',
  'shared.files': 'Файлы',
  'shared.links': 'Ссылки',
  'shared.noPhotos': 'Фото и видео пока нет.',
  'shared.noFiles': 'Файлов пока нет.',
  'shared.noLinks': 'Ссылок пока нет.',
  'shared.older': 'Искать раньше',

  'error.quota':
    'ваше место для файлов исчерпано. Удалите сообщения с большими файлами или попросите администратора добавить места.',
  'error.storeFull': 'в вашем филиале сейчас нет места для файлов. Попробуйте позже.',
  'error.fileChanged': 'файл изменился во время отправки. Прикрепите его снова, когда он больше не будет меняться.',
};
