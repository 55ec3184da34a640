// A visit by headless Chromium: chromium.mjs page|refused URL SCREENSHOT.
//
// `page` waits until the built-in page's WebSocket has echoed; `refused` takes
// what is shown as it is. Prints the page's text, or Chromium's error, and
// exits with 0 if a page was served. ONEPORT_SPKI is the hash of the one
// certificate that is trusted without its CA.

import { createRequire } from "node:module";

// The package is not next to this file.
const require = createRequire(process.env.ONEPORT_NODE_MODULES + "/");
const { chromium } = require("playwright-core");

const [what, url, screenshot] = process.argv.slice(2);
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
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  // A violated policy or a broken script is a fault of the page.
  page.on("pageerror", (error) => console.log("page error:", String(error)));
  page.on("console", (line) => line.type() === "error" && console.log("console:", line.text()));
  const answer = await page.goto(url, { timeout: 20_000 });
  console.log(answer.status(), answer.statusText());
  if (what === "page") {
    const status = page.locator("#ws-status", { hasText: /^echoed over/ });
    await status.waitFor({ timeout: 10_000 });
    // And once more, by hand.
    await page.fill("#ws-text", "typed by a visitor");
    await page.click("#ws-send");
    await page.locator("#ws-status", { hasText: "typed by a visitor" }).waitFor({ timeout: 10_000 });
    console.log("WebSocket echo works:", await page.locator(".tag").innerText());
  }
  console.log(await page.innerText("body"));
  await page.screenshot({ path: screenshot });
  process.exitCode = answer.ok() ? 0 : 1;
} catch (error) {
  console.log(String(error));
  process.exitCode = 1;
} finally {
  await browser.close();
}
