/**
 * Every bound on what the outside can make Godwit hold or do, with its reason. A test proves each one where it is
 * enforced. Sizes in octets, times in milliseconds.
 */
export const limits = {
  /** An IKE message: UDP's own limit is 65,527; nothing sane comes near. */
  ikeMessageOctets: 65_000,
  /** strongSwan sends about 20 payloads at most; certificates and notifies make up the rest. */
  payloadsPerMessage: 64,
  proposalsPerSa: 32,
  transformsPerProposal: 128,
  attributesPerTransform: 8,
  selectorsPerPayload: 255,
  configAttributes: 128,
  /** Of one certificate. */
  certificateOctets: 16_384,
  certificatesPerMessage: 10,
  chainLength: 8,
  /** COOKIE and INVALID_KE_PAYLOAD restarts of IKE_SA_INIT, together. */
  initRestarts: 5,
  /** EAP-TLS with long chains takes about 30; more is a loop. */
  eapRounds: 60,
  eapPacketOctets: 65_535,
  /** RFC 7296 2.1 leaves it open; the field's short schedule gives up after about 13 s. */
  retransmitTries: 5,
  addressesFromGateway: 8,
  dnsServersFromGateway: 8,
  subnetsFromGateway: 256,
  domainsFromGateway: 64,
  domainOctets: 255,
  /** ESP: the widest window that we keep, in packets. */
  replayWindowPackets: 2_048,
  rpcFrameOctets: 1_048_576,
  rpcClients: 32,
  rpcQueuedFrames: 256,
  /** IKE datagrams waiting between the data plane and the control thread. */
  queuedIkeDatagrams: 256,
  logFieldCharacters: 1_024,
} as const;
