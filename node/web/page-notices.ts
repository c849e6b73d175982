// Notifications by the browser itself: no service of anybody else is asked.
import type { NoticeBoard } from './model/notifications.ts';

export function pageNotices(): NoticeBoard {
  if (!('Notification' in window)) {
    return { permission: 'unsupported', ask: async () => 'unsupported', show: () => undefined };
  }
  return {
    permission: Notification.permission,
    ask: () => Notification.requestPermission(),
    show: ({ title, body, tag, onClick }) => {
      const shown = new Notification(title, { body, tag, icon: '/icons/canopy-192.png' });
      shown.addEventListener('click', () => {
        window.focus();
        shown.close();
        onClick();
      });
    },
  };
}
