import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Wrong tokens until the real one is worth nothing either: nobody guesses 256 bits, so somebody is trying. */
const mostWrongTokens = 8;

/**
 * Who may speak to the bridge. The address that was printed holds a token that is good once. It is traded for two secrets:
 * one for a cookie that scripts do not see, one for the page itself. Cookies are shared by all ports of a host, so the
 * cookie alone proves nothing; the page's own store is not.
 */
export class UiSession {
  readonly token = randomBytes(32).toString('base64url');
  #tokenLeft = true;
  #wrong = 0;
  #cookie: string | undefined;
  #key: string | undefined;

  /** The two secrets, for the first who brings the token. */
  enter(token: string): { readonly cookie: string; readonly key: string } | undefined {
    if (!this.#tokenLeft) return undefined;
    if (!same(token, this.token)) {
      this.#wrong++;
      if (this.#wrong >= mostWrongTokens) this.#tokenLeft = false;
      return undefined;
    }
    this.#tokenLeft = false;
    const cookie = randomBytes(32).toString('base64url');
    const key = randomBytes(32).toString('base64url');
    this.#cookie = cookie;
    this.#key = key;
    return { cookie, key };
  }

  admits(cookie: string | undefined, key: string | undefined): boolean {
    if (this.#cookie === undefined || this.#key === undefined || cookie === undefined || key === undefined)
      return false;
    return same(cookie, this.#cookie) && same(key, this.#key);
  }
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
