import type { Line } from './bridge.ts';

/** The few things of a browser that the line needs; a test brings its own. */
export interface LoopbackSurroundings {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly location: { readonly hash: string; readonly pathname: string };
  readonly history: { replaceState(data: unknown, unused: string, url: string): void };
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem'>;
  /** A name that no other page has. */
  readonly newName: () => string;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
}

const keyName = 'godwit.key';
const retryMs = 1_000;
const mostUnsent = 64;

/**
 * The line to `godwit ui` in a browser: messages of the page are POSTs, those of the host come as lines of one long
 * response. The address holds a token behind its `#` that is good once; it is traded for a cookie that scripts do not see
 * and a key that only this page knows, and each request needs both.
 */
export function openLoopbackLine(around: LoopbackSurroundings): Line {
  const waiting: string[] = [];
  let onMessage = (message: string): void => void waiting.push(message);
  const page = around.newName();
  let key = around.sessionStorage.getItem(keyName) ?? undefined;

  /** Before the line stands nobody would take them. */
  const unsent: string[] = [];
  let opened = false;
  const transmit = (message: string) => void post('message', message).catch(() => undefined);

  const post = (path: string, body: string) =>
    around.fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'Content-Type': 'application/json',
        'Godwit-Page': page,
        ...(key === undefined ? {} : { 'Godwit-Key': key }),
      },
      body,
    });

  async function enter(): Promise<void> {
    const token = /^#token=([\w-]+)$/.exec(around.location.hash)?.[1];
    if (token === undefined) return;
    around.history.replaceState(undefined, '', around.location.pathname);
    const answer = await post('session', JSON.stringify({ token }));
    if (!answer.ok) return;
    const given = keyIn(await answer.json());
    if (given === undefined) return;
    key = given;
    around.sessionStorage.setItem(keyName, given);
  }

  async function read(): Promise<void> {
    const response = await post('events', '');
    if (response.status === 401) {
      onMessage(unreachable('the page was opened without its one-time address'));
      return;
    }
    if (!response.ok || response.body === null) throw new Error('no events');
    opened = true;
    for (const message of unsent.splice(0)) transmit(message);
    await eachLine(response.body, (line) => onMessage(line));
    throw new Error('the host closed the line');
  }

  const follow = (): void => {
    read().catch(() => {
      opened = false;
      onMessage(unreachable('the command `godwit ui` has ended'));
      around.setTimeout(follow, retryMs);
    });
  };
  void enter()
    .catch(() => undefined)
    .then(follow);

  return {
    send: (message) => {
      if (opened) transmit(message);
      else if (unsent.length < mostUnsent) unsent.push(message);
    },
    listen: (listener) => {
      onMessage = listener;
      for (const message of waiting.splice(0)) listener(message);
    },
  };
}

function keyIn(body: unknown): string | undefined {
  const found = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** Calls `onLine` for each line of the stream that is not empty, until it ends. */
async function eachLine(
  stream: NonNullable<Response['body']>,
  onLine: (line: string) => void,
): Promise<void> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  }
}

/** In the words of the bridge, as the host would say it. */
function unreachable(reason: string): string {
  const error = { code: 'ui.line-lost', family: 'local-refused', detail: { reason } };
  return JSON.stringify({ event: 'link', data: { state: 'down', error } });
}
