import { decodeBase64, encodeBase64 } from '../../core/base/base64.ts';
import type { Failure } from '../../core/base/errors.ts';
import { limits } from '../../core/base/limits.ts';
import { ok, type Result } from '../../core/base/result.ts';
import type { AskAnswer } from '../../core/rpc/asks.ts';
import type { BridgeResult, PreferenceName, ViewName } from '../../core/rpc/bridge.ts';
import type { ProfileSource } from '../../core/rpc/schema.ts';
import { usableProfiles } from '../../core/rpc/usable-profiles.ts';
import type { Snapshot } from '../../core/rpc/values.ts';
import type { Bridge } from '../bridge/bridge.ts';
import type { AppState, OfferedFile, Proof } from './state.ts';
import type { Store } from './store.ts';

/** What the page needs of its surroundings besides the bridge. */
export interface Surroundings {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** What the page remembers between visits; `undefined` for nothing. */
  remember(key: string, value: string | undefined): void;
  recall(key: string): string | undefined;
}

/** Keeps the state of the page true to what the daemon says, and carries out what the user wants. */
export class PageSession {
  readonly #bridge: Bridge;
  readonly #store: Store<AppState>;
  readonly #around: Surroundings;
  /** The profile that the host wants connected as soon as the daemon is reached. */
  #wanted: string | undefined;

  constructor(bridge: Bridge, store: Store<AppState>, around: Surroundings) {
    this.#bridge = bridge;
    this.#store = store;
    this.#around = around;
    const chosen = around.recall('profile');
    if (chosen !== undefined) store.set({ chosen });
    this.#listen();
    void bridge.call('host', {}).then((host) => {
      if (host.ok) store.set({ host: host.value });
    });
  }

  #listen(): void {
    const bridge = this.#bridge;
    const store = this.#store;
    bridge.on('link', (link) => {
      store.set({ link });
      if (link.state === 'up') void this.#catchUp().then(() => this.#connectWanted());
      // The daemon that asked is gone, and what it asked with it.
      else store.set({ asks: [], busy: false });
    });
    bridge.on('state', (snapshot) => this.#onSnapshot(snapshot));
    bridge.on('sample', (sample) => {
      const samples = appended(store.get().samples, sample, limits.samplesKept);
      store.set({ samples, proof: this.#proofOf(sample.provenAgeMs) });
    });
    bridge.on('journey', (entry) =>
      store.set({ journey: appended(store.get().journey, entry, limits.journeyKept) }),
    );
    bridge.on('log', (line) => store.set({ log: appended(store.get().log, line, limits.logRecordsKept) }));
    bridge.on('ask', (ask) => store.set({ asks: [...store.get().asks, ask] }));
    bridge.on('ask-closed', ({ askId }) => this.#closeAsk(askId));
    bridge.on('show', ({ view }) => store.set({ view }));
    bridge.on('connect-wanted', ({ id }) => this.#connectWhenUp(id));
    bridge.on('update', (update) => this.#changeHost({ update }));
    bridge.on('import-offered', ({ name, base64 }) =>
      this.offer({ name, octets: decodeBase64(base64) ?? new Uint8Array(0) }),
    );
  }

  /** After the daemon was reached: everything that it knows, then every change. */
  async #catchUp(): Promise<void> {
    const bridge = this.#bridge;
    const [subscribed, history, log] = await Promise.all([
      bridge.call('subscribe', { events: ['state', 'phase', 'log', 'sample', 'journey'] }),
      bridge.call('history', {}),
      bridge.call('log-tail', {}),
      this.listProfiles(),
    ]);
    if (history.ok) this.#store.set(history.value);
    if (log.ok) this.#store.set({ log: log.value.records });
    if (subscribed.ok) this.#onSnapshot(subscribed.value.snapshot);
  }

  #onSnapshot(snapshot: Snapshot): void {
    const { tunnel } = snapshot;
    const proof = tunnel.state === 'connected' ? this.#proofOf(tunnel.provenAgeMs) : undefined;
    const over = tunnel.state === 'connected' || tunnel.state === 'disconnected';
    this.#store.set({ snapshot, proof, busy: false, ...(over ? { asks: [] } : {}) });
  }

  #proofOf(ageMs: number): Proof {
    return { provenAt: this.#around.now() - ageMs };
  }

  async listProfiles(): Promise<void> {
    const listed = await this.#bridge.call('profiles', {});
    if (!listed.ok) return;
    const { profiles } = listed.value;
    const { chosen } = this.#store.get();
    const usable = usableProfiles(profiles);
    const kept = usable.some(({ id }) => id === chosen) ? chosen : usable[0]?.id;
    this.#store.set({ profiles, chosen: kept });
  }

  show(view: ViewName): void {
    this.#store.set({ view });
  }

  choose(id: string): void {
    this.#around.remember('profile', id);
    this.#store.set({ chosen: id });
  }

  async connect(id: string): Promise<void> {
    this.choose(id);
    const source: ProfileSource = { kind: 'stored', id };
    this.#store.set({ busy: true, commandFailure: undefined, dismissed: undefined });
    await this.#settle(this.#bridge.call('connect', { source, canAnswer: true }));
  }

  /** The host may want it before the page has reached the daemon. */
  #connectWhenUp(id: string): void {
    this.#wanted = id;
    if (this.#store.get().link.state === 'up') this.#connectWanted();
  }

  #connectWanted(): void {
    const id = this.#wanted;
    this.#wanted = undefined;
    if (id === undefined) return;
    this.show('connection');
    void this.connect(id);
  }

  async checkForUpdates(): Promise<void> {
    const checked = await this.#bridge.call('check-for-updates', {});
    if (checked.ok) this.#changeHost(checked.value);
  }

  /** The licences of what this copy of Godwit brings. */
  async readNotices(): Promise<Result<string, Failure>> {
    const read = await this.#bridge.call('notices', {});
    return read.ok ? ok(read.value.text) : read;
  }

  async disconnect(): Promise<void> {
    this.#store.set({ busy: true, commandFailure: undefined });
    await this.#settle(this.#bridge.call('disconnect', {}));
  }

  async #settle(call: Promise<Result<unknown, Failure>>): Promise<void> {
    const done = await call;
    this.#store.set({ busy: false, ...(done.ok ? {} : { commandFailure: done.error }) });
  }

  /** Answers what was asked; the answer is not kept. */
  async answer(askId: number, answer: AskAnswer): Promise<void> {
    this.#closeAsk(askId);
    await this.#bridge.call('answer', { askId, answer });
  }

  #closeAsk(askId: number): void {
    this.#store.set({ asks: this.#store.get().asks.filter((ask) => ask.askId !== askId) });
  }

