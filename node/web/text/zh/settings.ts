// Chinese: what a person sets.
import type { settings as english } from '../en/settings.ts';
import type { Said } from '../entry.ts';

export const settings: Said<typeof english> = {
  'theme.system': '主题：跟随系统',
  'theme.light': '主题：浅色',
  'theme.dark': '主题：深色',
  'theme.contrast': '主题：高对比度',

  'language.label': '语言',

  'settings.title': '设置',
  'settings.close': '关闭',
  'settings.save': '保存',
  'settings.saved': '已保存',
  'settings.cancel': '取消',
  'settings.profile': '个人资料',
  'settings.general': '通用',
  'settings.privacy': '隐私',
  'settings.devices': '设备',
  'settings.security': '安全',
  'settings.keys': '键盘',
  'settings.theme': '主题',
  'settings.themeSystem': '跟随系统',
  'settings.themeLight': '浅色',
  'settings.themeDark': '深色',
  'settings.themeContrast': '高对比度',
  'settings.idle': '无人操作时锁定',
  'settings.idleNever': '从不',
  'settings.idleMinutes': {
    other: '{count} 分钟后',
  },
  'settings.idleHint': '输入密码即可重新打开；期间收到的消息会等待。',

  'privacy.receipts': '让别人知道我读了什么',
  'privacy.receiptsHint': '关闭后，同事最多只看到两个勾；您仍能看到他们是否已读。',
  'privacy.presence': '让别人知道我何时在线',
  'privacy.presenceHint': '关闭后您显示为离线，别人看不到您上次在线的时间，也看不到您正在输入；您仍能看到别人。',
  'privacy.hidden': '管理员已对这里的所有人隐藏此项。',
  'privacy.server': '您所在分支的服务器要知道这两项才能投递消息；它不会告诉任何人。',
  'privacy.loading': '正在获取您的设置…',
  'privacy.blocked': '已屏蔽的人',
  'privacy.gone': '已无法找到的人',
  'privacy.since': '屏蔽于 {time}',
  'privacy.unblock': '取消屏蔽{name}',
  'privacy.nobody': '没有。可在对话详情底部屏蔽某人。',

  'notify.label': '此计算机上的通知',
  'notify.hint': 'Canopy 打开时由浏览器显示，不经过任何其他服务。',
  'notify.denied': '浏览器禁止此网站发送通知。请先在浏览器设置中允许。',
  'notify.unsupported': '此浏览器无法显示通知。',
  'notify.text': '显示发送者和内容',
  'notify.textHint': '关闭后，通知只提示有新消息。',
  'notify.new': '新消息',
};
