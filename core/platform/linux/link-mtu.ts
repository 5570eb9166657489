import type { Failure } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { RtnetlinkClient } from './netlink/rtnetlink-client.ts';

/** Sets the largest packet that an interface takes, in octets. One that is gone needs none. */
export function setLinkMtu(name: string, mtu: number): Result<undefined, Failure> {
  const client = RtnetlinkClient.open();
  if (!client.ok) return client;
  using netlink = client.value;
  const link = netlink.link(name);
  if (!link.ok) return link;
  return link.value === undefined ? ok() : netlink.changeLink({ index: link.value.index, mtu });
}
