// The whole life of a stream in the built collector, with scripts and without, and by
// the keyboard alone.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { launch, until } from './browser.mjs';
import { gateway, key, project } from './gateway.mjs';

const good = '0123456789abcdef0123456789ab9a02';
const rotated = '0123456789abcdef0123456789ab41cf';
const wrong = '00000000000000000000000000000bad';
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const arrived = (g, action) => g.arrived.filter((event) => event.action === action);

async function life(javaScriptEnabled) {
  const g = await gateway([good, rotated]);
  try {
    const page = await browser.page({ javaScriptEnabled });
    const says = async (text) => page.getByText(text).first().waitFor();
    const press = (name) => page.getByRole('button', { name, exact: true }).click();

    await page.goto(g.address + '/');
    assert.match(page.url(), /sign-in$/);
    await page.getByLabel('Workspace key ID').fill(key.id);
    await page.getByLabel('Secret').fill('wrong');
    await press('Sign in');
    await says('No workspace key has this ID and secret.');
    await page.getByLabel('Secret').fill(key.secret);
    await press('Sign in');
    await says('The first stream');

    // An event of a project without a stream is dropped, and shows that one is missing.
    assert.equal(await g.send('TooEarly'), 202);
    await page.reload();
    await says('sends events that no stream takes: 1 dropped');
    await page.getByRole('link', { name: 'Create stream' }).click();
    assert.equal(await page.getByRole('textbox', { name: 'Project' }).or(page.getByRole('combobox', { name: 'Project' })).first().inputValue(), project);

    await page.getByText('Datadog', { exact: true }).click();
    await page.getByLabel('Datadog API Key').fill(wrong);
    await press('Check without saving');
    await says('Datadog does not take these credentials: it answered 403');
    await page.getByLabel('Datadog API Key').fill(good);
    await press('Check without saving');
    await says('Datadog takes these credentials');
    assert.equal((await page.content()).includes(good), false, 'the key is not sent back');
    await press('Save and enable');
    await says('Saved and enabled: events stream from now on.');
    await page.getByRole('heading', { name: 'acme · test → Datadog' }).waitFor();

    assert.equal(await g.send('First'), 202);
    await until('the first event arrives', () => arrived(g, 'First').length === 1);
    assert.equal(arrived(g, 'TooEarly').length, 0);
    await press('Send test event');
    await says('Datadog took the test event: it answered 202');
    assert.equal(arrived(g, 'otelcol_stytch.test').length, 1);

    await press('Disable');
    await says('Disable acme · test → Datadog?');
    assert.equal(await page.locator('dialog').count(), javaScriptEnabled ? 1 : 0);
    await page.locator('#ask').getByRole('button', { name: 'Disable' }).click();
    await says('Disabled: events of this stream are dropped');
    assert.equal(await g.send('WhileDisabled'), 202);

    // With the key changed while it is disabled.
    await page.getByLabel('Datadog API Key').fill(rotated);
    await page.getByLabel('Datadog Site').selectOption('EU');
    await press('Save and enable');
    await says('Saved and enabled');
    await says('site US → EU');
    await says('key …9a02 → …41cf');
    assert.equal(await g.send('Second'), 202);
    await until('the second event arrives', () => arrived(g, 'Second').length === 1);
    assert.equal(arrived(g, 'Second')[0].key, rotated);
    assert.equal(arrived(g, 'WhileDisabled').length, 0);

    // The figures add up: 3 received, 2 delivered, 1 dropped.
    await until('the figures are shown', async () => {
      await page.goto(g.address + '/');
      const cells = await page.locator('.figures dd').allInnerTexts();
      return ['3', '2', '0', '1'].every((n, i) => cells[i + 1].startsWith(n));
    });

    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('heading', { name: 'Activity' }).waitFor();
    const row = page.locator('.event', { hasText: 'Second' });
    await row.locator('summary').click();
    await row.getByText('"email_address": "j•••@••••.com"').waitFor();
    assert.equal((await page.content()).includes('jane@'), false, 'personal data are masked');
    if (javaScriptEnabled) { // without, the page shows them when it is loaded again
      await g.send('Third');
      await page.locator('.event', { hasText: 'Third' }).waitFor();
      await press('Pause');
      await g.send('Fourth');
      await until('the fourth event arrives', () => arrived(g, 'Fourth').length === 1);
      assert.equal(await page.locator('.event', { hasText: 'Fourth' }).count(), 0);
      await press('Resume');
      await page.locator('.event', { hasText: 'Fourth' }).waitFor();
    }

    await page.getByRole('link', { name: 'Stream settings' }).click();
    await page.getByRole('switch', { name: 'acme test to Datadog' }).click();
    await page.locator('#ask').getByRole('button', { name: 'Disable' }).click();
    await says('Disabled: events of this stream are dropped');
    await page.getByRole('link', { name: 'acme', exact: true }).click();
    await page.getByRole('link', { name: 'Delete…' }).click();
    await says('terraform state rm');
    await page.getByLabel('Type acme to delete it').fill('acme');
    await page.locator('#ask').getByRole('button', { name: 'Delete' }).click();
    await says('Deleted: acme · test → Datadog.');
    await says('The first stream');

    await page.getByRole('link', { name: 'Changes' }).click();
    assert.deepEqual((await page.locator('.audit tbody td:nth-child(3)').allInnerTexts()).map((text) => text.split('\n')[0]),
      ['deleted', 'disabled', 'enabled', 'changed', 'disabled', 'enabled', 'created']);
    await press('Sign out');
    await page.goto(g.address + '/changes');
    assert.match(page.url(), /sign-in\?next=%2Fchanges$/);
    assert.deepEqual(page.complaints, []);
    for (const secret of [good, rotated, wrong, key.secret]) assert.equal(g.log().includes(secret), false, 'no secret is logged');
  } catch (error) {
    console.error(g.log().split('\n').slice(-20).join('\n'));
    throw error;
  } finally {
    await g.stop();
  }
}

