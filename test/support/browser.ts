import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {type BrowserContext, chromium} from 'playwright-core';

/** Debian's package chromium. */
const CHROMIUM = '/usr/bin/chromium';
/** It must not connect to anything but the page under test. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser with a new profile, without cookies and cache, which is removed when the result is disposed of. */
export async function freshBrowser(): Promise<{context: BrowserContext} & AsyncDisposable> {
  const profile = await mkdtemp(`${tmpdir()}/hw5-browser-`);
  const context = await chromium.launchPersistentContext(profile, {executablePath: CHROMIUM, headless: true, args: QUIET});
  context.setDefaultTimeout(60_000);
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, {recursive: true, force: true, maxRetries: 5});
    },
  };
}
