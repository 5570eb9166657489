import { createClient, defineInterface, type MessageBus } from 'dbus-native';

/** What programs asked of the fake, e.g. `SetLinkDNS [3,[[2,"0a4f0001"]]]`. */
export interface FakeResolved {
  readonly calls: readonly string[];
  close(): Promise<void>;
}

export interface FakeBehaviour {
  /** The property ResolvConfMode. */
  readonly mode?: string;
  /** A method that answers with this D-Bus error. */
  readonly fails?: Readonly<Record<string, string>>;
  /** Methods that never answer. */
  readonly hangs?: readonly string[];
}

const inputs: Readonly<Record<string, Record<string, string>>> = {
  SetLinkDNS: { ifindex: 'i', addresses: 'a(iay)' },
  SetLinkDomains: { ifindex: 'i', domains: 'a(sb)' },
  SetLinkDefaultRoute: { ifindex: 'i', enable: 'b' },
  SetLinkLLMNR: { ifindex: 'i', mode: 's' },
  SetLinkMulticastDNS: { ifindex: 'i', mode: 's' },
  FlushCaches: {},
  RevertLink: { ifindex: 'i' },
};

/** Owns org.freedesktop.resolve1 on a bus and plays its part as org.freedesktop.resolve1(5) describes it. */
export async function startFakeResolved(
  busAddress: string,
  behaviour: FakeBehaviour = {},
): Promise<FakeResolved> {
  const bus: MessageBus = createClient({ busAddress, authMethods: ['EXTERNAL'] });
  const calls: string[] = [];
  const method = (member: string, input: Record<string, string>) => ({
    in: input,
    handler: (values: Record<string, unknown>) => {
      calls.push(`${member} ${JSON.stringify(Object.values(values), (_, value) => hexOf(value))}`);
      const name = behaviour.fails?.[member];
      if (name !== undefined) throw Object.assign(new Error('refused'), { dbusName: name });
      return behaviour.hangs?.includes(member) === true ? new Promise(() => undefined) : undefined;
    },
  });
  const manager = defineInterface({
    name: 'org.freedesktop.resolve1.Manager',
    methods: Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, method(name, input)])),
    properties: { ResolvConfMode: { type: 's', access: 'read', value: behaviour.mode ?? 'stub' } },
  });
  await bus.export('/org/freedesktop/resolve1', manager);
  await bus.ownName('org.freedesktop.resolve1');
  return { calls, close: () => bus.connection[Symbol.asyncDispose]() };
}

/** Buffers have said toJSON by the time a replacer sees them. */
function hexOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Buffer')
    return value;
  return 'data' in value && Array.isArray(value.data) ? Buffer.from(value.data).toString('hex') : value;
}