test('a stream from its creation to its end', () => life(true));
test('the same without scripts', () => life(false));

test('the same by the keyboard alone', async () => {
  const g = await gateway([good]);
  try {
    const page = await browser.page();
    const focused = () => page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      return { text: e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent.trim(), outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
    });
    // to moves by the Tab key to what has this name, and sees that the focus shows.
    const to = async (name) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        const f = await focused();
        if (f.text.startsWith(name)) {
          assert.equal(f.outline, true, `the focus on ${name} is visible`);
          return;
        }
      }
      throw new Error('no Tab leads to ' + name);
    };
    await page.goto(g.address + '/');
    await page.locator('#id:focus').waitFor(); // by itself
    await page.keyboard.type(key.id);
    await page.keyboard.press('Tab');
    await page.keyboard.type(key.secret);
    await page.keyboard.press('Enter');
    await page.getByText('The first stream').waitFor();
    await page.keyboard.press('Tab');
    assert.equal((await focused()).text, 'Skip to the content');
    await page.keyboard.press('Enter');
    await to('Add a stream');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Add a stream' }).waitFor();
    await to('Project');
    await page.keyboard.type('acme/test');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space'); // Datadog
    await to('Datadog Site');
    await page.keyboard.type('EU');
    await to('Datadog API Key');
    await page.keyboard.type(good);
    await to('Check without saving');
    await page.keyboard.press('Enter');
    await page.getByText('Datadog takes these credentials').waitFor();
    await to('Save and enable');
    await page.keyboard.press('Enter');
    await page.getByText('Saved and enabled').waitFor();
    await to('Disable');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    assert.equal((await focused()).text, 'Disable', 'the dialog has the focus');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal((await focused()).text, 'Disable', 'and gives it back');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Disabled: events of this stream are dropped').waitFor();
    await to('Delete…');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.type('acme');
    await page.keyboard.press('Enter');
    await page.getByText('Deleted: acme · test → Datadog.').waitFor();
    assert.deepEqual(page.complaints, []);
  } finally {
    await g.stop();
  }
});
