/**
 * Every bound on what the outside can make Godwit hold or do, with its reason. A test proves each one where it is
 * enforced. Sizes in octets, times in milliseconds.
 */
export const limits = {
  /** An IKE message: UDP's own limit is 65,527; nothing sane comes near. */
  ikeMessageOctets: 65_000,
  /** Fragments of one IKE message: the largest message in the smallest packets (576 octets) makes about 150. RFC 7383 2.5.1 */
  fragmentsPerMessage: 160,
  /** How long fragments wait for the others: longer than any peer goes on retransmitting one request. */
  reassemblyMs: 60_000,
  /** strongSwan sends about 20 payloads at most; certificates and notifies make up the rest. */
  payloadsPerMessage: 64,
  proposalsPerSa: 32,
  transformsPerProposal: 128,
  attributesPerTransform: 8,
  selectorsPerPayload: 255,
  configAttributes: 128,
  /** Far more CHILD SAs than one peer has. */
  spisPerDelete: 256,
  /** RFC 8200 allows each kind once (and destination options twice). */
  ipv6ExtensionHeaders: 8,
  /** One message in RFC notation, in a log or a dump. */
  notationCharacters: 2_000,
  /** Of one certificate. */
  certificateOctets: 16_384,
  /** Certificates kept as they were read, as many as a system trusts with room for others, and of which size: 4 MiB at most. */
  knownCertificates: 256,
  knownCertificateOctets: 4_096,
  certificatesPerMessage: 10,
  /** Nesting of ASN.1 inside a certificate: real ones reach about 12. */
  asn1Depth: 32,
  /** ASN.1 values in one certificate: 100 names and 20 extensions make about 500. */
  asn1Values: 4_096,
  subjectAltNames: 256,
  /** Policies and mappings in one certificate: a handful in real ones; each is looked up in the others. */
  certificatePolicies: 64,
  /** A CRL: about 100,000 entries. */
  crlOctets: 4_194_304,
  /** An OCSP response: a signature, a few dates and two or three certificates. */
  ocspOctets: 16_384,
  /** A nonce of OCSP. RFC 9654 2.1 asks for 32. */
  ocspNonceOctets: 32,
  /** An OCSP response that does not say how long it is good for, as those made on the spot. */
  ocspAgeMs: 3_600_000,
  /** Certificates in an OCSP response that are tried as its signer. */
  ocspSigners: 4,
  /** OCSP responses in one IKE message: one for each certificate. RFC 4806 3.2 */
  ocspResponses: 10,
  /** Issuers' certificates that are fetched for one chain. */
  issuersFetched: 4,
  /** Verdicts and CRLs that are kept until they are out of date. */
  revocationVerdicts: 256,
  cachedCrls: 8,
  /** One address: connecting and answering. The gateway waits meanwhile, and gives a login up after 30 s. */
  fetchMs: 5_000,
  /** All that is fetched for one verdict. */
  fetchAllMs: 20_000,
  fetchRedirects: 3,
  /** In one file: a CA with its CAs below it. */
  crls: 16,
  /** Addresses of CRLs, of OCSP responders and of the issuer in one certificate; each may be tried in turn. */
  crlPoints: 4,
  /** OpenSSL verifies no larger one, and this one takes it a millisecond. */
  rsaBits: 16_384,
  /** 65537 has 17; a long exponent makes each check as slow as signing. */
  rsaExponentBits: 64,
  /** Certificate signatures verified for one verdict, so that a web of cross-signed CAs ends. */
  chainSignatures: 32,
  /** A system's whole bundle of CAs has about 150. */
  trustAnchors: 512,
  /** The system's bundle of CAs: about 250,000 octets. */
  systemTrustOctets: 4_194_304,
  chainLength: 8,
  /** COOKIE and INVALID_KE_PAYLOAD restarts of IKE_SA_INIT, together. */
  initRestarts: 5,
  /** Ways to log in that are tried one after the other, each with an IKE SA of its own. */
  loginWays: 4,
  /** Certificates of the user beside the first: each may ask for a password before the login. */
  otherCertificates: 3,
  /** Of a public key in a profile (SubjectPublicKeyInfo): one of RSA with 16,384 bits has some 2,100. */
  publicKeyOctets: 4_096,
  /** EAP-TLS with long chains takes about 30; more is a loop. */
  eapRounds: 60,
  /** Methods of a gateway that a message names. */
  eapMethodsShown: 8,
  /** One TLS flight of a login server in EAP: a chain of ten large certificates. RFC 5216 2.1.5 asks for a bound. */
  eapTlsMessageOctets: 131_072,
  /** TLS octets of one login, in the server's direction. */
  tlsSessionOctets: 262_144,
  /** Of our own TLS octets in one EAP packet: RADIUS carries it in 4,096 octets together with everything else. */
  eapFragmentOctets: 1_024,
  /** AVPs (TTLS) or TLVs (PEAP) of one message; real ones have about five. */
  eapTunnelItems: 64,
  /** Questions to the user in one run of a method: a password, a code, and a few that were mistyped. */
  eapPrompts: 8,
  /** Logins with another password that a server allows in one run (MSCHAPv2 R=1), before accounts are locked. */
  passwordRetries: 3,
  /** Of a gateway's or login server's own words, where they are shown as evidence. */
  peerTextCharacters: 200,
  /** Of a login server's words in a question to the user: a second factor explains itself in a sentence or two. */
  promptTextCharacters: 500,
  /** How long a question is open while nothing has been sent yet: long enough to look a password up. */
  askMs: 300_000,
  /** How long a question is open in the middle of a login. Gateways wait 30 s (strongSwan) to some minutes. */
  askInLoginMs: 120_000,
  /** Transmissions of one request in all. RFC 7296 2.1 leaves it open: 2 s, then 1.4 times as long, gives up after 22 s. */
  retransmitTries: 5,
  /** After an unauthenticated error in IKE_SA_INIT the request goes out this often at most: once more shows whether it was forged. */
  hintedTries: 2,
  /** Possible answers to IKE_SA_INIT that are looked into: each costs a key exchange, and anybody on the path can make them. */
  initCandidates: 16,
  /** The same right after our address changed, at a brisker pace: 0.5 s, then 1.4 times as long, gives up after 8 s. */
  roamTries: 6,
  /** How often a path that is not in use is asked before the request goes out on the one in use: 0.5 s, 0.7 s, 1 s. */
  pathCheckTries: 3,
  /** Hints that the gateway has forgotten us are heeded once in so long: anybody on the path can send them. */
  hintPauseMs: 10_000,
  /** A goodbye that is not answered is not worth a longer wait (about 5 s). */
  deleteTries: 2,
  /** Requests of ours that wait for the one on the wire: a goodbye behind a liveness check. */
  queuedIkeRequests: 4,
  /** CHILD SAs at once: one, its successor, redundant ones of a collision, and what lingers for late packets. */
  childSas: 16,
  /** INVALID_MAJOR_VERSION on one IKE SA: nothing protects the question. */
  versionAnswers: 3,
  /** Answers to one IKE_SA_INIT that are followed beside the first: each costs a key agreement and a message. @rfc 7296 2.4 */
  initRivals: 3,
  /** The only CHILD SA is made anew so often in a row when the peer deletes it; then it wants us gone, or a login. */
  lastChildRemakes: 3,
  /** CHILD SAs that one profile asks for: each may be there twice while it is rekeyed. */
  childWishes: 6,
  /** How often in all a CHILD SA is asked for anew that the peer deleted or had no time for; half a day goes by. */
  childTries: 12,
  /** Replaced IKE SAs that wait for their DELETE. */
  retiringIkeSas: 4,
  /** A replaced IKE SA that the peer should have deleted is deleted by us after this time. */
  retiringIkeMs: 60_000,
  /** An address that does not answer in this time has the next one asked beside it. @rfc 8305 8 */
  raceStaggerMs: 250,
  /** Logins at an address whose first answer differs from a later one: who forges every time keeps us out in any case. */
  rivalTries: 3,
  /** Gateways of one profile. */
  gatewaysOfProfile: 8,
  /** Addresses of the gateway's name that are tried. */
  addressesOfGateway: 8,
  addressesFromGateway: 8,
  dnsServersFromGateway: 8,
  subnetsFromGateway: 256,
  domainsFromGateway: 64,
  domainOctets: 255,
  /** ESP: the widest window that we keep, in packets. */
  replayWindowPackets: 2_048,
  /** ESP: from this sequence number on a child must be replaced. 2^28 are left then: minutes at a million a second. */
  espRekeySequence: 0xf000_0000,
  /** A CHILD SA is replaced after this many packets, a quarter of its sequence numbers, or inner octets (1 TiB). */
  rekeyAfterPackets: 0x4000_0000,
  rekeyAfterOctets: 1_099_511_627_776,
  /** Pairs of workers of one data plane, each with CHILD SAs of its own: the one that reads has no time for more. */
  workerPairs: 4,
  /** What one worker hands over to another before it waits: some eight super-packets, so that it stays in the cache. A power of two. */
  laneOctets: 524_288,
  /** So many octets in so long, an eighth of a gigabit a second, and a further pair is worth its memory. */
  busyOctets: 16_777_216,
  busyMs: 1_000,
  /** The embedded gateway: IKE SAs that have not logged in, each good for one Diffie-Hellman. */
  gatewayHalfOpen: 256,
  /** The embedded gateway: IKE SAs that have, and those that linger. */
  gatewayClients: 1_024,
  /** Long enough to type a password. */
  gatewayLoginMs: 120_000,
  /** As long as a client may retransmit the request whose answer it lost. */
  gatewayLingerMs: 25_000,
  /** The embedded gateway: CHILD SAs of one client, those that are being replaced among them. */
  gatewayChildren: 16,
  /** The embedded gateway: IKE SAs of one client while they replace each other; a collision has three. */
  gatewayIkeSas: 6,
  /** The embedded gateway: INVALID_IKE_SPI in any second; who is spoofed must not be flooded. */
  gatewayUnknownSpiAnswers: 10,
  /** An IKE SA that the client has replaced and does not delete. */
  gatewayReplacedMs: 60_000,
  /** Before the second try to reconnect; doubles from try to try. */
  reconnectFirstWaitMs: 1_000,
  /** A gateway that stays away is asked this often for ever: a laptop may be offline for days. */
  reconnectLongestWaitMs: 60_000,
  /** A connection that stood this long starts the waits from the beginning when it is lost. */
  reconnectLastingMs: 60_000,
  /** Packets go in and none comes out, while the gateway answers IKE: so long before new keys, and once more before a new login. */
  espSilenceMs: 9_000,
  /** Two spells of one-way traffic further apart are two. */
  espSilenceGapMs: 20_000,
  /** Traffic that needs no answer must not cost a login (and perhaps a question to the user) all the time: doubled each time. */
  espSilenceLoginPauseMs: 600_000,
  espSilenceLongestPauseMs: 14_400_000,
  /** A login that is silent for so long on the way that the machine prefers has the other interfaces asked too. */
  raceOtherWaysMs: 500,
  /** Redirects that are followed within `redirectPeriodMs`: more is a loop. @rfc 5685 3 */
  redirects: 5,
  redirectPeriodMs: 300_000,
  /** The next login begins so long before the present one ends, or in its last third: time for retries and for a user. */
  renewalLeadMs: 300_000,
  /** A gateway that wants logins faster than this is not followed: each is work for it and for the login server. */
  renewalEarliestMs: 10_000,
  /** For a login beside a connection that stands, a user's answer included. */
  renewalLoginMs: 120_000,
  /** A replaced login says goodbye so long after its last packet may have left: more than a packet is late by. */
  renewalGoodbyeMs: 300,
  /** A replaced login's inbound SAs stay so long after its end, for packets on their way. */
  renewalLingerMs: 3_000,
  /** What changes in the network with one cause comes within this time; a lost path is felt from the first moment. */
  networkQuietMs: 10,
  /** After the first of many changes. */
  networkLongestMs: 100,
  /** For the addresses of the gateway's name while the connection is lost; then those that were known are tried. */
  resolveAgainMs: 3_000,
  /** A way that the machine prefers and that did not work is tried again so much later; twice as long each time. */
  pathLookFirstMs: 8_000,
  pathLookLongestMs: 300_000,
  /** The path may have become wider, or narrower, without a word from anybody. */
  mtuMeasureAgainMs: 600_000,
  /** NAT keepalives, where nothing is known: what the field uses, and what NATs stand. @rfc 3948 4 */
  keepaliveStartMs: 20_000,
  /** More often would be traffic for its own sake. */
  keepaliveLeastMs: 3_000,
  /** A NAT should remember for two minutes, and most that have a longer memory do not tell. @rfc 4787 4.3 */
  keepaliveMostMs: 110_000,
  /** After trials of a longer silence that proved nothing, or lost the mapping. */
  keepaliveTryAgainMs: 1_800_000,
  /** Trials in a row that may prove nothing. */
  keepaliveTrials: 3,
  /** Networks that are remembered, and addresses of gateways in each: homes, offices, trains and hotels. */
  networksKnown: 64,
  gatewaysOfNetwork: 8,
  /** A network that was not seen for so long is forgotten; that it forgot us, sooner. */
  networkKnownDays: 180,
  networkLossDays: 7,
  /** Paths to the gateway that are open at once: sockets, the one in use among them. */
  pathsOpen: 8,
  rpcFrameOctets: 1_048_576,
  rpcClients: 32,
  /** Frames that a client has not read yet; a slower reader is disconnected. */
  rpcQueuedFrames: 256,
  /** Calls of one client that wait for their answer; its further requests stay unread until one is done. */
  rpcCallsInFlight: 16,
  /** Text fields on the RPC edge that have no tighter bound of their own. */
  rpcTextCharacters: 4_096,
  /** Of one user: enough for every gateway that a person logs in to. */
  profilesOfUser: 64,
  /** One a second: ten minutes of a chart. */
  samplesKept: 600,
  journeyKept: 256,
  logRecordsKept: 500,
  /** While somebody watches: an answer at least this often shows the round trip. */
  watchedProbeMs: 5_000,
  /** A file that is imported: a profile, or a PKCS#12 container with a chain. */
  importOctets: 524_288,
  /** Pages of `godwit ui` at once, connections of its server, and octets that a page has not read yet. */
  uiPages: 8,
  uiConnections: 64,
  uiUnreadOctets: 4_194_304,
  /** The licences of what is packed: they must fit into a frame with their line ends escaped; 490,000 today. */
  noticesCharacters: 917_504,
  /** Messages of a page that could not be read, before it is turned out: a page of ours sends none. */
  bridgeStrikes: 16,
  /** A profile is a page of text and perhaps a few CA certificates. */
  profileOctets: 262_144,
  /** The schema is three levels deep; JSON deeper than this is not a profile. */
  profileDepth: 16,
  /** Errors shown for one profile: more help nobody. */
  profileFailures: 20,
  profileNetworks: 128,
  profileProposals: 32,
  profileNameCharacters: 64,
  /** Names of identities, users, hosts and domains. */
  profileTextCharacters: 255,
  profilePathCharacters: 4_096,
  /** PEM text of the trusted CAs. */
  profileCaCharacters: 196_608,
  /** PEM text of CRLs inside a profile; a longer one is for a stored profile that names its file. */
  profileCrlCharacters: 131_072,
  profilePins: 16,
  profilesListed: 256,
  /** Of a file with the user's certificate and key: chains and keys make a few thousand octets. */
  keyFileOctets: 65_536,
  /** Certificates in it, those of CAs included. */
  keyFileCertificates: 16,
  /** To start the process that opens one, on a machine that has much else to do, and for it to: honest files ask for a second of hashing at most. */
  keyFileMs: 30_000,
  /** Wrong passwords for one file in a row. */
  keyPasswordRetries: 4,
  /** Of a PKCS#11 module until it has listed what it holds: cards are slow. */
  tokenMs: 60_000,
  /** Tokens and objects on one that are looked at. */
  tokens: 64,
  tokenObjects: 256,
  /** Certificates on a token that a user can choose from. */
  certificateChoices: 32,
  /** MSCHAPv2 takes 256 characters; other methods a little more. */
  passwordOctets: 1_024,
  /** How long the desktop may ask its user to unlock the keyring. */
  keyringMs: 60_000,
  /** IKE SAs that the data plane knows: those of two logins and what they replace. */
  knownIkeSas: 16,
  /** IKE datagrams for other IKE SAs that go up to the control thread in a second: a new one of the gateway's may be among them. */
  strangeIkePerSecond: 64,
  /** ICMP errors that we send to senders of packets too big for the tunnel, in a second: one a flow tells it. */
  tooBigErrorsPerSecond: 100,
  /** ESP datagrams of 2 KiB that came before their CHILD SA and wait for it: some milliseconds of a fast gateway. */
  earlyDatagrams: 128,
  /** IKE datagrams waiting between the data plane and the control thread. */
  queuedIkeDatagrams: 256,
  logFieldCharacters: 1_024,
  /** Of the journal of changes to this machine: 256 subnets with their rules make about 500 steps. */
  journalSteps: 2_048,
  journalOctets: 1_048_576,
  /** Of a resolv.conf that is kept for restoring: glibc itself reads no more than a few lines. */
  resolvConfOctets: 65_536,
} as const;
