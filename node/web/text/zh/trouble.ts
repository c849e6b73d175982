// Chinese: what is the matter, and what to do.
import type { trouble as english } from '../en/trouble.ts';
import type { Said } from '../entry.ts';

export const trouble: Said<typeof english> = {
  'islands.one': { other: '分支 {realm} 自 {time} 起无法连接，{count} 条消息在排队。本地聊天正常。' },
  'islands.oneIdle': '分支 {realm} 自 {time} 起无法连接。本地聊天正常。',
  'islands.frozen': '分支 {realm} 已被其管理员封锁。您写给它的内容会保留。',
  'islands.several': { other: '{count} 个其他分支无法连接，排队消息：{queued} 条。本地聊天正常。' },
  'islands.alone': '您的分支自 {time} 起无法连接任何其他分支，排队消息：{queued} 条。本地聊天正常。',

  'connection.connecting': '正在连接您的分支…',
  'connection.offline': '您分支的服务器没有响应。正在重新连接…',
  'connection.queued': { other: '{count} 条消息在此等待，会自动发出。' },
  'connection.noNetwork': '此计算机没有网络。网络恢复后会自动连接…',

  'trouble.full': '此浏览器已没有存储空间。新内容会显示，但不会保存在这里：请在计算机上腾出一些空间。',
  'trouble.notStored': '浏览器未能保存新内容。它们仍在您分支的服务器上，之后会重新送达。',
  'trouble.clock': '此计算机的时钟不准：显示 {wrong}，而您的分支现在是 {right}。消息仍按分支的时间和顺序显示。',
  'trouble.unproven': '您的密码可以登录，但还不能打开您的消息。',
  'trouble.unprovenLook': '前往处理',
  'trouble.newer': 'Canopy 有新版本可用。您已输入的内容会保留。',
  'trouble.reload': '重新加载',

  'error.loginRefused': '用户名或密码错误。请检查两者；密码区分大小写。',
  'error.loginBackoff': { other: '尝试次数过多。请在 {count} 秒后再试。' },
  'error.accountDisabled': '此帐户已停用。请联系管理员。',
  'error.loginBusy': '当前登录的人很多，请稍后再试。',
  'error.unreachable': '您分支的服务器没有响应。请检查此计算机的网络后重试。',
  'error.tooLong': '超出一条消息的长度。请分几条发送。',
  'error.conflict': '另一条消息使用了相同的编号。请重新发送。',
  'error.noRecipient': '收件人已不存在。',
  'error.noRoom': '浏览器已没有存储空间，因此没有发送。您写的文字仍在输入框中：请在计算机上腾出一些空间后再发送。',
  'error.diskFull': '您分支服务器的磁盘已满。没有发送任何内容；请告知管理员。',
  'error.storeDamaged': '您分支服务器的部分数据已损坏，无法显示。请告知管理员。',
  'error.pictureUnreadable': '无法将此文件读作图片，请另选一个。',
  'error.readOnly': '您分支的服务器目前不写入数据。请稍后再试，或询问管理员。',
  'error.lookupRate': '您在短时间内查找了太多人。请一分钟后再试。',
  'error.noWay': '目前无法连接该分支，因此查不到那里的人。请稍后再试。',
  'error.timeout': '该分支未及时响应。请稍后再试。',
  'error.destinationForbidden': '管理员不允许向该分支发送消息。',
  'error.trustScope': '与该分支的协议不包括你们之间的消息。请询问管理员。',
  'error.expired': '消息在送达之前已过期。',
  'error.recoveryKey': '这不是恢复密钥。请与打印件逐组核对。',
  'error.recoveryWrong': '此恢复密钥无法打开您的消息。它是最新的吗？',
  'error.loginAgain': '时间过长，请重新登录。',
  'error.vaultRolledBack':
    '您分支的服务器出示的密钥比此浏览器所知的旧；它可能是从旧副本恢复的。请在您的其他设备上打开 Canopy，然后在此重新登录：存有新密钥的设备会把它们交还。如果没有这样的设备，请联系管理员。',
  'error.vaultForked':
    '您分支的服务器出示的密钥并非来自此浏览器所知的密钥。没有打开任何内容。请告知管理员：服务器是从旧副本恢复的，或者不可信任。',
  'error.vaultGone': '您分支的服务器不再有您的密钥。没有打开任何内容。请告知管理员：它可能是从旧副本恢复的。',
  'error.vaultRefused':
    '您分支的服务器出示的密钥与此浏览器所知的不同。没有打开任何内容；请把这个代码告诉管理员：{code}。',
  'error.recipientNoDevice': '收件人尚未登录过。对方登录后即可发送您的消息。',
  'error.sessionEnded': '会话已结束，请重新登录。',
  'error.other': '出了点问题（{code}）。请重试；如果问题依旧，请把这个代码告诉管理员。',

  'error.deviceIsThis': '这是您正在使用的设备。请改为退出登录。',
  'error.freshLogin': '此操作要求在最近 15 分钟内登录过。请退出并重新登录后再试。',
  'error.identityOther': '密钥再次更改。请关闭后重新核对。',
  'error.identityUnproven': '没有人为这些密钥担保，因此未使用。请告知管理员。',
};
