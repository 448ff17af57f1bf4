import { defineConfig } from "@playwright/test";

/** Debian's Chromium, driven as it comes: `cargo xtask test` says where it is. */
const chromium = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "stories",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  // Every test has a server of its own, so any number may run at once.
  fullyParallel: true,
  workers: process.env.CI_WORKERS ? Number(process.env.CI_WORKERS) : 2,
  retries: 0,
  forbidOnly: true,
  // A story waits for what it expects, never for time; these bounds only end what hangs.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A name of somebody else that leads here: what DNS rebinding looks like from inside the browser.
        "--host-resolver-rules=MAP rebound.example 127.0.0.1",
      ],
    },
  },
});
