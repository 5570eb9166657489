/** Security protocol identifiers of proposals, notifies and deletes. @rfc 7296 3.3.1 */
export const securityProtocol = {
  none: 0,
  IKE: 1,
  AH: 2,
  ESP: 3,
  FC_ESP_HEADER: 4,
  FC_CT_AUTHENTICATION: 5,
} as const;

/** IP protocol numbers that Godwit looks at (IPv4 protocol, IPv6 next header, selector protocol). */
export const ipProtocol = {
  HOPOPT: 0,
  ICMP: 1,
  IPV4: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  IPV6_ROUTE: 43,
  IPV6_FRAG: 44,
  ESP: 50,
  AH: 51,
  IPV6_ICMP: 58,
  /** As ESP next header: a dummy packet. @rfc 4303 2.6 */
  IPV6_NO_NEXT: 59,
  IPV6_OPTS: 60,
  MOBILITY: 135,
  HIP: 139,
  SHIM6: 140,
} as const;
