// Chinese: the list of conversations, finding people, presence.
import type { people as english } from '../en/people.ts';
import type { Said } from '../entry.ts';

export const people: Said<typeof english> = {
  'rail.label': '会话',
  'rail.search': '搜索',
  'rail.add': '新会话',
  'rail.draft': '草稿：',
  'rail.unread': { other: '{count} 条未读消息' },
  'rail.pin': '在列表中置顶',
  'rail.unpin': '取消置顶',
  'rail.pinned': '已置顶',
  'rail.logOut': '退出登录',
  'rail.loggedInAs': '已登录为 {address}',

  'empty.title': '这里还没有人',
  'empty.teach': '按 + 并输入同事的用户名。',
  'empty.choose': '选择一个会话，或按 + 开始新会话。',
  'empty.demo': '写消息给 {name}',
  'empty.demoHint': '打开演示的另一个页面即可回复。',

  'add.title': '新会话',
  'add.username': '同事的用户名',
  'add.hint': '本分支的用户名，或 用户名@分支',
  'add.looking': '正在查找…',
  'add.none': '没有地址为 {address} 的用户。请检查拼写，或加上分支：{login}@分支。',
  'add.self': '这是您自己。请输入同事的用户名。',
  'add.malformed': '用户名由小写字母、数字、点、连字符和下划线组成。',
  'add.submit': '添加',
  'add.open': '打开',
  'add.cancel': '取消',
  'add.branch': '分支机构 {realm}',

  'switch.title': '转到会话',
  'switch.field': '姓名或消息内容',
  'switch.none': '没有匹配的会话。',

  'presence.online': '在线',
  'presence.offline': '离线',
  'presence.minutes': { other: '{count} 分钟前在线' },
  'presence.hours': { other: '{count} 小时前在线' },
  'presence.yesterday': '昨天 {time} 在线',
  'presence.days': { other: '{count} 天前在线' },
  'presence.typing': '正在输入…',
};
