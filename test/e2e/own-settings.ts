// What a person does in the settings, and how they leave.
import type { Page } from 'playwright-core';

export async function openSettings(page: Page, tab: string): Promise<void> {
  if (!(await page.getByRole('dialog', { name: 'Settings' }).isVisible()))
    await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('tab', { name: tab }).click();
}

export async function closeSettings(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** With everything erased that this browser holds. */
export async function logOut(page: Page): Promise<void> {
  await openSettings(page, 'Profile');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('dialog', { name: 'Log out?' }).getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
}
