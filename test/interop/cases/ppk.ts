import type { ClientConfig, GatewayConfig, InteropCase } from '../case.ts';
import { patienceMs, type Stage, within } from '../stage.ts';
import { rekeyed } from './rekeying.ts';
import { renewals } from './renewal.ts';

/*
 * A post-quantum pre-shared key goes into SK_d, from which every later key comes, and a new login mixes it in anew. @rfc 8784 3
 */

const ppk = 'a key against the computers of tomorrow';
const gateway: GatewayConfig = { load: (peer) => peer.loadShared('PPK', ppk, ['office-ppk']) };
const client: ClientConfig = {
  profile: () => ({ ppk: { id: 'office-ppk', required: true } }),
  sharedKeys: { ppk },
};
const expect = { up: true, shows: { ppk: true } } as const;

/** Both sides replace the IKE SA, one after the other, and then the CHILD SA over the new one. */
async function replacesEverything(stage: Stage): Promise<string[]> {
  const { gateway: peer } = stage;
  const ikes = async (): Promise<number> => (await stage.tunnel())?.ike.rekeys ?? 0;
  await peer.vici.must('rekey', { ike: 'gateway' });
  if (!(await within(patienceMs, async () => (await ikes()) >= 1)))
    return ['the gateway did not replace the IKE SA'];
  if (!(await within(patienceMs, async () => (await ikes()) >= 2)))
    return ['Godwit did not replace the IKE SA'];
  const before = (await stage.tunnel())?.esp.rekeys ?? 0;
  await peer.vici.must('rekey', { child: 'net' });
  await within(patienceMs, async () => ((await stage.tunnel())?.esp.rekeys ?? 0) > before);
  const used = (await stage.tunnel())?.ppk === true ? [] : ['Godwit does not show the PPK any more'];
  return [...used, ...(await rekeyed(stage, { ikes: 2, children: before + 1 })), ...(await stage.agree())];
}

export const ppkCases: readonly InteropCase[] = [
  {
    name: 'a PPK stays in the keys when either side replaces them',
    theme: 'rekeying',
    gateway,
    client: { ...client, rekey: { childSeconds: 86_400, ikeSeconds: 10, earlySeconds: 0 } },
    expect,
    seconds: 12,
    during: replacesEverything,
  },
  {
    name: 'a PPK in the new login that the gateway wants',
    theme: 'renewal',
    gateway: { ...gateway, reauthSeconds: 12 },
    client,
    expect,
    endsTunnel: true,
    seconds: 14,
    during: async (stage) => {
      const problems = await renewals(stage, 1);
      return (await stage.tunnel())?.ppk === true ? problems : [...problems, 'the new login has no PPK'];
    },
  },
];
