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
  natTraversalPort: {
    label: 'Hauptport',
    help: 'UDP-Port des Gateways für alle weiteren Nachrichten und den Verkehr.',
  },
  remoteIdentity: {
    label: 'Identität des Gateways',
    help: 'Der Name, den das Zertifikat des Gateways haben muss und nach dem es gefragt wird; sonst der, der bei Gateway steht.',
  },
  localIdentity: {
    label: 'Ihre Identität',
    help: 'Wird dem Gateway vor der Anmeldung gezeigt; sonst der Benutzername oder der erste Name in Ihrem Zertifikat.',
  },
  remoteNetworks: {
    label: 'Netze durch den Tunnel',
    help: 'Wie 10.0.0.0/8; alles andere nimmt den gewöhnlichen Weg. Ohne Angabe geht alles durch den Tunnel.',
  },
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
  mtu: {
    label: 'MTU',
    help: 'Größtes Paket im Tunnel. Automatisch: Was der Weg durchlässt, wird immer wieder gemessen.',
  },
  livenessSeconds: {
    label: 'Nachfragen nach Stille',
    help: 'Nach so viel Stille wird das Gateway gefragt, ob es noch da ist.',
  },
  'rekey.childSeconds': {
    label: 'Lebensdauer der Verkehrsschlüssel',
    help: 'Die Schlüssel des Verkehrs werden ersetzt, lange bevor sie so alt sind.',
  },
  'rekey.ikeSeconds': {
    label: 'Lebensdauer der IKE-Schlüssel',
    help: 'Die Schlüssel für die eigenen Nachrichten der Verbindung werden ersetzt, lange bevor sie so alt sind.',
  },
  'rekey.earlySeconds': {
    label: 'Erster Schlüsselwechsel',
    help: 'So lange nach der Anmeldung wird er zum ersten Mal erprobt; 0 für keine Probe.',
  },
  reconnect: {
    label: 'Neu verbinden',
    help: 'Eine verlorene Verbindung wird von selbst wiederhergestellt; was in den Tunnel gehört, wird inzwischen zurückgehalten.',
  },
  keepaliveSeconds: {
    label: 'NAT wachhalten',
    help: 'Nach so viel Stille hält ein Paket die Router davon ab, Sie zu vergessen. Automatisch: nur hinter einem NAT und so selten, wie es geht.',
  },
  'trust.requireServerAuth': {
    label: 'serverAuth verlangen',
    help: 'Das Zertifikat des Gateways muss für Server ausgestellt sein.',
  },
  'trust.allowSha1Signatures': {
    label: 'SHA-1-Signaturen erlauben',
    help: 'Für alte Gateways. Schwach: Mit großem Aufwand könnte sich jemand als das Gateway ausgeben.',
  },
  'gateways.others': { label: 'Weitere Gateways', help: 'Namen oder IP-Adressen, die ebenso gut sind.' },
  'gateways.choose': {
    label: 'Welches Gateway',
    help: 'In dieser Reihenfolge, oder das, das zuerst antwortet.',
  },
  'authentication.alternatives': {
    label: 'Andere Anmeldearten',
    help: 'Arten mit demselben Passwort, die das Gateway wählen darf, die beste zuerst.',
  },
  'authentication.innerMethods': {
    label: 'Arten innerhalb von TLS',
    help: 'Wie das Passwort innerhalb von TLS gezeigt wird, die beste zuerst.',
  },
  'authentication.rsaPss': {
    label: 'RSA mit PSS',
    help: 'Mit PSS statt PKCS#1 unterschreiben, wenn das Gateway es will.',
  },
  'authentication.server.name': {
    label: 'Name des Anmeldeservers',
    help: 'Was das Zertifikat des Anmeldeservers sagen muss; sonst das des Gateways.',
  },
  'authentication.server.ca': {
    label: 'CA des Anmeldeservers',
    help: 'PEM-Text der CAs, die für den Anmeldeserver bürgen dürfen; sonst die des Gateways.',
  },
  'authentication.certificate.pkcs11': {
    label: 'Karte oder Token',
    help: 'Ihr Zertifikat darauf, als Adresse: pkcs11:token=Alice. Nach der PIN wird gefragt.',
  },
  'authentication.certificate.pkcs11Module': {
    label: 'PKCS#11-Modul',
    help: 'Der Treiber der Karte mit ganzem Pfad; sonst alle, die dieser Computer hat.',
  },
  secondAuthentication: {
    label: 'Zweite Anmeldung',
    help: 'Ein zweiter Beweis nach dem ersten, für Gateways, die beide wollen.',
  },
  otherwise: {
    label: 'Andere Wege der Anmeldung',
    help: 'In dieser Reihenfolge versucht, wenn das Gateway den ersten abweist.',
  },
  gatewayAuthentication: {
    label: 'Beweis des Gateways',
    help: 'Wie das Gateway sich ausweist. Mit einem gemeinsamen Schlüssel ist schwächer, da sich jeder Benutzer als Gateway ausgeben könnte.',
  },
  'ppk.id': {
    label: 'Post-Quanten-Schlüssel',
    help: 'Unter welchem Namen das Gateway den Schlüssel kennt, der vor den Computern von morgen schützt.',
  },
  'ppk.required': {
    label: 'Post-Quanten-Schlüssel nötig',
    help: 'Ein Gateway ohne diesen Schlüssel ablehnen.',
  },
  unboundEap: {
    label: 'Ungebundenes EAP',
    help: 'Wie FortiGate es will. Schwächer: Nur der Beweis des Gateways bindet die Anmeldung an diese Verbindung.',
  },
  'trust.system': {
    label: 'CAs dieses Computers',
    help: 'Dürfen für das Gateway bürgen, anstelle einer CA im Profil: für Gateways mit öffentlichem Zertifikat.',
  },
  'trust.pins': {
    label: 'Festgelegte Zertifikate',
    help: 'SHA-256 eines Zertifikats oder Schlüssels, den das Gateway haben muss, als certificate-sha256:… oder key-sha256:…',
  },
  'trust.fetchCertificates': {
    label: 'Zertifikate holen',
    help: 'Solche, die das Gateway nur nennt, außerhalb des Tunnels und unverschlüsselt.',
  },
  'trust.revocation.mode': {
    label: 'Gesperrte Zertifikate',
    help: 'Solche ablehnen, die als gesperrt bekannt sind, auch solche, von denen nichts bekannt ist, oder nicht fragen.',
  },
  'trust.revocation.fetch': {
    label: 'Nach Sperrungen fragen',
    help: 'Bei denen, die Zertifikate nennen, außerhalb des Tunnels: Wer sie betreibt, erfährt, wann Sie sich verbinden.',
  },
  'trust.revocation.ocspUrl': {
    label: 'OCSP-Server',
    help: 'Wird zuerst nach jedem Zertifikat gefragt, als http://…',
  },
  'trust.revocation.crl': { label: 'Sperrliste', help: 'PEM-Text von CRLs.' },
  'trust.revocation.ocspSigner': {
    label: 'OCSP-Unterzeichner',
    help: 'PEM-Text von Zertifikaten, deren OCSP-Antworten geglaubt wird.',
  },
  children: { label: 'CHILD-SAs', help: 'Mehrere mit je eigenen Netzen, anstelle der Netze oben.' },
  childless: {
    label: 'Tunnel nach der Anmeldung',
    help: 'Zuerst anmelden und den Tunnel danach machen, wo das Gateway es kann.',
  },
  requestedAddresses: { label: 'Gewünschte Adressen', help: 'Im Tunnel; das Gateway kann andere geben.' },
  followRedirects: {
    label: 'Weiterleitungen folgen',
    help: 'Das Gateway darf Sie an ein anderes verweisen, das dieselbe Identität beweisen muss.',
  },
  'inactivity.seconds': {
    label: 'Unbenutzt seit',
    help: 'Nach so viel Zeit ohne Verkehr in beiden Richtungen geschieht etwas.',
  },
  'inactivity.action': {
    label: 'Wenn unbenutzt',
    help: 'Den Tunnel bis zum nächsten Paket schlafen lassen oder trennen.',
  },
  'authentication.compatibility': {
    label: 'Verträglich mit',
    help: 'Sich anmelden wie dieses Programm, damit dessen Gateway nach dem Passwort nach einem Code fragt. Schwächer: Der letzte Beweis lässt den Schlüssel aus dem Passwort weg.',
  },
  'authentication.otherCertificates': {
    label: 'Weitere Zertifikate',
    help: 'Das Gateway bekommt das erste, nach dessen CA es fragt.',
  },
  workerPairs: {
    label: 'Threads für den Verkehr',
    help: 'Wie viele Thread-Paare sich den Verkehr teilen dürfen, wenn es viel ist. Automatisch: so viele, wie dieser Computer Platz hat, wenn das Gateway es kann (RFC 9611).',
  },
  allowNat: {
    label: 'NAT erlauben',
    help: 'Auch verbinden, wenn ein Router unterwegs Ihre Adresse ändert; fast jedes Heimnetz tut das.',
  },
  preSharedKeyFile: {
    label: 'Gemeinsamer Schlüssel, Datei',
    help: 'Eine Datei mit dem Schlüssel, den Sie und das Gateway haben; ohne sie fragt Godwit.',
  },
  'ppk.file': {
    label: 'Post-Quanten-Schlüssel, Datei',
    help: 'Eine Datei mit dem Schlüssel; ohne sie fragt Godwit.',
  },
  'authentication.passwordFile': {
    label: 'Passwort, Datei',
    help: 'Eine Datei mit dem Passwort in der ersten Zeile; ohne sie fragt Godwit.',
  },
  'authentication.server.caFile': {
    label: 'CA des Anmeldeservers, Datei',
    help: 'Eine PEM-Datei mit den CAs, die für den Anmeldeserver bürgen dürfen.',
  },
  'authentication.certificate.certificateFile': {
    label: 'Zertifikat, Datei',
    help: 'Eine PEM-Datei mit Ihrem Zertifikat und denen bis zur Wurzel.',
  },
  'authentication.certificate.keyFile': {
    label: 'Privater Schlüssel, Datei',
    help: 'Eine PEM-Datei mit dem Schlüssel Ihres Zertifikats.',
  },
  'authentication.certificate.pkcs12File': {
    label: 'Zertifikat und Schlüssel, Datei',
    help: 'Eine .p12- oder .pfx-Datei mit beidem.',
  },
  'authentication.certificate.passwordFile': {
    label: 'Passwort des Schlüssels, Datei',
    help: 'Eine Datei mit dem, was den Schlüssel öffnet; ohne sie fragt Godwit.',
  },
  'authentication.certificate.name': {
    label: 'Name der Schlüsseldatei',
    help: 'Wie die Datei heißt, wenn nach ihrem Passwort gefragt wird.',
  },
  'authentication.key.keyFile': {
    label: 'Privater Schlüssel, Datei',
    help: 'Eine PEM-Datei mit Ihrem privaten Schlüssel.',
  },
  'authentication.key.passwordFile': {
    label: 'Passwort des Schlüssels, Datei',
    help: 'Eine Datei mit dem, was den Schlüssel öffnet; ohne sie fragt Godwit.',
  },
  'authentication.key.pem': {
    label: 'Privater Schlüssel',
    help: 'PEM-Text Ihres privaten Schlüssels. Geben Sie ihm vorher ein Passwort; Godwit fragt bei jeder Anmeldung danach.',
  },
  'authentication.key.name': {
    label: 'Name der Schlüsseldatei',
    help: 'Wie der Schlüssel heißt, wenn nach seinem Passwort gefragt wird.',
  },
  'trust.caFile': {
    label: 'CA-Zertifikate, Datei',
    help: 'Eine PEM-Datei mit den CAs, die für das Gateway bürgen dürfen.',
  },
  'trust.publicKeyFile': {
    label: 'Öffentliche Schlüssel des Gateways, Datei',
    help: 'Eine PEM-Datei mit den öffentlichen Schlüsseln, die ein Gateway ohne Zertifikat haben darf.',
  },
  'trust.publicKey': {
    label: 'Öffentliche Schlüssel des Gateways',
    help: 'PEM-Text der öffentlichen Schlüssel, die ein Gateway ohne Zertifikat haben darf. Wer einen solchen Schlüssel hat, ist das Gateway, wie es sich auch nennt.',
  },
  'trust.revocation.crlFile': { label: 'Sperrliste, Datei', help: 'Eine Datei mit CRLs.' },
  'trust.revocation.ocspSignerFile': {
    label: 'OCSP-Unterzeichner, Datei',
    help: 'Eine PEM-Datei mit Zertifikaten, deren OCSP-Antworten geglaubt wird.',
  },
  'children[].networks': { label: 'Netze', help: 'Hinter dem Gateway, wie 10.1.0.0/16.' },
  'children[].protocol': {
    label: 'Protokoll',
    help: 'Nur dieses Protokoll; andere Pakete in diese Netze werden verworfen, wenn keine andere CHILD-SA sie nimmt.',
  },
  'children[].ports': {
    label: 'Ports',
    help: 'Nur diese Ports auf der Seite des Gateways: einer oder ein Bereich.',
  },
  $schema: { label: 'Schema', help: 'Wo Editoren das JSON-Schema finden; Godwit liest es nicht.' },
  authentication: { label: 'Anmeldung', help: 'Wie Sie sich anmelden.' },
  'authentication.certificate': {
    label: 'Ihr Zertifikat',
    help: 'Importieren Sie eine .p12-Datei, oder fügen Sie unten eine Karte oder ein Token hinzu.',
  },
  'authentication.key': { label: 'Ihr privater Schlüssel', help: 'Fügen Sie ihn unten hinzu.' },
  trust: { label: 'Vertrauen', help: 'Wer für das Gateway bürgen darf.' },
};
