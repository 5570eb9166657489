import { addresses } from '../../support/topology.ts';
import type { GatewayConfig, InteropCase, UpExpectation } from '../case.ts';

const { lan } = addresses;
const split4 = [lan.net4];
const split6 = [lan.net6];

function up(
  name: string,
  gateway: GatewayConfig,
  client: InteropCase['client'],
  expect: Omit<UpExpectation, 'up'>,
): InteropCase {
  return { name, theme: 'networks', gateway, client, expect: { up: true, ...expect } };
}

const outsides: readonly (readonly [string, GatewayConfig, boolean])[] = [
  ['IPv4 through a NAT', { at: 'natGateway', outside: 4 }, true],
  ['IPv4 without a NAT', { at: 'plainGateway', outside: 4 }, false],
  ['IPv6 without a NAT', { at: 'plainGateway', outside: 6 }, false],
  ['IPv6 through a NAT', { at: 'natGateway', outside: 6 }, true],
];

/** Every outside with every inside, split and full. */
export const networkCases: readonly InteropCase[] = [
  ...outsides.flatMap(([outside, gateway, natDetected]) => [
    up(
      `${outside}, IPv4 inside, split`,
      { ...gateway, pools: [4], localSelectors: split4 },
      { remoteNetworks: split4 },
      { ping: ['lan4'], selectors: split4, natDetected },
    ),
    up(
      `${outside}, IPv6 inside, split`,
      { ...gateway, pools: [6], localSelectors: split6 },
      { remoteNetworks: split6 },
      { ping: ['lan6'], selectors: split6, natDetected },
    ),
    up(
      `${outside}, both inside, split`,
      { ...gateway, localSelectors: [...split4, ...split6] },
      { remoteNetworks: [...split4, ...split6] },
      { ping: ['lan4', 'lan6'], selectors: [...split4, ...split6], natDetected },
    ),
    up(
      `${outside}, both inside, full`,
      { ...gateway, localSelectors: ['0.0.0.0/0', '::/0'] },
      {},
      { ping: ['lan4', 'lan6', 'internet4', 'internet6'], selectors: ['0.0.0.0/0', '::/0'], natDetected },
    ),
  ]),
  up(
    'IPv4 inside, full',
    { pools: [4], localSelectors: ['0.0.0.0/0'] },
    {},
    { ping: ['lan4', 'internet4'], unreachable: ['internet6'], selectors: ['0.0.0.0/0'] },
  ),
  up(
    'IPv6 inside, full',
    { pools: [6], localSelectors: ['::/0'] },
    {},
    { ping: ['lan6', 'internet6'], unreachable: ['internet4'], selectors: ['::/0'] },
  ),
  up(
    'asks for everything and is narrowed to one net of each family',
    { localSelectors: [lan.net4, lan.net6] },
    {},
    { ping: ['lan4', 'lan6'], selectors: [lan.net4, lan.net6] },
  ),
  up(
    'asks for two nets and gets the one that the gateway has',
    { pools: [4], localSelectors: [lan.net4] },
    { remoteNetworks: [lan.net4, '10.88.0.0/16'] },
    { ping: ['lan4'], selectors: [lan.net4] },
  ),
];
