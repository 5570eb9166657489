/** The scheme that the page is served on, from this program's own files. `godwit:` is for links from outside. */
export const pageScheme = 'godwit-app';
const pageOrigin = `${pageScheme}://page`;
export const pageUrl = `${pageOrigin}/index.html`;

/** Whether an address is the page's own; anything else is not navigated to, not loaded and not listened to. */
export function isPageAddress(address: string): boolean {
  try {
    const { protocol, host, username, password } = new URL(address);
    return protocol === `${pageScheme}:` && host === 'page' && username === '' && password === '';
  } catch {
    return false;
  }
}
