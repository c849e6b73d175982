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