  dismissFailure(): void {
    const tunnel = this.#store.get().snapshot?.tunnel;
    const dismissed = tunnel?.state === 'disconnected' ? tunnel.since : undefined;
    this.#store.set({ commandFailure: undefined, dismissed });
  }

  async reachDaemon(): Promise<void> {
    await this.#bridge.call('reach-daemon', {});
  }

  offer(file: OfferedFile | undefined): void {
    this.#store.set({ offered: file });
  }

  readProfile(id: string) {
    return this.#bridge.call('profile', { id });
  }

  /** What is in a file with a certificate and its key; the password goes to the daemon and is not kept. */
  lookIntoKeyFile(name: string, octets: Uint8Array, password: string | undefined) {
    const given = password === undefined ? {} : { password };
    return this.#bridge.call('look-into-key-file', { name, file: encodeBase64(octets), ...given });
  }

  async saveProfile(id: string | undefined, text: string): Promise<Result<string, Failure>> {
    const saved = await this.#bridge.call('save-profile', { ...(id === undefined ? {} : { id }), text });
    await this.listProfiles();
    return saved.ok ? { ok: true, value: saved.value.id } : saved;
  }

  async removeProfile(id: string): Promise<Failure | undefined> {
    const removed = await this.#bridge.call('remove-profile', { id });
    await this.listProfiles();
    return removed.ok ? undefined : removed.error;
  }

  async setPreference(name: PreferenceName, value: boolean): Promise<void> {
    const set = await this.#bridge.call('set-preference', { name, value });
    if (set.ok) this.#changeHost(set.value);
  }

  #changeHost(change: Partial<BridgeResult<'host'>>): void {
    const { host } = this.#store.get();
    if (host !== undefined) this.#store.set({ host: { ...host, ...change } });
  }
}

function appended<T>(list: readonly T[], item: T, most: number): readonly T[] {
  return [...list.slice(-(most - 1)), item];
}
