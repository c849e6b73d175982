// Whatever opens over the pages, and how it is opened by keys.
import type { Locator } from 'playwright-core';
import { type FurnishedPage, GROUP } from './furnished-page.ts';
import { field, hasFocus, message } from './person-page.ts';

export interface Opening {
  readonly name: string;
  /** By axe, in another test or opened in another way. */
  readonly isSeenBefore?: boolean;
  /** What gets the focus back. */
  open(place: FurnishedPage): Promise<Locator>;
}

async function pressed(opener: Locator): Promise<Locator> {
  await opener.press('Enter');
  return opener;
}

function button({ page }: FurnishedPage, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

/** From the conversation with the engineer. */
function byButton(name: string): Opening {
  return {
    name,
    async open(place) {
      await place.goTo(place.demo.engineer.name);
      return pressed(button(place, name).first());
    },
  };
}

async function openDetails(place: FurnishedPage, name: string): Promise<void> {
  await place.goTo(name);
  if (!(await place.details().isVisible())) await button(place, 'Details').press('Enter');
  await place.details().waitFor();
}

function inDetails(name: string): Opening {
  return {
    name,
    async open(place) {
      await openDetails(place, place.demo.engineer.name);
      return pressed(button(place, name));
    },
  };
}

function inGroup(name: string): Opening {
  return {
    name: `${name}, of a group`,
    async open(place) {
      await openDetails(place, GROUP);
      return pressed(button(place, name));
    },
  };
}

/** By the menu of a message. */
function ofMessage(item: string, chat?: string): Opening {
  return {
    name: `${item}, of a message`,
    async open(place) {
      await place.goTo(chat ?? place.demo.engineer.name);
      const row = await place.toMessage(chat ? 'The stair is closed.' : 'Sheet one');
      await place.press('Enter');
      await place.page.getByRole('menuitem', { name: item }).press('Enter');
      return row;
    },
  };
}

function inSettings(tab: string, name: string): Opening {
  return {
    name: `${name}, in the settings`,
    async open(place) {
      await place.goTo(place.demo.engineer.name);
      await button(place, 'Settings').press('Enter');
      const settings = place.dialog('Settings');
      await settings.getByRole('tab', { name: tab }).click();
      return pressed(settings.getByRole('button', { name, exact: true }).first());
    },
  };
}

function newGroup(kind: string): Opening {
  return {
    name: kind,
    async open(place) {
      await place.goTo(place.demo.engineer.name);
      const opener = await pressed(button(place, 'New conversation'));
      await button(place, kind).press('Enter');
      await place.dialog(kind).waitFor();
      return opener;
    },
  };
}

const LOG_OUT: Opening = {
  name: 'Log out',
  async open(place) {
    await inSettings('Profile', 'Log out').open(place);
    await place.dialog('Log out?').waitFor();
    return button(place, 'Settings');
  },
};

const BY_TIME: Opening = {
  name: 'the path of a message, by its time',
  async open(place) {
    await place.goTo(place.demo.engineer.name);
    return pressed(
      message(place.page, 'Sheet one')
        .first()
        .getByRole('button', { name: /Path of the message/ }),
    );
  },
};

const SEARCH_IN: Opening = {
  name: 'what was found in a conversation',
  async open(place) {
    await place.goTo(place.demo.engineer.name);
    await place.press('Control+f');
    await place.page.getByRole('combobox').fill('sheet');
    await place.page.getByRole('option').nth(2).waitFor();
    return field(place.page);
  },
};

const VIEWER: Opening = {
  name: 'a picture',
  async open(place) {
    await place.goTo(place.demo.engineer.name);
    return pressed(place.picture('north.png'));
  },
};

const SEARCH: Opening = {
  name: 'Search',
  async open(place) {
    await place.goTo(place.demo.engineer.name);
    return pressed(place.page.locator('.rail').getByRole('button', { name: /^Search/ }));
  },
};

const SEEN_BEFORE: readonly Opening[] = [
  ...['New conversation', 'Settings'].map(byButton),
  SEARCH,
  VIEWER,
  newGroup('New group'),
  ...['React', 'Path of the message', 'Forward', 'Delete'].map((item) => ofMessage(item)),
  ...['Show safety number', 'Block'].map(inDetails),
  LOG_OUT,
];

export const OPENINGS: readonly Opening[] = [
  ...SEEN_BEFORE.map((opening) => ({ ...opening, isSeenBefore: true })),
  byButton('Emoji'),
  SEARCH_IN,
  BY_TIME,
  newGroup('News group'),
  ofMessage('Who has read it', GROUP),
  ...['Disappearing: off', 'Delete history', 'Remove contact'].map(inDetails),
  ...['Invite people', 'Rename', 'Leave the group'].map(inGroup),
  inSettings('Profile', 'Delete profile'),
  inSettings('Devices', 'Rename'),
];

/** Menus are left by Tab. */
export const MENUS: readonly Opening[] = [
  {
    name: 'the menu of a message',
    async open(place) {
      await place.goTo(place.demo.engineer.name);
      const row = await place.toMessage('Sheet one');
      await place.press('Enter');
      await hasFocus(place.page.getByRole('menuitem').first());
      return row;
    },
  },
  {
    name: 'the menu of a conversation',
    async open(place) {
      await place.goTo(place.demo.engineer.name);
      const link = place.link(GROUP);
      await link.focus();
      // what the menu key makes of it
      await link.dispatchEvent('contextmenu');
      await hasFocus(place.page.getByRole('menuitem').first());
      return link;
    },
  },
  {
    name: 'the menu of a member',
    async open(place) {
      await openDetails(place, GROUP);
      const opener = place.details().getByRole('button', { name: /^Actions for/ });
      await opener.press('Enter');
      await hasFocus(place.page.getByRole('menuitem').first());
      return opener;
    },
  },
];
