// Takes the pictures in docs/images/ of the page as it is: `make screenshots`.
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { mkdirSync, writeFileSync } from 'node:fs';
import { launch, demo, signIn } from './browser.mjs';

const acmeEU = 'project-live-7c1d2e3f-2222-4b4b-9c9c-abcdef012345';
const pages = { overview: '/', stream: `/streams/${acmeEU}/DATADOG`, activity: '/activity' };
const kinds = {
  light: { viewport: { width: 1140, height: 860 } },
  dark: { viewport: { width: 1140, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 380, height: 760 }, hasTouch: true, isMobile: true },
};
const [browser, served] = await Promise.all([launch(), demo()]);
for (const [kind, options] of Object.entries(kinds)) {
  const page = await browser.page(options);
  await signIn(page, served.scenes.usual, served.key);
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(served.scenes.usual + path);
    if (name === 'activity') {
      await page.getByText(/[1-9].* a second/).first().waitFor();
      await page.locator('.event summary', { hasText: 'PasswordsAuthenticate' }).first().click();
      await page.mouse.click(2, 2); // takes the focus away
    }
    const picture = await page.screenshot({ fullPage: name === 'stream' && kind !== 'phone' });
    mkdirSync('../../docs/images', { recursive: true });
    writeFileSync(`../../docs/images/${name}-${kind}.png`, packed(picture));
  }
}

// packed compresses a PNG anew. Chromium filters each row, which hides from the
// compression that the same letters come again and again.
function packed(png) {
  let header;
  const parts = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at), type = png.toString('latin1', at + 4, at + 8), data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = data;
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const [width, bytes] = [header.readUInt32BE(0), header[9] === 6 ? 4 : 3]; // a pixel's
  const rows = inflateSync(Buffer.concat(parts)), stride = width * bytes + 1;
  for (let row = 0; row < rows.length; row += stride) {
    const filter = rows[row];
    rows[row] = 0;
    for (let i = row + 1; i < row + stride; i++) {
      const left = i - row > bytes ? rows[i - bytes] : 0;
      const up = row > 0 ? rows[i - stride] : 0;
      const corner = row > 0 && i - row > bytes ? rows[i - stride - bytes] : 0;
      const [toLeft, toUp, toCorner] = [left, up, corner].map((near) => Math.abs(left + up - corner - near));
      const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
      rows[i] += [0, left, up, (left + up) >> 1, nearest][filter];
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = [Buffer.alloc(4), Buffer.alloc(4)];
    ends[0].writeUInt32BE(data.length);
    ends[1].writeUInt32BE(crc32(body));
    return Buffer.concat([ends[0], body, ends[1]]);
  };
  return Buffer.concat([png.subarray(0, 8), chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

await browser.close();
served.stop();
