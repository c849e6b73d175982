// Chinese: what of a message stays and what goes.
import type { lasting as english } from '../en/lasting.ts';
import type { Said } from '../entry.ts';

export const lasting: Said<typeof english> = {
  'timer.title': '阅后消失',
  'timer.fact': '阅后消失：{span}',
  'timer.factOff': '阅后消失：关闭',
  'timer.field': '消息何时消失',
  'timer.off': '不消失',
  'timer.after': '阅读后 {span}',
  'timer.why':
    '只对此后写的消息有效，在所有人的设备上都会消失；以前的消息保留。您自己的消息在第一位读者的时限到后消失；如果没有人告知已读，则发送一天后视为已读。',
  'timer.limits': '读到消息的人仍然可以复制或拍照。',
  'timer.save': '保存',

  'report.menu': '举报…',
  'report.title': '举报这条消息',
  'report.proves':
    '将保存一个文件，向任何人证明这条消息是谁写的：其中有发送者的设备所签名的内容，以及您的网络对该设备归属的证明。核验时不需要服务器。',
  'report.holds':
    '拿到这个文件的人能读到这条消息和它的最后一次修改，并能打开随消息发来的文件。会话中的其他内容都读不到。',
  'report.limits': '它不能证明消息写于何时（只有发送者自己的时钟），也不能证明当时是谁在使用设备。',
  'report.private': '不会发送给任何人，发送者也不会知道。文件交给谁由您决定。',
  'report.save': '保存举报文件',
  'error.evidenceGone': '发送者签名的内容已经不在了，无法证明这条消息。它已被撤回，或时限已过。',
  'error.evidenceUnproven': '没有人为发送者当时的密钥作证，这样的举报证明不了什么。',
};
