/** The fields of a profile, by their path. */
export const germanFields: Record<string, { readonly label: string; readonly help: string }> = {
  name: { label: 'Name', help: 'Wie Sie diese Verbindung nennen.' },
  gateway: { label: 'Gateway', help: 'Name oder IP-Adresse des Gateways.' },
  'authentication.method': { label: 'Art der Anmeldung', help: 'Wie Sie beweisen, wer Sie sind.' },
  'authentication.username': {
    label: 'Benutzername',
    help: 'Wie das Gateway ihn kennt; mit Windows-Domäne: DOMÄNE\\name.',
  },
  'authentication.eapIdentity': {
    label: 'EAP-Identität',
    help: 'Die Antwort, wenn das Gateway nach der EAP-Identität fragt.',
  },
  'authentication.certificate.pkcs12': {
    label: 'Zertifikat und Schlüssel',
    help: 'Die Datei bleibt hinter ihrem Passwort, nach dem bei jeder Anmeldung gefragt wird.',
  },
  'authentication.certificate.pem': {
    label: 'Zertifikat und Schlüssel',
    help: 'Was sie öffnet, wird bei jeder Anmeldung gefragt.',
  },
  'trust.ca': { label: 'CA-Zertifikate', help: 'PEM-Text der CAs, die für das Gateway bürgen dürfen.' },
  ikePort: { label: 'Erster Port', help: 'UDP-Port des Gateways für die ersten Nachrichten.' },
  natTraversalPort: { label: 'Hauptport', help: 'UDP-Port für alle weiteren Nachrichten und den Verkehr.' },
  remoteIdentity: {
    label: 'Identität des Gateways',
    help: 'Der Name, den das Zertifikat des Gateways haben muss.',
  },
  localIdentity: { label: 'Ihre Identität', help: 'Wird dem Gateway vor der Anmeldung gezeigt.' },
  remoteNetworks: { label: 'Netze durch den Tunnel', help: 'Alles andere nimmt den gewöhnlichen Weg.' },
  onlyGatewaySubnets: {
    label: 'Nur Netze des Gateways',
    help: 'Nur die Netze durch den Tunnel schicken, die das Gateway nennt.',
  },
  'proposals.ike': {
    label: 'Algorithmen für IKE',
    help: 'Die besten zuerst, in der Schreibweise von strongSwan.',
  },
  'proposals.esp': {
    label: 'Algorithmen für ESP',
    help: 'Die besten zuerst, in der Schreibweise von strongSwan.',
  },
  'dns.use': { label: 'DNS ändern', help: 'Ob die Namensauflösung dieses Computers geändert wird.' },
  'dns.servers': { label: 'DNS-Server', help: 'Anstelle derer, die das Gateway nennt.' },
  'dns.domains': { label: 'DNS-Domänen', help: 'Nur Namen in diesen werden durch den Tunnel gesucht.' },
  mtu: { label: 'MTU', help: 'Größtes Paket im Tunnel, in Oktetten.' },
  livenessSeconds: {
    label: 'Nachfragen nach Stille',
    help: 'Sekunden Stille, bis das Gateway gefragt wird.',
  },
  'rekey.childSeconds': { label: 'Lebensdauer der Verkehrsschlüssel', help: 'Sekunden.' },
  'rekey.ikeSeconds': { label: 'Lebensdauer der IKE-Schlüssel', help: 'Sekunden.' },
  'rekey.earlySeconds': {
    label: 'Erster Schlüsselwechsel',
    help: 'Sekunden nach der Anmeldung; 0 für keinen.',
  },
  reconnect: { label: 'Neu verbinden', help: 'Eine verlorene Verbindung wird von selbst wiederhergestellt.' },
  keepaliveSeconds: { label: 'NAT wachhalten', help: 'Sekunden Stille, bis ein Paket das NAT wachhält.' },
  'trust.requireServerAuth': {
    label: 'serverAuth verlangen',
    help: 'Das Zertifikat des Gateways muss für Server ausgestellt sein.',
  },
  'trust.allowSha1Signatures': {
    label: 'SHA-1-Signaturen erlauben',
    help: 'Für alte Gateways. Schwach: Mit großem Aufwand könnte sich jemand als das Gateway ausgeben.',
  },
};
