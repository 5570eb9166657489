import type { Page } from 'playwright-core';
import { type Failure, failure } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { AskAnswer, AskRequest } from '../../../core/rpc/asks.ts';
import {
  type BridgeEventData,
  type BridgeEventName,
  type BridgeMethodName,
  type BridgeParams,
  type BridgeResult,
  type Link,
  readBridgeRequest,
  type Update,
} from '../../../core/rpc/bridge.ts';
import type { KeyFileLook } from '../../../core/rpc/key-files.ts';
import type { JourneyEntry, LogLine, ProfileEntry, Sample, Snapshot } from '../../../core/rpc/values.ts';

/** What a fake host has to say. */
export interface Scene {
  readonly link: Link;
  readonly snapshot: Snapshot;
  readonly samples: readonly Sample[];
  readonly journey: readonly JourneyEntry[];
  readonly log: readonly LogLine[];
  readonly profiles: readonly ProfileEntry[];
  readonly profileTexts: Readonly<Record<string, string>>;
  /** Asked as soon as the page listens. */
  readonly ask?: AskRequest;
  readonly update?: Update;
  /** Handed to the page as soon as it listens, as a file that the user opened. */
  readonly offer?: BridgeEventData<'import-offered'>;
  /** What any key file holds, and what opens it; without a password it lies open. */
  readonly keyFile?: { readonly password?: string; readonly look: KeyFileLook };
}

type Handlers = {
  readonly [M in BridgeMethodName]: (params: BridgeParams<M>) => Result<BridgeResult<M>, Failure>;
};

/**
 * Stands in for Electron's preload script and everything behind it: puts a line into a page, and answers from a scene. What
 * the page sends is read just as the real host reads it.
 */
export class FakeHost {
  scene: Scene;
  notices: string | undefined = `asn1js 4.0.0\n${'Permission is hereby granted …\n'.repeat(200)}`;
  readonly calls: { readonly method: string; readonly params: unknown }[] = [];
  readonly answers: AskAnswer[] = [];
  readonly refusals: Failure[] = [];
  #page: Page | undefined;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** Before the page goes anywhere. */
  async attach(page: Page): Promise<void> {
    this.#page = page;
    await page.exposeBinding('godwitSend', (_, message: string) => this.#receive(message));
    await page.exposeBinding('godwitReady', () => this.#ready());
    await page.addInitScript({
      content: `{
        let deliver = () => {};
        window.godwitDeliver = (message) => deliver(message);
        window.godwitLine = Object.freeze({
          send: (message) => { void window.godwitSend(message); },
          listen: (onMessage) => { deliver = onMessage; void window.godwitReady(); },
        });
      }`,
    });
  }

  async emit<E extends BridgeEventName>(event: E, data: BridgeEventData<E>): Promise<void> {
    await this.#deliver(JSON.stringify({ event, data }));
  }

  /** A new state of the daemon, kept and told. */
  async become(snapshot: Snapshot): Promise<void> {
    this.scene = { ...this.scene, snapshot };
    await this.emit('state', snapshot);
  }

  async ask(request: AskRequest, askId = 1): Promise<void> {
    await this.emit('ask', { askId, request, deadlineAt: Date.now() + 120_000 });
  }

  async #ready(): Promise<void> {
    await this.emit('link', this.scene.link);
    if (this.scene.ask !== undefined) await this.ask(this.scene.ask);
    if (this.scene.offer !== undefined) await this.emit('import-offered', this.scene.offer);
  }

  async #deliver(message: string): Promise<void> {
    await this.#page?.evaluate(`window.godwitDeliver(${JSON.stringify(message)})`).catch(() => undefined);
  }

  #receive(message: string): void {
    const request = readBridgeRequest(message);
    if (!request.ok) {
      this.refusals.push(request.error.error);
      return;
    }
    const { id, method, params } = request.value;
    this.calls.push({ method, params });
    const result = this.#answer(method, params);
    void this.#deliver(
      JSON.stringify(
        result.ok ? { id, ok: true, result: result.value } : { id, ok: false, error: result.error },
      ),
    );
  }

  #answer<M extends BridgeMethodName>(method: M, params: unknown): Result<unknown, Failure> {
    return this.#handlers[method](params as BridgeParams<M>);
  }

  readonly #handlers: Handlers = {
    version: () => ok({ version: '0.1.0', protocol: 1, pid: 1 }),
    status: () => ok({ snapshot: this.scene.snapshot }),
    profiles: () => ok({ profiles: [...this.scene.profiles] }),
    profile: ({ id }) => {
      const text = this.scene.profileTexts[id];
      const own = id.startsWith('own:');
      return text === undefined ? err(failure('profile.missing', { profile: id })) : ok({ text, own });
    },
    'save-profile': ({ id = 'own:new', text }) => {
      const { name, gateway } = JSON.parse(text);
      const entry: ProfileEntry = { id, file: 'new.json', name, gateway, own: true, failures: [] };
      const others = this.scene.profiles.filter((each) => each.id !== id);
      this.scene = {
        ...this.scene,
        profiles: [...others, entry],
        profileTexts: { ...this.scene.profileTexts, [id]: text },
      };
      return ok({ id });
    },
    'remove-profile': ({ id }) => {
      this.scene = { ...this.scene, profiles: this.scene.profiles.filter((each) => each.id !== id) };
      return ok({});
    },
    'look-into-key-file': ({ name, password }) => {
      const { keyFile } = this.scene;
      if (keyFile === undefined) return err(failure('credential.no-key', { file: name }));
      if (password === keyFile.password) return ok(keyFile.look);
      return password === undefined
        ? ok({ state: 'locked' })
        : err(failure('credential.password', { file: name }));
    },
    history: () => ok({ samples: [...this.scene.samples], journey: [...this.scene.journey] }),
    'log-tail': () => ok({ records: [...this.scene.log] }),
    subscribe: () => ok({ snapshot: this.scene.snapshot }),
    connect: () => ok({ attempt: 1 }),
    disconnect: () => ok({ wasUp: true }),
    answer: ({ answer }) => {
      this.answers.push(answer);
      return ok({});
    },
    host: () =>
      ok({
        kind: 'electron',
        version: '0.1.0',
        preferences: [
          { name: 'autostart', value: false },
          { name: 'notifications', value: true },
          { name: 'keep-in-tray', value: true },
          { name: 'ask-before-quit', value: true },
        ],
        update: this.scene.update ?? { state: 'off', why: 'package' },
      }),
    'reach-daemon': () => ok({}),
    notices: () =>
      this.notices === undefined
        ? err(failure('notices.missing', { file: '/THIRD-PARTY-NOTICES' }))
        : ok({ text: this.notices }),
    'check-for-updates': () => ok({ update: { state: 'checking' } }),
    'set-preference': ({ name, value }) => ok({ preferences: [{ name, value }] }),
  };
}
