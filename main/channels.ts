/** The only three channels between a page and this process. */
export const channels = {
  /** The page listens: from now on it has an end of the bridge here. A second time: it was loaded anew. */
  attach: 'godwit:attach',
  toHost: 'godwit:to-host',
  toPage: 'godwit:to-page',
} as const;
