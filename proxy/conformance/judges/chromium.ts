import { chromiumPackage, ensureDebianPackages } from "@revenprox/cluster";
import { type Browser, chromium, type Page } from "playwright-core";
import { type PageOrigin, servePage } from "./browser-page.ts";
import {
  type Change,
  type Listener,
  type Opening,
  type PageName,
  patienceMs,
  type Reader,
  type Received,
} from "./judge.ts";
import { createRecorder, type Found } from "./recorder.ts";
import { answered } from "./verdict.ts";

const { program } = chromiumPackage;
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP *.localhost 127.0.0.1",
];
/** Milliseconds for what takes the browser a second on a quiet machine. */
const startTimeoutMs = 120_000;

/** The proxy under a name that only this stream uses: a browser has but six connections for one name and port. */
const ownName = (url: string, id: string): string => url.replace("//127.0.0.1:", `//stream-${id}.localhost:`);

/** The one browser of a run, with a page on each of two origins. */
export interface ChromiumJudge extends Reader {
  readonly version: string;
  readonly origins: Readonly<Record<"home" | "foreign", string>>;
  /** Evaluates an expression in the page of that origin. */
  evaluate<T>(page: "home" | "foreign", expression: string): Promise<T>;
  close(): Promise<void>;
}

const call = (name: string, ...values: readonly unknown[]): string =>
  `recorder.${name}(${values.map((value) => JSON.stringify(value)).join(", ")})`;

const listenerOn = (page: Page, id: string, leave: () => Promise<void>): Listener => ({
  take: async (count) =>
    answered("events", count, await page.evaluate<Found<Received>>(call("take", id, count, patienceMs))),
  changes: async (count) =>
    answered("changes", count, await page.evaluate<Found<Change>>(call("changes", id, count, patienceMs))),
  rest: () => page.evaluate(call("rest", id)),
  listen: (types) => page.evaluate(call("listen", id, types)),
  close: async () => {
    await page.evaluate(call("close", id));
    await leave();
  },
});

const stay = (): Promise<void> => Promise.resolve();

/** Starts Debian's Chromium, headless; installs it first where it is missing. */
export const startChromium = async (): Promise<ChromiumJudge> => {
  await ensureDebianPackages([chromiumPackage]);
  const browser: Browser = await chromium.launch({
    executablePath: program,
    headless: true,
    args: flags,
    timeout: startTimeoutMs,
  });
  // The TLS case has a certificate that it signed itself.
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  await context.addInitScript({ content: `globalThis.recorder = (${String(createRecorder)})();` });
  const opened = async (url: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(url, { timeout: startTimeoutMs });
    return page;
  };
  const servers: Readonly<Record<"home" | "foreign", PageOrigin>> = {
    home: await servePage(),
    foreign: await servePage(),
  };
  const pages = { home: await opened(servers.home.origin), foreign: await opened(servers.foreign.origin) };
  let count = 0;
  const pageFor = async (name: PageName, url: string): Promise<{ page: Page; leave: () => Promise<void> }> => {
    if (name !== "same") return { page: pages[name], leave: stay };
    // Any answer of the proxy's own origin is a page of that origin.
    const page = await opened(new URL("/health", url).href);
    return { page, leave: () => page.close() };
  };
  return {
    name: "chromium",
    version: browser.version(),
    origins: { home: servers.home.origin, foreign: servers.foreign.origin },
    evaluate: (name, expression) => pages[name].evaluate(expression),
    open: async (address, { types = [], page: name = "home", withCredentials = false }: Opening = {}) => {
      count += 1;
      const id = String(count);
      const url = ownName(address, id);
      const { page, leave } = await pageFor(name, url);
      const source = `new EventSource(${JSON.stringify(url)}, ${JSON.stringify({ withCredentials })})`;
      await page.evaluate(`recorder.open(${JSON.stringify(id)}, ${source}, ${JSON.stringify(types)})`);
      return listenerOn(page, id, leave);
    },
    close: async () => {
      await browser.close();
      await Promise.all([servers.home.close(), servers.foreign.close()]);
    },
  };
};
