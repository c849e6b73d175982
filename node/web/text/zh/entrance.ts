// Chinese: the way in: login, passwords, locked keys.
import type { entrance as english } from '../en/entrance.ts';
import type { Said } from '../entry.ts';

export const entrance: Said<typeof english> = {
  'app.name': 'Canopy',

  'login.title': '登录 Canopy',
  'login.at': '分支机构 {realm}',
  'login.username': '用户名',
  'login.usernameHint': '由管理员提供：clerk 或 clerk@{realm}',
  'login.password': '密码',
  'login.showPassword': '显示密码',
  'login.hidePassword': '隐藏密码',
  'login.submit': '登录',
  'login.checking': '正在核对密码…',
  'login.demo': '这是演示环境。{user} 的密码已显示在终端中。',
  'login.noUsername': '请输入用户名。',
  'login.noPassword': '请输入密码。',
  'login.ended': '会话已结束，请重新登录。',
  'login.wiped': '此设备已被注销，其中的数据已清除。如需继续使用，请重新登录。',
  'login.locked': '此浏览器中已没有您的密钥。输入密码即可重新打开。',

  'elsewhere.title': 'Canopy 已在另一个标签页中打开',
  'elsewhere.why': '同一时间只有一个标签页持有您的密钥。您在那里未写完的内容已保存。',
  'elsewhere.submit': '在此处使用',

  'locked.title': '解锁您的消息',
  'locked.why': '您的密码已被重置。以前的消息由只有您持有的密钥锁定，请输入恢复密钥。',
  'locked.key': '恢复密钥',
  'locked.keyHint': '共八组，每组五个字符，与打印件一致',
  'locked.noKey': '请输入恢复密钥。',
  'locked.submit': '解锁',
  'locked.unlocking': '正在解锁…',
  'locked.anew': '我没有恢复密钥',
  'locked.anewTitle': '使用新密钥重新开始？',
  'locked.anewWhy': '您将永远无法再阅读以前的内容。同事会收到您的密钥已更改的提示。',
  'locked.anewSubmit': '使用新密钥',
  'locked.anewCancel': '取消',

  'password.title': '设置您自己的密码',
  'password.why': '当前密码由管理员设置。新密码应当只有您知道。',
  'password.new': '新密码',
  'password.again': '再输入一次',
  'password.rule': { other: '至少 {count} 个字符。最好用几个只有您才会放在一起的词。' },
  'password.short': { other: '太短：至少需要 {count} 个字符。' },
  'password.long': { other: '太长：最多 {count} 个字符。' },
  'password.differ': '两次输入的密码不一致。',
  'password.same': '这是当前密码，请另选一个。',
  'password.submit': '保存密码',
  'password.setting': '正在保存密码…',

  'start.loading': '正在打开您的会话…',

  'login.idle': '由于长时间无人操作，已锁定。请登录后继续。',
  'login.branchLocked': '管理员已锁定此分支。解锁之前不显示任何内容，任何人都无法登录。',
  'login.deleted': '您的个人资料已删除，此浏览器中没有保留任何内容。',

  'older.title': '服务器上的密钥较旧',
  'older.cost':
    '继续的代价：比服务器副本新、且您的任何设备上都没有的内容将丢失，包括密钥、设置、草稿，以及只有这些密钥能打开的消息。您的其他设备需用密码重新登录。只有在管理员确认服务器是从旧副本恢复时，才请继续。',
  'older.submit': '用旧密钥继续',
  'older.going': '正在继续…',
  'older.wait': '稍后再登录',

  'unproven.title': '这个密码是您自己设置的吗？',
  'unproven.why': '它还不能打开您的消息。如果密码是别人给您的，请重新设置：知道它的人可能会读到您的消息。',
  'unproven.choose': '设置新密码',
  'unproven.accept': '这是我自己设置的',
};
