/** Failures of certificates, key files and tokens, in German. */
export const certificatesFailures = {
  'certificate.login-server-name': {
    what: 'Der Anmeldeserver hinter dem Gateway sollte {expected} sein, sein Zertifikat sagt aber {names}.',
    next: 'Ist einer dieser Namen richtig, setzen Sie ihn als authentication.server.name im Profil.',
  },
  'certificate.login-server-ca': {
    what: 'Das Zertifikat des Anmeldeservers wurde von {issuer} ausgestellt, der dieses Profil nicht traut.',
    next: 'Hat er eine eigene CA, setzen Sie diese als authentication.server.caFile im Profil; sonst ist das nicht Ihr Anmeldeserver.',
  },
  'certificate.malformed': {
    what: 'Das Zertifikat ({holder}) ist nicht lesbar: {reason}.',
    next: 'Bitten Sie die Administration, das Zertifikat des Gateways zu ersetzen.',
  },
  'certificate.unknown-ca': {
    what: 'Das Zertifikat ({holder}) wurde von {issuer} ausgestellt, der dieses Profil nicht traut.',
    next: 'Prüfen Sie, ob das Profil das richtige CA-Zertifikat hat; wenn ja, ist das nicht Ihr {holder}.',
  },
  'certificate.expired': {
    what: 'Das Zertifikat von {subject} ist am {notAfter} abgelaufen.',
    next: 'Prüfen Sie das Datum dieses Computers; stimmt es, muss das Zertifikat erneuert werden.',
  },
  'certificate.not-yet-valid': {
    what: 'Das Zertifikat von {subject} gilt erst ab {notBefore}.',
    next: 'Prüfen Sie das Datum dieses Computers; stimmt es, sagen Sie es der Administration.',
  },
  'certificate.name': {
    what: 'Erwartet wurde {expected} ({holder}), das Zertifikat sagt aber {names}.',
    next: 'Ist einer dieser Namen richtig, setzen Sie ihn als Identität des Gateways im Profil.',
  },
  'certificate.usage': {
    what: 'Das Zertifikat ({holder}) darf nicht für einen Server benutzt werden: Ihm fehlt {missing}.',
    next: 'Bitten Sie um ein Zertifikat mit der erweiterten Schlüsselverwendung serverAuth; docs/profile.md sagt, wann trust.requireServerAuth false sein darf.',
  },
  'certificate.identity': {
    what: 'Erwartet wurde {expected} ({holder}), die Gegenseite nennt sich aber {claimed}.',
    next: 'Ist das Ihr Gateway, setzen Sie diesen Namen als Identität des Gateways im Profil.',
  },
  'certificate.weak': {
    what: 'Das Zertifikat von {subject} ist zu schwach, um ihm zu trauen: {weakness}.',
    next: 'Bitten Sie um ein Zertifikat mit RSA ab 2048 Bit oder ECDSA, und SHA-256.',
  },
  'certificate.pin': {
    what: 'Das Zertifikat ({holder}) ist keines, das im Profil festgelegt ist. Sein SHA-256-Fingerabdruck ist {fingerprint}, der seines Schlüssels {key}.',
    next: 'Sagt die Administration, dass es ein neues gibt ({holder}), legen Sie es im Profil fest (trust.pins). Sonst ist das nicht Ihr {holder}.',
  },
  'certificate.revoked': {
    what: 'Das Zertifikat von {subject} wurde am {date} widerrufen: {reason}.',
    next: 'Verbinden Sie nicht. Fragen Sie die Administration, was geschehen ist, und bitten Sie um ein neues Zertifikat ({holder}).',
  },
  'certificate.revocation-unknown': {
    what: 'Ob das Zertifikat von {subject} widerrufen wurde, ließ sich nicht feststellen: {reason}.',
    next: 'Versuchen Sie es in einem Netz, das die CA erreicht. trust.revocation im Profil sagt, ob darauf bestanden wird und was gefragt werden darf.',
  },
  'certificate.chain': {
    what: 'Die Zertifikatskette ({holder}) ist fehlerhaft: {reason}.',
    next: 'Bitten Sie die Administration, die Kette des Gateways zu prüfen.',
  },
  'credential.password': {
    what: 'Das Passwort für {file} ist falsch.',
    next: 'Geben Sie das Passwort ein, mit dem die Datei gemacht wurde; es ist selten das des Kontos.',
  },
  'credential.file': {
    what: 'Die Datei {file} ergibt kein Zertifikat mit privatem Schlüssel: {reason}.',
    next: 'Exportieren Sie das Zertifikat noch einmal zusammen mit seinem privaten Schlüssel, als PKCS#12 oder PEM.',
  },
  'credential.no-key': {
    what: 'In der Datei {file} ist kein privater Schlüssel, nur Zertifikate.',
    next: 'Exportieren Sie das Zertifikat noch einmal zusammen mit seinem privaten Schlüssel; manche Programme fragen danach mit einem eigenen Schalter.',
  },
  'credential.weak-file': {
    what: 'Die Datei {file} ist mit {algorithm} verschlüsselt, was nichts schützt.',
    next: 'Exportieren Sie sie neu mit AES: `openssl pkcs12 -export` von OpenSSL 3 tut das, und Windows mit AES256-SHA256.',
  },
  'credential.missing': {
    what: 'Diese Anmeldung braucht ein eigenes Zertifikat, und das Profil nennt keines.',
    next: 'Setzen Sie authentication.certificate im Profil; docs/profile.md sagt, wie.',
  },
  'credential.helper': {
    what: 'Der Prozess von Godwit, der Schlüssel öffnet, ist stehen geblieben: {reason}.',
    next: 'Verbinden Sie erneut; geschieht es wieder, liegt es an der Schlüsseldatei oder am PKCS#11-Modul.',
  },
  'token.module': {
    what: 'Das PKCS#11-Modul {module} ist nicht benutzbar: {reason}.',
    next: 'Setzen Sie authentication.certificate.pkcs11Module im Profil auf das Modul des Tokens, etwa opensc-pkcs11.so.',
  },
  'token.missing': {
    what: 'Kein Token ist da, das zu {uri} passt; da sind: {present}.',
    next: 'Stecken Sie Karte oder Token ein, warten Sie einen Moment und verbinden Sie erneut.',
  },
  'token.no-certificate': {
    what: 'Das Token {token} hat kein Zertifikat mit privatem Schlüssel, das zu {uri} passt.',
    next: 'Sehen Sie mit `pkcs11-tool --list-objects` nach, was es hat, und berichtigen Sie die URI im Profil.',
  },
  'token.pin': {
    what: 'Die PIN von {token} ist falsch. Verbleibende Versuche: {triesLeft}.',
    next: 'Vergewissern Sie sich, welche PIN es ist, bevor Sie es wieder versuchen: Zu viele falsche sperren das Token.',
  },
  'token.pin-locked': {
    what: 'Die PIN von {token} ist nach zu vielen falschen Versuchen gesperrt.',
    next: 'Wer Ihnen das Token gegeben hat, kann es mit PUK oder SO-PIN entsperren.',
  },
  'token.pin-expired': {
    what: 'Die PIN von {token} muss geändert werden, bevor es benutzbar ist.',
    next: 'Ändern Sie sie mit dem Programm des Tokens oder mit `pkcs11-tool --change-pin`.',
  },
  'token.removed': {
    what: 'Das Token {token} wurde entfernt.',
    next: 'Stecken Sie es wieder ein und verbinden Sie; es wird bei jeder Anmeldung gebraucht.',
  },
  'token.refused': {
    what: 'Das Token {token} hat {call} abgelehnt: {reason}.',
    next: 'Versuchen Sie `pkcs11-tool --test`; vielleicht kann das Token oder sein Modul das nicht.',
  },
  'certificate.not-fetched': {
    what: 'Das Zertifikat von {holder} ist nur mit der Adresse {url} genannt und lässt sich von dort nicht holen: {reason}.',
    next: 'Versuchen Sie ein anderes Netz, oder bitten Sie die Administration, das Zertifikat selbst schicken zu lassen.',
  },
};
