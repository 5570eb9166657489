/** The fields of a profile, by their path. */
export const englishFields: Record<string, { readonly label: string; readonly help: string }> = {
  name: { label: 'Name', help: 'What you call this connection.' },
  gateway: { label: 'Gateway', help: 'Host name or IP address of the gateway.' },
  'authentication.method': { label: 'Login method', help: 'How you prove who you are.' },
  'authentication.username': {
    label: 'User name',
    help: 'As the gateway knows it; with a Windows domain, DOMAIN\\user.',
  },
  'authentication.eapIdentity': {
    label: 'EAP identity',
    help: 'The answer when the gateway asks for the EAP identity.',
  },
  'authentication.certificate.pkcs12': {
    label: 'Certificate and key',
    help: 'The file stays behind its password, which is asked for at each login.',
  },
  'authentication.certificate.pem': {
    label: 'Certificate and key',
    help: 'What opens it is asked for at each login.',
  },
  'trust.ca': {
    label: 'CA certificates',
    help: 'PEM text of the CAs that may vouch for the gateway.',
  },
  ikePort: { label: 'First port', help: 'UDP port of the gateway for the first messages.' },
  natTraversalPort: {
    label: 'Main port',
    help: 'UDP port of the gateway for all later messages and the traffic.',
  },
  remoteIdentity: {
    label: "Gateway's identity",
    help: 'The name that the certificate of the gateway must have, and that it is asked for; by default what stands in Gateway.',
  },
  localIdentity: {
    label: 'Your identity',
    help: 'Shown to the gateway before the login; by default the user name, or the first name in your certificate.',
  },
  remoteNetworks: {
    label: 'Networks through the tunnel',
    help: 'As 10.0.0.0/8; everything else goes the ordinary way. By default everything goes through the tunnel.',
  },
  onlyGatewaySubnets: {
    label: "Only the gateway's subnets",
    help: 'Send only those subnets through the tunnel that the gateway names.',
  },
  'proposals.ike': { label: 'IKE algorithms', help: "Best first, in strongSwan's notation." },
  'proposals.esp': { label: 'ESP algorithms', help: "Best first, in strongSwan's notation." },
  'dns.use': { label: 'Change DNS', help: 'Whether the resolver of this computer is changed.' },
  'dns.servers': { label: 'DNS servers', help: 'In place of those that the gateway names.' },
  'dns.domains': { label: 'DNS domains', help: 'Only names in these are looked up through the tunnel.' },
  mtu: {
    label: 'MTU',
    help: 'Largest packet inside the tunnel. Automatic: what the path lets through is measured, again and again.',
  },
  livenessSeconds: {
    label: 'Ask after silence',
    help: 'After so much silence the gateway is asked whether it is still there.',
  },
  'rekey.childSeconds': {
    label: 'Lifetime of traffic keys',
    help: 'The keys of the traffic are replaced well before they are this old.',
  },
  'rekey.ikeSeconds': {
    label: 'Lifetime of IKE keys',
    help: "The keys that protect the connection's own messages are replaced well before they are this old.",
  },
  'rekey.earlySeconds': {
    label: 'First rekey',
    help: 'So long after the login new keys are tried for the first time, as a test; 0 for no test.',
  },
  reconnect: {
    label: 'Reconnect',
    help: 'A lost connection is made again by itself, and what belongs into the tunnel is held back meanwhile.',
  },
  keepaliveSeconds: {
    label: 'NAT keepalive',
    help: 'After so much silence a packet keeps routers from forgetting you. Automatic: only behind a NAT, and as seldom as it allows.',
  },
  'trust.requireServerAuth': {
    label: 'Require serverAuth',
    help: "The gateway's certificate must be made for servers.",
  },
  'trust.allowSha1Signatures': {
    label: 'Allow SHA-1 signatures',
    help: 'For old gateways. Weak: someone with great means could pose as the gateway.',
  },
  'gateways.others': { label: 'Other gateways', help: 'Host names or IP addresses that serve as well.' },
  'gateways.choose': { label: 'Which gateway', help: 'In this order, or whichever answers first.' },
  'authentication.alternatives': {
    label: 'Other login methods',
    help: 'Methods with the same password that the gateway may choose, best first.',
  },
  'authentication.innerMethods': {
    label: 'Methods inside TLS',
    help: 'How the password is shown inside TLS, best first.',
  },
  'authentication.rsaPss': {
    label: 'RSA with PSS',
    help: 'Sign with PSS in place of PKCS#1, if the gateway wants that.',
  },
  'authentication.server.name': {
    label: "Login server's name",
    help: 'What the certificate of the login server must say; by default that of the gateway.',
  },
  'authentication.server.ca': {
    label: "Login server's CA",
    help: 'PEM text of the CAs that may vouch for the login server; by default those of the gateway.',
  },
  'authentication.certificate.pkcs11': {
    label: 'Card or token',
    help: 'Your certificate on it, as a URI: pkcs11:token=Alice. The PIN is asked for.',
  },
  'authentication.certificate.pkcs11Module': {
    label: 'PKCS#11 module',
    help: 'The driver of the card, with its whole path; by default all that this computer has.',
  },
  secondAuthentication: {
    label: 'Second login',
    help: 'A second proof after the first, for gateways that want both.',
  },
  otherwise: {
    label: 'Other ways to log in',
    help: 'Tried in this order when the gateway turns the first one away.',
  },
  gatewayAuthentication: {
    label: 'Proof of the gateway',
    help: 'How the gateway proves itself. By a pre-shared key is weaker, as every user could pose as the gateway.',
  },
  'ppk.id': {
    label: 'Post-quantum key',
    help: 'By which name the gateway knows the key that protects against the computers of tomorrow.',
  },
  'ppk.required': { label: 'Post-quantum key required', help: 'Refuse a gateway without this key.' },
  unboundEap: {
    label: 'Unbound EAP',
    help: 'As FortiGate wants it. Weaker: only the proof of the gateway ties the login to this connection.',
  },
  'trust.system': {
    label: 'CAs of this computer',
    help: 'May vouch for the gateway, in place of a CA in the profile: for gateways with a public certificate.',
  },
  'trust.pins': {
    label: 'Pinned certificates',
    help: 'SHA-256 of a certificate or key that the gateway must have, as certificate-sha256:… or key-sha256:…',
  },
  'trust.fetchCertificates': {
    label: 'Fetch certificates',
    help: 'Those that the gateway only names, outside the tunnel and unencrypted.',
  },
  'trust.revocation.mode': {
    label: 'Revoked certificates',
    help: 'Refuse those known to be revoked, also those of which nothing is known, or do not ask.',
  },
  'trust.revocation.fetch': {
    label: 'Ask about revocation',
    help: 'Ask those whom certificates name, outside the tunnel: whoever runs them learns when you connect.',
  },
  'trust.revocation.ocspUrl': {
    label: 'OCSP responder',
    help: 'Asked first for every certificate, as http://…',
  },
  'trust.revocation.crl': { label: 'Revocation list', help: 'PEM text of CRLs.' },
  'trust.revocation.ocspSigner': {
    label: 'OCSP signers',
    help: 'PEM text of certificates whose OCSP answers are believed.',
  },
  children: {
    label: 'CHILD SAs',
    help: 'Several, each with networks of its own, in place of the networks above.',
  },
  childless: {
    label: 'Tunnel after the login',
    help: 'Log in first and make the tunnel afterwards, where the gateway can do that.',
  },
  requestedAddresses: {
    label: 'Addresses to ask for',
    help: 'Inside the tunnel; the gateway may give others.',
  },
  followRedirects: {
    label: 'Follow redirects',
    help: 'The gateway may send you to another one, which must prove the same identity.',
  },
  'inactivity.seconds': {
    label: 'Unused for',
    help: 'After so much time without traffic in either direction something is done.',
  },
  'inactivity.action': {
    label: 'When unused',
    help: 'Let the tunnel sleep until the next packet, or disconnect.',
  },
  'authentication.compatibility': {
    label: 'Compatible with',
    help: 'Log in as this client does, so that its gateway asks for a code after the password. Weaker: the last proof leaves out the key that the password made.',
  },
  'authentication.otherCertificates': {
    label: 'Further certificates',
    help: 'The gateway gets the first one whose CA it asks for.',
  },
  workerPairs: {
    label: 'Threads for the traffic',
    help: 'How many pairs of threads may share the traffic when there is much. Automatic: as many as this computer has room for, if the gateway knows how (RFC 9611).',
  },
  allowNat: {
    label: 'Allow NAT',
    help: 'Connect although a router changes your address on the way; nearly every home network does.',
  },
  preSharedKeyFile: {
    label: 'Pre-shared key, file',
    help: 'A file with the key that you and the gateway share; without it Godwit asks.',
  },
  'ppk.file': { label: 'Post-quantum key, file', help: 'A file with the key; without it Godwit asks.' },
  'authentication.passwordFile': {
    label: 'Password, file',
    help: 'A file with the password in its first line; without it Godwit asks.',
  },
  'authentication.server.caFile': {
    label: "Login server's CA, file",
    help: 'A PEM file with the CAs that may vouch for the login server.',
  },
  'authentication.certificate.certificateFile': {
    label: 'Certificate, file',
    help: 'A PEM file with your certificate and those between it and the root.',
  },
  'authentication.certificate.keyFile': {
    label: 'Private key, file',
    help: 'A PEM file with the key of your certificate.',
  },
  'authentication.certificate.pkcs12File': {
    label: 'Certificate and key, file',
    help: 'A .p12 or .pfx file with all of it.',
  },
  'authentication.certificate.passwordFile': {
    label: 'Password of the key, file',
    help: 'A file with what opens the key; without it Godwit asks.',
  },
  'authentication.certificate.name': {
    label: 'Name of the key file',
    help: 'What the file is called when its password is asked for.',
  },
  'authentication.key.keyFile': { label: 'Private key, file', help: 'A PEM file with your private key.' },
  'authentication.key.passwordFile': {
    label: 'Password of the key, file',
    help: 'A file with what opens the key; without it Godwit asks.',
  },
  'authentication.key.pem': {
    label: 'Private key',
    help: 'PEM text of your private key. Give it a password before you put it here; Godwit asks for that at each login.',
  },
  'authentication.key.name': {
    label: 'Name of the key file',
    help: 'What the key is called when its password is asked for.',
  },
  'trust.caFile': {
    label: 'CA certificates, file',
    help: 'A PEM file with the CAs that may vouch for the gateway.',
  },
  'trust.publicKeyFile': {
    label: 'Public keys of the gateway, file',
    help: 'A PEM file with the public keys that a gateway without a certificate may have.',
  },
  'trust.publicKey': {
    label: 'Public keys of the gateway',
    help: 'PEM text of the public keys that a gateway without a certificate may have. Whoever has such a key is the gateway, whatever it calls itself.',
  },
  'trust.revocation.crlFile': { label: 'Revocation list, file', help: 'A file with CRLs.' },
  'trust.revocation.ocspSignerFile': {
    label: 'OCSP signers, file',
    help: 'A PEM file with certificates whose OCSP answers are believed.',
  },
  'children[].networks': { label: 'Networks', help: 'Behind the gateway, as 10.1.0.0/16.' },
  'children[].protocol': {
    label: 'Protocol',
    help: 'Only this protocol; other packets to these networks are dropped unless another CHILD SA takes them.',
  },
  'children[].ports': { label: 'Ports', help: "Only these ports of the gateway's side: one, or a range." },
  $schema: { label: 'Schema', help: 'Where editors find the JSON Schema; Godwit does not read it.' },
  authentication: { label: 'Login', help: 'How you log in.' },
  'authentication.certificate': {
    label: 'Your certificate',
    help: 'Import a .p12 file, or add a card or token below.',
  },
  'authentication.key': { label: 'Your private key', help: 'Add it below.' },
  trust: { label: 'Trust', help: 'Who may vouch for the gateway.' },
};
