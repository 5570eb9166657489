/** Failures on this side, in German. */
export const localFailures = {
  'profile.invalid': {
    what: 'Das Profil {file} hat einen Fehler in Zeile {line}, Feld {field}: {reason}.',
    next: 'Berichtigen Sie diese Zeile; docs/profile.md nennt jedes Feld.',
  },
  'profile.missing': {
    what: 'Es gibt kein Profil {profile}.',
    next: 'Sehen Sie in der Liste der Profile nach.',
  },
  'profile.unreadable': {
    what: 'Die Datei {file} ist nicht lesbar: {reason}.',
    next: 'Prüfen Sie den Pfad und wer sie lesen darf.',
  },
  'profile.not-kept': {
    what: 'Der Dienst konnte seinen Vorrat an Profilen nicht ändern: {reason}.',
    next: 'Sehen Sie nach, ob die Platte voll oder nur lesbar ist; sein Protokoll sagt mehr.',
  },
  'profile.too-many': {
    what: 'Sie haben schon {most} Profile.',
    next: 'Löschen Sie eines, das Sie nicht mehr brauchen.',
  },
  'profile.not-own': {
    what: 'Das Profil {profile} gehört diesem Computer, nicht Ihnen.',
    next: 'Importieren Sie eine Kopie und ändern Sie diese, oder fragen Sie, wer diesen Computer verwaltet.',
  },
  'secret.file-mode': {
    what: 'Die Datei {file} enthält ein Geheimnis und ist für andere lesbar.',
    next: 'Führen Sie `chmod 600 {file}` aus und versuchen Sie es erneut.',
  },
  'secret.file-owner': {
    what: 'Die Datei {file} enthält ein Geheimnis und gehört jemand anderem.',
    next: 'Legen Sie eine eigene Datei mit Modus 0600 an und versuchen Sie es erneut.',
  },
  'secret.unreadable': {
    what: 'Das Passwort ließ sich nicht von {source} lesen: {reason}.',
    next: 'Geben Sie eine Zeile Text mit dem Passwort an.',
  },
  'secret.missing': {
    what: 'Ein Passwort wird gebraucht, und keines wurde angegeben.',
    next: 'Verbinden Sie erneut und antworten Sie auf die Frage.',
  },
  'secret.unusable': {
    what: 'Das Eingegebene kann kein Passwort sein: es hat mehr als {octets} Oktette, oder es ist kein Unicode-Text.',
    next: 'Verbinden Sie erneut und tippen Sie es neu ein. Ein Umlaut zählt als zwei Oktette, manches Zeichen als mehr.',
  },
  'secret.store-missing': {
    what: 'Es gibt keinen Schlüsselbund, der Geheimnisse aufbewahrt: {reason}.',
    next: 'Benutzen Sie eine Desktopsitzung mit GNOME Keyring, KWallet oder KeePassXC; ohne einen fragt Godwit jedes Mal.',
  },
  'secret.store-locked': {
    what: 'Der Schlüsselbund ist gesperrt und wurde nicht entsperrt.',
    next: 'Entsperren Sie den Schlüsselbund des Desktops und versuchen Sie es erneut.',
  },
  'secret.store-failed': {
    what: 'Geheimnisse lassen sich dort nicht aufbewahren oder lesen ({store}): {reason}.',
    next: 'Sehen Sie ins Protokoll des Schlüsselbunds; mit --no-keyring fragt Godwit und bewahrt nichts auf.',
  },
  'secret.timed-out': {
    what: 'Niemand hat die Frage nach einem Passwort oder Code innerhalb von {seconds} Sekunden beantwortet.',
    next: 'Verbinden Sie erneut, mit der Antwort zur Hand.',
  },
  'rpc.unavailable': {
    what: 'Der Godwit-Dienst antwortet nicht an {socket}.',
    next: 'Starten Sie ihn und versuchen Sie es erneut.',
  },
  'rpc.busy': {
    what: 'Ein anderer Godwit-Dienst bedient {socket} schon.',
    next: 'Benutzen Sie den, der läuft, oder beenden Sie ihn zuerst.',
  },
  'rpc.socket': {
    what: 'Der Dienst kann nicht an {socket} lauschen: {reason}.',
    next: 'Starten Sie ihn als root, räumen Sie weg, was im Weg ist, oder wählen Sie mit --socket einen anderen Pfad.',
  },
  'rpc.denied': {
    what: 'Dieses Konto darf das nicht: {method}.',
    next: 'Bitten Sie, wer diesen Computer verwaltet, das Konto in die Gruppe godwit aufzunehmen.',
  },
  'rpc.invalid': {
    what: 'Der Dienst hat eine Anfrage nicht verstanden: {reason}.',
    next: 'Benutzen Sie dieselbe Version des Fensters und des Dienstes.',
  },
  'import.unknown': {
    what: 'Die Datei {file} ist von keiner Art, die Godwit importieren kann.',
    next: 'Importieren Sie Godwits eigenes JSON, eine .sswan-Datei von strongSwan oder ein Zertifikat als .p12 oder .pfx; bitten Sie die Administration darum.',
  },
  'import.invalid': {
    what: 'Die Datei {file} lässt sich nicht importieren: {reason}.',
    next: 'Bitten Sie, wer sie Ihnen gegeben hat, noch einmal um sie.',
  },
  'import.unsupported': {
    what: 'Die Datei {file} braucht, was Godwit nicht hat: {what}.',
    next: 'Bitten Sie die Administration um ein Profil mit Benutzername und Passwort oder mit EAP-TLS.',
  },
  'import.incomplete': {
    what: 'Die Datei {file} sagt nicht alles, was ein Profil braucht: {missing}.',
    next: 'Ergänzen Sie es mit {options}, oder importieren Sie die Datei im Terminal oder im Fenster, wo danach gefragt wird.',
  },
  'import.too-large': {
    what: 'Die Datei {file} ist größer als {most} Oktette: Das ist kein Profil.',
    next: 'Sehen Sie nach, ob es die richtige Datei ist.',
  },
  'ui.line-lost': {
    what: 'Diese Seite hat ihren Weg zu Godwit verloren: {reason}.',
    next: 'Führen Sie `godwit ui` noch einmal aus und öffnen Sie die Adresse, die es nennt.',
  },
  'ui.missing': {
    what: 'Die Oberfläche ist nicht gebaut: {file} ist nicht da.',
    next: 'Führen Sie einmal `npm run build:ui` aus und versuchen Sie es erneut.',
  },
  'notices.missing': {
    what: 'Die Lizenzen der Bibliotheken wurden nicht gesammelt: {file} ist nicht da.',
    next: 'In den Quellen liegt die Lizenz jeder Bibliothek in node_modules; ein Paket bringt die Datei mit.',
  },
  'ui.listen': {
    what: 'Die Oberfläche kann nicht an der Loopback-Adresse lauschen: {reason}.',
    next: 'Wählen Sie mit --port einen anderen Port, oder keinen.',
  },
  misuse: {
    what: 'Godwit hat selbst einen Fehler gemacht: {reason}.',
    next: 'Bitte melden Sie das zusammen mit dem Protokoll.',
  },
  'secret.shared-key': {
    what: 'Der gemeinsame Schlüssel ist nicht lesbar: {reason}.',
    next: 'Geben Sie ihn als Text an, als 0x mit Hexadezimalziffern oder als 0s mit Base64.',
  },
  'system.no-trust-store': {
    what: 'Dieses System hat keine Liste von CAs, denen es vertraut (gesucht: {looked}).',
    next: 'Installieren Sie das Paket ca-certificates, oder nennen Sie die CA des Gateways im Profil.',
  },
};
