import { expect } from 'vitest';
import type { Process } from './processes.ts';

/** Asks as the page does: signs in with the address that was printed, then by cookie. */
export class Page {
  readonly #address: URL;
  readonly #cookie: string;
  /** All that was ever sent. */
  readonly texts: string[] = [];

  private constructor(address: URL, cookie: string) {
    this.#address = address;
    this.#cookie = cookie;
  }

  static async open(inspector: Process): Promise<Page> {
    await inspector.says(/"url"/);
    const { url }: { readonly url: string } = JSON.parse(inspector.lines[0] ?? '{}');
    const signedIn = await fetch(url, { redirect: 'manual' });
    const page = new Page(new URL(url), (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '');
    await page.get('/');
    return page;
  }

  get port(): string {
    return this.#address.port;
  }

  async get(path: string): Promise<string> {
    const response = await fetch(new URL(path, this.#address), { headers: { cookie: this.#cookie } });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    this.texts.push(text);
    return text;
  }

  async states(): Promise<ReadonlyMap<string, string>> {
    const {
      actors,
    }: { readonly actors: readonly { readonly key: string; readonly standing: { readonly state: string } }[] } =
      JSON.parse(await this.get('/api/actors'));
    return new Map(actors.map(({ key, standing }) => [key, standing.state]));
  }
}
