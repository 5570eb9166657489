import assert from 'node:assert/strict';
import { parseIpAddress } from '../../../core/base/address.ts';
import { instant } from '../../../core/base/time.ts';
import type { ConnectedDetails } from '../../../core/tunnel/io.ts';
import { startHistory } from '../../../core/tunnel/sa-history.ts';
import { summary } from '../tunnel/fixtures.ts';

/** What the tunnel says of a connection that stands, from this address of ours, port 40000. */
export function connectedDetails(local: string): ConnectedDetails {
  const address = parseIpAddress(local);
  assert.ok(address.ok);
  return {
    summary,
    config: { addresses: [], dnsServers: [], subnets: [], dnsDomains: [] },
    plan: {
      device: 'godwit0',
      mtu: 1400,
      addresses: [],
      routes: [],
      blockFamilies: [],
      table: 1,
      bypassMark: 1,
      rulePriority: 1,
    },
    child: { inbound: { spi: 1 }, outbound: { spi: 2 } },
    pairs: [{ pair: 0, inbound: { spi: 1 }, outbound: { spi: 2 } }],
    history: startHistory(instant(50)),
    local: { address: address.value, port: 40_000 },
    remote: { address: { family: 4, octets: new Uint8Array(4) }, port: 4500 },
    paths: {
      state: 'proven',
      current: {
        id: 0,
        candidate: {
          interfaceName: 'wlan0',
          interfaceIndex: 2,
          local: address.value,
          remote: { family: 4, octets: new Uint8Array(4) },
          linkMtu: 1500,
        },
        gone: false,
      },
      others: [],
      measured: undefined,
      keepaliveMs: undefined,
      nat: undefined,
      rememberable: false,
    },
  };
}
