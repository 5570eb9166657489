/** Failures of the gateway, the path and this system, in German. */
export const peerFailures = {
  malformed: {
    what: 'Eine Nachricht war abgeschnitten oder verstümmelt: {what}.',
    next: 'Wenn sich das wiederholt, verändert etwas auf dem Weg die Pakete; versuchen Sie ein anderes Netz.',
  },
  'peer.integrity': {
    what: 'Eine Nachricht wurde unterwegs verändert oder stammt nicht vom Gateway.',
    next: 'Sie wurde verworfen. Wenn sich das wiederholt, verändert etwas auf dem Weg die Pakete; versuchen Sie ein anderes Netz.',
  },
  'peer.critical-payload': {
    what: 'Das Gateway besteht auf einer Erweiterung, die Godwit nicht kennt (Payload-Typ {type}).',
    next: 'Fragen Sie die Administration des Gateways, welche das ist und ob sie abgeschaltet werden kann.',
  },
  'peer.misbehaved': {
    what: 'Das Gateway hat eine Regel von IKEv2 gebrochen: {rule}.',
    next: 'Schicken Sie diese Meldung und das Protokoll an die Administration des Gateways.',
  },
  'peer.no-proposal-chosen': {
    what: 'Das Gateway nimmt keinen der Algorithmen an, die dieses Profil für {exchange} anbietet.',
    next: 'Fragen Sie die Administration, welche IKE- und ESP-Vorschläge das Gateway annimmt, und tragen Sie sie ins Profil ein.',
  },
  'peer.unacceptable-choice': {
    what: 'Das Gateway hat Algorithmen gewählt, die ihm nicht angeboten wurden: {chosen}.',
    next: 'Benutzen Sie dieses Gateway nicht, bevor seine Administration diese Meldung gesehen hat.',
  },
  'peer.ts-unacceptable': {
    what: 'Das Gateway hat die Netze abgelehnt, um die dieses Profil bittet.',
    next: 'Prüfen Sie die Netze im Profil, oder lassen Sie sie weg, um zu nehmen, was das Gateway gibt.',
  },
  'peer.no-address': {
    what: 'Das Gateway hat keine innere Adresse vergeben.',
    next: 'Sein Adressvorrat ist vielleicht erschöpft oder für eine andere Art von Adresse gedacht; fragen Sie die Administration.',
  },
  'peer.refused': {
    what: 'Das Gateway hat die Verbindung mit {notify} abgelehnt.',
    next: 'Schicken Sie diese Meldung an die Administration des Gateways.',
  },
  'peer.nat-forbidden': {
    what: 'Ein NAT auf dem Weg ändert Adresse oder Port dessen, was dieser Computer sendet, und das Profil erlaubt keines.',
    next: 'Verbinden Sie sich aus einem Netz ohne NAT, oder entfernen Sie `"allowNat": false` aus dem Profil.',
  },
  'peer.esp-silent': {
    what: 'Das Gateway antwortet, aber {seconds} s lang kam nichts durch den Tunnel zurück.',
    next: 'Godwit meldet sich von einem anderen Port neu an. Hilft das nicht, lässt vielleicht eine Firewall IKE durch und ESP in UDP-Port 4500 nicht.',
  },
  'peer.closed': {
    what: 'Das Gateway hat die Verbindung beendet.',
    next: 'Verbinden Sie erneut; endet sie wieder, fragen Sie, ob das Konto eine Sitzungsgrenze hat.',
  },
  'peer.redirected': {
    what: 'Das Gateway {gateway} schickt seine Clients zu {to}.',
    next: 'Godwit folgt von selbst; wenn Sie dies sehen, tragen Sie das andere Gateway ins Profil ein.',
  },
  'peer.redirect-loop': {
    what: 'Die Gateways schicken uns endlos vom einen zum anderen, zuletzt zu {to}.',
    next: 'Fragen Sie die Administration des Gateways; mit "followRedirects": false im Profil bleibt Godwit beim ersten.',
  },
  'peer.not-rekeyed': {
    what: 'Die Schlüssel der Verbindung liefen ab, weil das Gateway sie nicht erneuern wollte: {reason}.',
    next: 'Verbinden Sie erneut. Wiederholt es sich, fragen Sie, welche Vorschläge und Gruppen das Gateway beim Erneuern annimmt.',
  },
  'peer.unreachable': {
    what: 'Das Gateway {gateway} hat nicht geantwortet.',
    next: 'Prüfen Sie den Namen des Gateways und das Netz; vielleicht sind hier die UDP-Ports 500 und 4500 gesperrt.',
  },
  'peer.silent': {
    what: 'Das Gateway antwortete zuerst und verstummte dann bei {phase}.',
    next: 'Vielleicht gehen in diesem Netz große Pakete verloren, oder UDP 4500 ist gesperrt; versuchen Sie ein anderes Netz.',
  },
  'peer.dead': {
    what: 'Das Gateway antwortet nicht mehr.',
    next: 'Prüfen Sie das Netz und verbinden Sie dann erneut.',
  },
  'tunnel.busy': {
    what: 'Eine Verbindung steht schon: {profile}.',
    next: 'Trennen Sie sie zuerst.',
  },
  'tunnel.cancelled': {
    what: 'Das Verbinden wurde abgebrochen.',
    next: 'Verbinden Sie, wenn Sie so weit sind.',
  },
  'tunnel.idle': {
    what: 'Durch den Tunnel ging {seconds} s lang nichts; das Profil beendet die Verbindung dann.',
    next: 'Verbinden Sie neu. Im Profil steht die Zeit unter `inactivity`; mit `"action": "sleep"` bleiben Sie angemeldet.',
  },
  'tunnel.renewal-late': {
    what: 'Eine neue Anmeldung, die die jetzige ablösen sollte, wurde nicht rechtzeitig fertig.',
    next: 'Godwit versucht es wieder, solange die jetzige steht. Wenn Sie gefragt wurden, antworten Sie schneller.',
  },
  'gateway.unresolved': {
    what: 'Der Name {gateway} hat keine Adresse.',
    next: 'Prüfen Sie die Schreibweise und ob dieses Netz Namen auflöst.',
  },
  'system.call': {
    what: 'Das System hat {call} abgelehnt: {errno}.',
    next: 'Lesen Sie das Protokoll des Dienstes; vielleicht fehlt es dem System an etwas.',
  },
  'system.permission': {
    what: 'Godwit darf hier das Netz nicht ändern ({call}: {errno}).',
    next: 'Starten Sie den Dienst als root oder mit der Fähigkeit CAP_NET_ADMIN.',
  },
  'system.tun-missing': {
    what: 'Dieses System hat kein TUN-Gerät (/dev/net/tun).',
    next: 'Laden Sie es mit `modprobe tun`; in einem Container reichen Sie das Gerät hinein.',
  },
  'system.tun-busy': {
    what: 'Das Netzgerät {device} ist schon in Gebrauch.',
    next: 'Vielleicht ist ein anderer Godwit-Dienst verbunden: Trennen Sie ihn, oder starten Sie diesen mit einem anderen --device.',
  },
  'system.network': {
    what: 'Das Netz ist nicht benutzbar: {call} scheiterte mit {errno}.',
    next: 'Prüfen Sie, ob dieser Computer online ist.',
  },
  'system.address-changed': {
    what: 'Die Adresse dieses Computers hat sich von {from} zu {to} geändert.',
    next: 'Godwit meldet sich von der neuen Adresse aus wieder an.',
  },
  'system.journal': {
    what: 'Das Journal der Änderungen an diesem Computer, {file}, ist nicht benutzbar: {reason}.',
    next: 'Godwit hat es beiseitegelegt. Wenn Netz oder Namensauflösung sich seltsam verhalten, starten Sie den Computer neu.',
  },
  'system.undo': {
    what: 'Nicht alle Änderungen an diesem Computer ließen sich zurücknehmen: {count} sind übrig, die erste ist {first}.',
    next: 'Godwit versucht es beim nächsten Start wieder; ein Neustart des Computers entfernt sie auch.',
  },
  'system.dns': {
    what: 'Die Namensauflösung ließ sich mit {strategy} nicht einrichten: {reason}.',
    next: 'Prüfen Sie, ob systemd-resolved läuft oder der Dienst /etc/resolv.conf schreiben darf.',
  },
  'system.dns-changed': {
    what: 'Ein anderes Programm hat {file} geändert, während die Verbindung stand; es blieb, wie es ist.',
    next: 'Wenn Namen jetzt nicht aufgelöst werden, verbinden Sie das Netz neu.',
  },
  'system.dns-not-split': {
    what: 'Dieses System kann nicht verschiedene Server nach verschiedenen Namen fragen; alle Namen gehen durch den Tunnel.',
    next: 'Installieren und aktivieren Sie systemd-resolved, um andere Namen aus dem Tunnel zu halten.',
  },
  'system.dns-name': {
    what: 'Das Gateway hat eine Suchdomäne genannt, die kein Domänenname ist; sie wurde weggelassen.',
    next: 'Sagen Sie es der Administration des Gateways.',
  },
  'system.reverse-path': {
    what: 'Der Kernel prüft Rückwege streng (rp_filter 1), und die Einstellung ließ sich nicht ändern: {errno}.',
    next: 'Wenn nichts durch den Tunnel kommt, führen Sie als root `sysctl -w net.ipv4.conf.all.rp_filter=2` aus.',
  },
  'system.no-ipv6': {
    what: 'Auf diesem System ist IPv6 abgeschaltet; der Tunnel trägt nur IPv4.',
    next: 'Schalten Sie IPv6 ein, wenn Sie es brauchen.',
  },
  'dataplane.stopped': {
    what: 'Der Teil von Godwit, der Pakete bewegt, ist stehen geblieben ({worker}: {reason}).',
    next: 'Verbinden Sie erneut; geschieht es wieder, melden Sie das mit dem Protokoll des Dienstes.',
  },
};
