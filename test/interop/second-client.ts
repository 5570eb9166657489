import type { Namespace } from '../support/net/lab.ts';
import type { ClientProfile } from '../support/peers/client.ts';
import { Godwit } from '../support/peers/godwit.ts';
import type { Stage } from './stage.ts';

/** A second user logs in from another machine, with these parts of the profile changed; `play` looks on while it is there. */
export async function secondClient(
  { gateway, profile }: Stage,
  machine: Namespace,
  wishes: Partial<ClientProfile>,
  play: (inner: readonly string[]) => Promise<string[]>,
): Promise<string[]> {
  await gateway.loadUser('bob', 'another password');
  const bob = await Godwit.start(machine);
  try {
    const login = await bob.connect({
      ...profile,
      ...wishes,
      ...{ username: 'bob', password: 'another password' },
    });
    if (!login.ok) return [`the second user: ${login.failure} ${login.detail}`];
    const problems = await play(login.addresses.map((address) => address.replace(/\/.*/, '')));
    await bob.disconnect();
    return problems;
  } finally {
    await bob.stop();
  }
}
