// What every page must be: without errors of accessibility, in both themes, no wider
// than a phone, and proof against what others write into it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { launch, demo, signIn, until } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const acme = 'project-live-5a3c1f0e-1111-4a4a-8b8b-0123456789ab';
const acmeEU = 'project-live-7c1d2e3f-2222-4b4b-9c9c-abcdef012345';
const beta = 'project-test-0f9e8d7c-3333-4c4c-8d8d-9876543210fe';
const hostile = encodeURIComponent('project-live-<script>alert(1)</script>');
const pages = [
  ['usual', '/'], ['usual', `/streams/${acmeEU}/DATADOG`], ['usual', `/streams/${beta}/GRAFANA_LOKI`], ['usual', '/streams/new'],
  ['usual', `/streams/${acme}/DATADOG/disable`], ['usual', `/streams/${beta}/GRAFANA_LOKI/delete`], ['usual', '/activity'], ['usual', '/changes'], ['usual', '/unknown'],
  ['empty', '/'], ['empty', '/activity'], ['empty', '/changes'], ['many', '/'], ['follower', '/'], ['follower', `/streams/${beta}/GRAFANA_LOKI`], ['unknown', '/'],
  ['hostile', '/'], ['hostile', `/streams/${hostile}/GRAFANA_LOKI`], ['hostile', '/activity'], ['hostile', '/changes'],
];
let browser, served;
before(async () => { [browser, served] = await Promise.all([launch(), demo()]); });
after(async () => { served.stop(); await browser.close(); });

// visit goes to every page, signed in, and to the sign-in.
async function visit(page, look) {
  await page.goto(served.scenes.usual + '/sign-in');
  await look('/sign-in');
  let last;
  for (const [scene, path] of pages) {
    if (scene !== last) await signIn(page, served.scenes[last = scene], served.key);
    await page.goto(served.scenes[scene] + path);
    await look(scene + ' ' + path);
  }
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious in the ${colorScheme} theme`, async () => {
    const page = await browser.page({ colorScheme, bypassCSP: true }); // axe is a script of ours
    const found = [];
    await visit(page, async (name) => {
      for (const event of await page.locator('.event summary').all()) { await event.click(); break; }
      await page.evaluate(axe);
      // Only colours differ between the themes.
      const runOnly = colorScheme === 'dark' ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } : ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await page.evaluate((runOnly) => axe.run({ runOnly }), runOnly);
      for (const v of violations) {
        if (['serious', 'critical', 'moderate'].includes(v.impact)) found.push(`${name}: ${v.id}: ${v.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' | ')}`);
      }
    });
    assert.deepEqual(found, []);
  });
}

test('nothing scrolls sideways at 360 px', async () => {
  const page = await browser.page({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  const wide = [];
  await visit(page, async (name) => {
    for (const event of await page.locator('.event summary').all()) { await event.click(); break; }
    const widest = await page.evaluate(() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > 361 && !e.closest('pre, .unseen, thead, .skip, nav')).map((e) => e.outerHTML.slice(0, 100))]);
    if (widest[0] > 360 || widest.length > 1) wide.push([name, ...widest]);
  });
  assert.deepEqual(wide, []);
  assert.deepEqual(page.complaints, []);
});

test('what others write is shown as text', async () => {
  const page = await browser.page();
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
  });
  await visit(page, async (name) => {
    assert.deepEqual(await page.evaluate(() => window.violations), [], name);
    assert.equal(await page.locator('script:not([src]), img, [onerror]').count(), 0, name);
  });
  await page.goto(served.scenes.hostile + '/');
  await page.getByText('<html><script>alert(1)</script><h1>Bad gateway</h1>').first().waitFor();
  await page.getByRole('switch').click(); // a dialog with the same texts
  await page.locator('dialog').getByText('<script>alert(1)</script>').first().waitFor();
  await page.goto(served.scenes.hostile + `/streams/${hostile}/GRAFANA_LOKI`);
  await page.getByRole('button', { name: 'Send test event' }).click();
  await page.getByText('did not take the test event').waitFor();
  await page.goto(served.scenes.hostile + '/activity');
  await page.locator('.event', { hasText: 'Large' }).locator('summary').click();
  assert.ok((await page.locator('.event', { hasText: 'Large' }).locator('pre').innerText()).length > 0);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(page.complaints, []);
});

// The figures change by themselves, without touching what has the focus.
test('a page that is open stays fresh', async () => {
  const page = await browser.page();
  await signIn(page, served.scenes.usual, served.key);
  await page.getByRole('switch', { name: 'acme production to Datadog' }).focus();
  await page.getByRole('searchbox').fill('typed');
  await page.getByRole('switch', { name: 'acme production to Datadog' }).focus();
  const element = await page.getByRole('switch', { name: 'acme production to Datadog' }).elementHandle();
  const delivered = () => page.locator('#rows [data-label=Delivered]').first().innerText();
  const before = await delivered();
  await until('the number of delivered events changes', async () => await delivered() !== before);
  assert.equal(await page.evaluate((e) => document.activeElement === e, element), true);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'typed');
  assert.deepEqual(page.complaints, []);
});
