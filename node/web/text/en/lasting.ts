// English: what of a message stays and what goes: messages that disappear, and reports that prove who wrote one.
import type { Area } from '../entry.ts';

export const lasting = {
  'timer.title': 'Disappearing messages',
  'timer.fact': 'Disappearing: {span}',
  'timer.factOff': 'Disappearing: off',
  'timer.field': 'Messages disappear',
  'timer.off': 'Off',
  'timer.after': '{span} after they are read',
  'timer.why':
    'It counts for what is written from now on, on the devices of everybody here; what was said before stays. Your own messages go when the first reader’s time is over; where nobody tells of reading, a day after sending counts as read.',
  'timer.limits': 'Whoever reads a message can still copy or photograph it.',
  'timer.save': 'Save',

  'report.menu': 'Report…',
  'report.title': 'Report this message',
  'report.proves':
    'This saves a file that proves to anybody who wrote the message: it holds what the sender’s device signed, and your network’s word on whose device that is. It is checked without any server.',
  'report.holds':
    'Whoever has the file reads this message and its last change, and can open a file that came with it. Nothing else of the conversation.',
  'report.limits':
    'It does not prove when the message was written, beyond the sender’s own clock, nor who sat at the device.',
  'report.private':
    'Nothing is sent to anybody, and the sender is not told. Whom you give the file is yours to decide.',
  'report.save': 'Save the report',
  'error.evidenceGone':
    'What the sender signed is not there any more, so nothing can prove this message. It was taken back, or its time was over.',
  'error.evidenceUnproven':
    'Nobody vouches for the sender’s keys as they were when this was written. A report would prove nothing.',
} as const satisfies Area;
