// Chinese: files, what is shown of them, voice messages.
import type { file as english } from '../en/file.ts';
import type { Said } from '../entry.ts';

export const file: Said<typeof english> = {
  'file.attach': '添加文件',
  'file.tray': '待发送的文件',
  'file.remove': '移除 {name}',
  'file.cancel': '取消 {name}',
  'file.waiting': '{size} · 等待中',
  'file.sending': '{done} / {total}',
  'file.progress': '{name}：发送进度',
  'file.missing': '重新加载中断了发送。请再次选择该文件，将从中断处继续。',
  'file.chooseAgain': '重新选择',
  'file.tooLong': '{size} 太大：此处最大可发送 {limit} 的文件。',
  'file.drop': '松开即可添加文件',
  'file.look': '查看 {name}',
  'file.play': '播放 {name}',
  'file.save': '保存 {name}',

  'voice.record': '录制语音消息',
  'voice.recording': '正在录音',
  'voice.stop': '完成录音',
  'voice.cancel': '放弃录音',
  'voice.refused': '无法使用麦克风。请在浏览器设置中允许此页面使用。',

  'viewer.close': '关闭',
  'viewer.nearer': '放大',
  'viewer.farther': '缩小',
  'viewer.before': '上一个',
  'viewer.after': '下一个',

  'shared.title': '共享内容',
  'shared.photos': '照片',
  'shared.files': '文件',
  'shared.links': '链接',
  'shared.noPhotos': '还没有照片或视频。',
  'shared.noFiles': '还没有文件。',
  'shared.noLinks': '还没有链接。',
  'shared.older': '查找更早的内容',

  'error.quota': '您的文件空间已用完。请删除带有大文件的消息，或请管理员增加空间。',
  'error.storeFull': '您所在分支目前没有存放文件的空间。请稍后再试。',
  'error.fileChanged': '文件在发送过程中发生了变化。请在文件不再变动后重新添加。',
};
