// Starts what the tests and the screenshots share: Chromium, and the page with streams
// in every state (TestDemo of the package page).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// launch starts Chromium with an empty profile. Nothing of it leaves the machine.
export async function launch() {
  const home = mkdtempSync(join(tmpdir(), 'page-browser-'));
  const contexts = [];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    env: { ...process.env, HOME: home },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return {
    // page opens a tab in a profile of its own. It keeps what the page complains of.
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce', ...options });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.complaints = [];
      page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('status of 4')) page.complaints.push(message.text()); });
      page.on('pageerror', (error) => page.complaints.push(String(error)));
      page.on('dialog', (dialog) => { page.complaints.push('dialog: ' + dialog.message()); dialog.dismiss(); });
      return page;
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

// demo starts the page. Its scenes are addresses by name.
export async function demo() {
  const child = spawn(process.env.DEMO || '../../build/page-demo', ['-test.run', '^TestDemo$', '-test.timeout', '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const scenes = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, name, value] = line.split(' ');
    if (word === 'scene') scenes[name] = value;
    if (word === 'ready') return { scenes, key: { id: name, secret: value }, stop: () => child.kill() };
  }
  throw new Error('the demo has ended');
}

export async function signIn(page, address, key) {
  await page.goto(address + '/sign-in');
  await page.getByLabel('Workspace key ID').fill(key.id);
  await page.getByLabel('Secret').fill(key.secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(address + '/');
}

// until waits for a condition.
export async function until(what, condition) {
  for (let i = 0; i < 300; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('30 s have passed without: ' + what);
}
