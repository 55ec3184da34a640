// A visit by headless Chromium: chromium.mjs WHAT URL [SCREENSHOT].
//
// `page` waits until the built-in page's WebSocket has echoed; `visit` takes
// what is shown as it is; `fetch` and `websocket` are JavaScript on an empty
// page. Prints the page's text, what JavaScript gets, or Chromium's error, and
// exits with 0 if it was served. ONEPORT_SPKI is the hash of the one certificate
// that is trusted without its CA.

import { chromium } from "playwright-core";

const [what, url, screenshot] = process.argv.slice(2);
const word = "the same word";
const visits = {
  page(page) {
    return visits.visit(page, async () => {
      const status = page.locator("#ws-status", { hasText: /^echoed over/ });
      await status.waitFor({ timeout: 10_000 });
      // And once more, by hand.
      await page.fill("#ws-text", "typed by a visitor");
      await page.click("#ws-send");
      await page.locator("#ws-status", { hasText: "typed by a visitor" }).waitFor({ timeout: 10_000 });
      console.log("WebSocket echo works:", await page.locator(".tag").innerText());
    });
  },

  async visit(page, use = async () => {}) {
    const answer = await page.goto(url, { timeout: 20_000 });
    await use();
    console.log(await page.innerText("body"));
    console.log(answer.status(), answer.statusText());
    if (screenshot) await page.screenshot({ path: screenshot });
    return answer.ok();
  },

  async fetch(page) {
    const [status, text] = await page.evaluate(async (url) => {
      const answer = await fetch(url);
      return [answer.status, `${answer.status} ${answer.statusText} ${await answer.text()}`];
    }, url);
    console.log(text);
    return status === 200;
  },

  async websocket(page) {
    const heard = await page.evaluate(([url, word]) => new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.onopen = () => socket.send(word);
      socket.onmessage = (event) => resolve(event.data);
      socket.onclose = (event) => resolve(`close event: code ${event.code}, reason "${event.reason}"`);
    }), [url, word]);
    console.log(heard);
    return heard === word;
  },
};

const browser = await chromium.launch({
  executablePath: process.env.ONEPORT_CHROMIUM,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Whatever a browser likes to call, it is not at home.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    `--ignore-certificate-errors-spki-list=${process.env.ONEPORT_SPKI ?? ""}`,
  ],
});
const complaints = [];
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  // A violated policy or a broken script is a fault of the page.
  page.on("pageerror", (error) => complaints.push(`page error: ${error}`));
  page.on("console", (line) => line.type() === "error" && complaints.push(`console: ${line.text()}`));
  process.exitCode = (await visits[what](page)) ? 0 : 1;
} catch (error) {
  console.log(String(error));
  // Chromium's own words for a failed fetch() are on the console, a little later.
  for (let waits = 0; what === "fetch" && complaints.length === 0 && waits < 100; waits++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.exitCode = 1;
} finally {
  for (const line of complaints) console.log(line);
  await browser.close();
}
