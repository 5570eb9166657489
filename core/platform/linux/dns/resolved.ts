import { readFileSync, realpathSync } from 'node:fs';
import { createClient, DBusError, type MessageBus } from 'dbus-native';
import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { DnsRecord } from '../plan/step.ts';
import { addressFamilies } from '../socket-address.ts';
import type { DnsLink, DnsSettings, DnsStrategy } from './dns-strategy.ts';
import { readServers } from './resolvconf.ts';

const defaultBus = 'unix:path=/run/dbus/system_bus_socket';
const service = 'org.freedesktop.resolve1';
const manager = { path: '/org/freedesktop/resolve1', interface: 'org.freedesktop.resolve1.Manager' };

/**
 * systemd-resolved, over D-Bus (org.freedesktop.resolve1(5)). Settings belong to the TUN device, so they go when the
 * device goes; the rest of the machine's name resolution is not touched, and names can be split by domain.
 */
export class ResolvedStrategy implements DnsStrategy {
  readonly name = 'resolved';
  readonly #busAddress: string;
  readonly #resolvConf: string;
  readonly #nsswitch: string;
  readonly #timeoutMs: number;
  #bus: MessageBus | undefined;
  #greeted: Promise<void> | undefined;

  constructor(
    options: {
      readonly busAddress?: string;
      readonly resolvConf?: string;
      readonly nsswitch?: string;
      readonly timeoutMs?: number;
    } = {},
  ) {
    this.#busAddress = options.busAddress ?? defaultBus;
    this.#resolvConf = options.resolvConf ?? '/etc/resolv.conf';
    this.#nsswitch = options.nsswitch ?? '/etc/nsswitch.conf';
    this.#timeoutMs = options.timeoutMs ?? 3_000;
  }

  /** It runs (or is started by the question), in this network namespace, and programs here ask it. */
  async detect(): Promise<boolean> {
    if (!busIsInThisNamespace(this.#busAddress)) return false;
    const mode = await this.#call<unknown>({
      path: manager.path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [manager.interface, 'ResolvConfMode'],
    });
    if (!mode.ok) return false;
    if (mode.value !== 'foreign' && mode.value !== 'missing') return true;
    return asksResolved(this.#nsswitch) || readServers(this.#resolvConf).some((server) => stubs.has(server));
  }

  async prepare(link: DnsLink): Promise<Result<DnsRecord, Failure>> {
    return ok({ strategy: this.name, ifindex: link.index });
  }

  async apply(record: DnsRecord, settings: DnsSettings): Promise<Result<readonly Failure[], Failure>> {
    if (record.strategy !== this.name) return ok([]);
    const everything = settings.routeDomains.length === 0;
    const domains = [
      ...settings.searchDomains.map((name) => [name, false]),
      ...(everything ? [['.', true]] : routeOnly(settings)),
    ];
    const servers = settings.servers.map((server) => [
      addressFamilies[server.family],
      Buffer.from(server.octets),
    ]);
    // Names asked of the neighbours by multicast would go to the gateway. Where it is switched off, this is refused.
    for (const member of ['SetLinkLLMNR', 'SetLinkMulticastDNS'])
      await this.#call({ ...manager, member, signature: 'is', body: [record.ifindex, 'no'] });
    const calls: readonly (readonly [string, string, unknown])[] = [
      ['SetLinkDNS', 'ia(iay)', servers],
      ['SetLinkDomains', 'ia(sb)', domains],
      ['SetLinkDefaultRoute', 'ib', everything],
    ];
    for (const [member, signature, value] of calls) {
      const done = await this.#call({ ...manager, member, signature, body: [record.ifindex, value] });
      if (!done.ok) return done;
    }
    // Answers from before may be those of other servers. An old resolved without the method does no harm.
    await this.#call({ ...manager, member: 'FlushCaches' });
    return ok([]);
  }

  async undo(record: DnsRecord): Promise<Result<undefined, Failure>> {
    if (record.strategy !== this.name || !busIsInThisNamespace(this.#busAddress)) return ok();
    const done = await this.#call({
      ...manager,
      member: 'RevertLink',
      signature: 'i',
      body: [record.ifindex],
    });
    if (done.ok || gone.has(String(done.error.detail['error']))) return ok();
    return done;
  }

  async close(): Promise<void> {
    // Every call was waited for; a polite end would wait for a bus that may have stopped listening.
    this.#bus?.connection.stream.destroy();
    this.#bus = undefined;
    this.#greeted = undefined;
  }

  async #call<T>(message: {
    readonly path: string;
    readonly interface: string;
    readonly member: string;
    readonly signature?: string;
    readonly body?: unknown[];
  }): Promise<Result<T, Failure>> {
    try {
      this.#bus ??= this.#open();
      const bus = this.#bus;
      this.#greeted ??= greet(bus, this.#timeoutMs);
      await this.#greeted;
      return ok(await bus.invoke<T>({ destination: service, ...message }, { timeout: this.#timeoutMs }));
    } catch (error) {
      const name = error instanceof DBusError ? error.dbusName : undefined;
      const reason = error instanceof Error ? error.message : 'it does not answer';
      const detail = { strategy: 'systemd-resolved', reason: `${message.member}: ${reason}` };
      return err(failure('system.dns', name === undefined ? detail : { ...detail, error: name }));
    }
  }

  #open(): MessageBus {
    const bus = createClient({
      busAddress: this.#busAddress,
      // The kernel says who we are; the other methods read files or prove nothing.
      authMethods: ['EXTERNAL'],
      // We greet the bus ourselves: the library throws from a timer when nobody answers its greeting.
      direct: true,
      timeout: this.#timeoutMs,
      maxMessageSize: 1_048_576,
    });
    // Calls under way fail by themselves; without a listener the event would end the process.
    bus.connection.on('error', () => undefined);
    return bus;
  }
}

/** The first call on every bus: it gives us a name there. */
async function greet(bus: MessageBus, timeout: number): Promise<void> {
  await bus.invokeDbus({ member: 'Hello' }, { timeout });
}

const stubs: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54']);

/** Errors that say that there is nothing left to revert. */
const gone: ReadonlySet<string> = new Set([
  'org.freedesktop.resolve1.NoSuchLink',
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
]);

/** A domain that is searched is routed too, without being named twice. */
function routeOnly(settings: DnsSettings): (string | boolean)[][] {
  return settings.routeDomains
    .filter((name) => !settings.searchDomains.includes(name))
    .map((name) => [name, true]);
}

function asksResolved(nsswitch: string): boolean {
  try {
    return /^hosts:.*\bresolve\b/m.test(readFileSync(nsswitch, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * systemd-resolved names links by number, and numbers mean nothing in another network namespace: there they would
 * name somebody else's link. /proc/net/unix shows just the sockets of this namespace, so a bus that is not in it is
 * elsewhere.
 */
function busIsInThisNamespace(busAddress: string): boolean {
  const path = /^unix:path=([^,;]+)/.exec(busAddress)?.[1];
  if (path === undefined) return true;
  try {
    const bound = readFileSync('/proc/self/net/unix', 'utf8').split('\n');
    const names = new Set([path, realpathSync(path)].map((name) => name.replace(/^\/var\/run\//, '/run/')));
    return bound.some((line) => names.has((line.split(' ').at(-1) ?? '').replace(/^\/var\/run\//, '/run/')));
  } catch {
    return false;
  }
}
