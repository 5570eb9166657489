/** Failures of the login, in German. */
export const loginFailures = {
  'auth.refused': {
    what: 'Das Gateway hat die Anmeldung abgelehnt.',
    next: 'Prüfen Sie Benutzername und Passwort; ein Konto kann auch gesperrt sein oder kein Recht zur Einwahl haben.',
  },
  'auth.refused-certificate': {
    what: 'Das Gateway hat Ihr Zertifikat abgelehnt, das von {subject}, ausgestellt von {issuer}, gültig bis {notAfter}.',
    next: 'Prüfen Sie, ob es das richtige für dieses Gateway ist. Warum, sagen Gateways nicht: Es kann gesperrt oder abgelaufen sein, oder von einer CA stammen, die das Gateway nicht kennt. Fragen Sie die Administration; der Grund steht im Protokoll des Gateways.',
  },
  'auth.refused-key': {
    what: 'Das Gateway hat Ihren öffentlichen Schlüssel {key} abgelehnt, gezeigt von {identity}.',
    next: 'Fragen Sie die Administration, ob das Gateway diesen Schlüssel hat und ob die Identität stimmt (localIdentity im Profil).',
  },
  'auth.refused-psk': {
    what: 'Das Gateway hat den vorab vereinbarten Schlüssel von {identity} abgelehnt.',
    next: 'Prüfen Sie den Schlüssel und die Identität, unter der das Gateway ihn findet (localIdentity im Profil).',
  },
  'auth.refused-ppk': {
    what: 'Das Gateway hat die Anmeldung abgelehnt, an der der vorab vereinbarte Post-Quanten-Schlüssel {ppk} beteiligt war.',
    next: 'Fragen Sie die Administration, ob das Gateway genau diesen Schlüssel unter diesem Namen hat. Stimmt er, prüfen Sie, womit Sie sich sonst anmelden.',
  },
  'auth.refused-early': {
    what: 'Das Gateway hat uns abgewiesen, bevor die Anmeldung begann. Nach ihm wurde als {asked} gefragt, von {identity}.',
    next: 'Heißt das Gateway anders, setzen Sie remoteIdentity im Profil, oder null, um seinen eigenen Namen zu nehmen. Sonst fragen Sie die Administration, ob es Anmeldungen mit EAP annimmt.',
  },
  'auth.wants-eap': {
    what: 'Das Gateway hat {tried} abgelehnt: Es will eine Anmeldung mit EAP, mit Benutzername und Passwort oder einem Zertifikat in EAP.',
    next: 'Setzen Sie authentication im Profil auf eine EAP-Methode wie eap-mschapv2 oder eap-tls, oder auf eine Liste mit einer solchen.',
  },
  'auth.wants-no-eap': {
    what: 'Das Gateway beginnt kein EAP mit {identity}: Es will ein Zertifikat oder einen vorab vereinbarten Schlüssel.',
    next: 'Setzen Sie authentication im Profil auf certificate oder psk, oder auf eine Liste mit einem davon.',
  },
  'auth.signature-unsupported': {
    what: 'Das Gateway kann eine Signatur dieses Schlüssels ({key}) nicht prüfen: {reason}.',
    next: 'Nehmen Sie ein Zertifikat mit einer anderen Art von Schlüssel, oder bitten Sie um eine Aktualisierung des Gateways (RFC 7427). Für RSA signiert trust.allowSha1Signatures mit SHA-1, mit einem Risiko, das docs/profile.md nennt.',
  },
  'auth.one-round-only': {
    what: 'Dieses Profil meldet sich zweimal an, das Gateway nimmt aber nur eine Anmeldung (kein RFC 4739).',
    next: 'Fragen Sie die Administration, welche der beiden das Gateway will, und lassen Sie die andere im Profil weg.',
  },
  'auth.ppk-missing': {
    what: 'Dieses Profil verlangt einen vorab vereinbarten Post-Quanten-Schlüssel, und das Gateway benutzt ihn nicht: {reason}.',
    next: 'Fragen Sie die Administration, ob Schlüssel und Name stimmen, oder setzen Sie ppk.required auf false.',
  },
  'auth.psk-gateway': {
    what: 'Das Gateway hat nicht bewiesen, dass es den vorab vereinbarten Schlüssel kennt.',
    next: 'Prüfen Sie den Schlüssel. Stimmt er, gibt sich vielleicht jemand als das Gateway aus: Nehmen Sie ein anderes Netz und sagen Sie es der Administration.',
  },
  'auth.unknown-key': {
    what: 'Das Gateway hat einen anderen öffentlichen Schlüssel als den in diesem Profil.',
    next: 'Hat das Gateway einen neuen, lassen Sie ihn sich geben; sonst gibt sich vielleicht jemand als das Gateway aus.',
  },
  'auth.gateway-unproven': {
    what: 'Das Gateway hat sich vor der Anmeldung nicht ausgewiesen.',
    next: 'Bitten Sie die Administration um ein Zertifikat für das Gateway. Gateways, die sich in EAP ausweisen, brauchen trust.eapOnly im Profil.',
  },
  'auth.password': {
    what: 'Der Benutzername oder das Passwort ist falsch.',
    next: 'Geben Sie das Passwort noch einmal ein. Zu viele Versuche können das Konto sperren.',
  },
  'auth.account': {
    what: 'Das Gateway kennt das Konto, lässt es aber nicht herein: {reason}.',
    next: 'Fragen Sie die Administration des Gateways.',
  },
  'auth.eap-method': {
    what: 'Das Gateway will eine Anmeldung mit {wanted}, und dieses Profil erlaubt nur {offered}.',
    next: 'Können Sie sich so anmelden, setzen Sie authentication.method im Profil; sonst bitten Sie darum, {offered} für dieses Konto zu erlauben.',
  },
  'auth.second-factor': {
    what: 'Das Passwort stimmt. Das Gateway will in derselben Anmeldung einen zweiten Faktor ({wanted}), und dieses Profil erlaubt das nicht.',
    next: 'FortiGate macht das: Setzen Sie authentication.compatibility im Profil auf "forticlient"; docs/profile.md nennt das Risiko.',
  },
  'auth.passcode': {
    what: 'Das Gateway hat den Code nicht angenommen.',
    next: 'Verbinden Sie noch einmal mit einem neuen Code: Jeder gilt nur einmal und nur kurze Zeit.',
  },
  'auth.eap-server': {
    what: 'Der Anmeldeserver hat nicht bewiesen, dass er das Passwort kennt.',
    next: 'Vielleicht gibt sich jemand als das Gateway aus. Nehmen Sie ein anderes Netz und sagen Sie es der Administration.',
  },
  'auth.login-server': {
    what: 'Der Anmeldeserver hinter dem Gateway hat eine Regel seines Protokolls gebrochen: {rule}.',
    next: 'Schicken Sie diese Meldung und das Protokoll an die Administration des Gateways.',
  },
  'auth.tls': {
    what: 'Was der Anmeldeserver geschickt hat, ist kein gutes TLS: {reason}.',
    next: 'Vielleicht ist er zu alt für TLS 1.2, oder etwas verändert unterwegs Pakete. Schicken Sie diese Meldung an die Administration.',
  },
  'auth.tls-alert': {
    what: 'Der Anmeldeserver hat TLS mit der Meldung "{alert}" abgebrochen.',
    next: 'Schicken Sie diese Meldung an die Administration des Gateways; der Grund steht im Protokoll des Anmeldeservers.',
  },
  'auth.client-certificate': {
    what: 'Der Anmeldeserver hat Ihr Zertifikat nicht angenommen: {alert}.',
    next: 'Prüfen Sie, ob es das richtige für dieses Gateway und nicht abgelaufen ist; sonst fragen Sie die Administration.',
  },
  'auth.client-key': {
    what: 'Ihr Zertifikat und Ihr privater Schlüssel passen nicht zusammen, oder der Schlüssel ist nicht lesbar.',
    next: 'Wählen Sie Zertifikat und Schlüssel, die zusammen ausgestellt wurden.',
  },
  'auth.client-key-on-token': {
    what: 'Der Anmeldeserver will Ihr Zertifikat in TLS, und dessen Schlüssel liegt auf einem Token, das Godwit dort nicht benutzen kann.',
    next: 'Nehmen Sie ein Zertifikat mit Schlüssel in einer Datei, oder fragen Sie, ob das Gateway selbst Zertifikate annimmt.',
  },
  'auth.tunnel-binding': {
    what: 'Der Anmeldeserver hat nicht bewiesen, dass er an der Anmeldung in TLS beteiligt war.',
    next: 'Vielleicht gibt sich jemand als das Gateway aus. Nehmen Sie ein anderes Netz und sagen Sie es der Administration.',
  },
  'auth.signature': {
    what: 'Die Signatur des Gateways passt nicht zu seinem Zertifikat.',
    next: 'Vielleicht gibt sich jemand als das Gateway aus. Nehmen Sie ein anderes Netz und sagen Sie es der Administration.',
  },
  'auth.eap-binding': {
    what: 'Das Gateway hat nicht bewiesen, dass es an der Anmeldung beteiligt war.',
    next: 'Vielleicht gibt sich jemand als das Gateway aus. Nehmen Sie ein anderes Netz und sagen Sie es der Administration.',
  },
  'auth.method-refused': {
    what: 'Das Gateway hat sich mit {method} ausgewiesen, was dieses Profil nicht annimmt.',
    next: 'Bitten Sie die Administration um ein Zertifikat für das Gateway.',
  },
  'auth.weak-signature': {
    what: 'Das Gateway hat seine Anmeldung mit {method} signiert, was zu schwach ist, um ihm zu trauen.',
    next: 'Bitten Sie um eine Aktualisierung des Gateways (RFC 7427). Bis dahin nimmt trust.allowSha1Signatures im Profil es an, mit einem Risiko, das docs/profile.md nennt.',
  },
  'auth.no-certificate': {
    what: 'Das Gateway hat kein Zertifikat geschickt.',
    next: 'Bitten Sie die Administration, dass das Gateway sein Zertifikat immer schickt.',
  },
};
