import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../net/lab.ts';
import type { LabProcess } from '../net/lab-process.ts';
import { missingPrograms } from '../net/sandbox.ts';
import type { Issued } from '../pki.ts';

/** Where RADIUS servers listen for a gateway in the same namespace. */
export const radiusSecret = 'between-gateway-and-radius';

/** The inner address of the user `framed`, which comes from RADIUS. */
export const framedAddress = '10.79.0.77';

/** A RADIUS server that does the EAP of a gateway which only passes it on. */
export interface RadiusServer {
  readonly process: LabProcess;
  /** For a reader of a failure. */
  readonly log: string;
}

export interface RadiusOptions {
  /** What it shows inside TLS. */
  readonly certificate: Issued;
  /** Whose client certificates it takes. */
  readonly clientCa: Issued;
  readonly users: Readonly<Record<string, string>>;
}

/** Why FreeRADIUS cannot be started here; undefined when it can. */
export function freeRadiusObstacle(): string | undefined {
  return missingPrograms(['freeradius']);
}

/**
 * FreeRADIUS with EAP-TLS, TTLS, PEAP, GTC, MD5 and MSCHAPv2. Users whose outer name ends in `13` get TLS 1.3, the others 1.2;
 * the password of those whose name begins with `expired` has expired and stays so; that of `changing` can be changed, once.
 */
export async function startFreeRadius(namespace: Namespace, options: RadiusOptions): Promise<RadiusServer> {
  const folder = join(namespace.folder, 'freeradius');
  mkdirSync(folder, { recursive: true });
  const file = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  file('server.pem', options.certificate.pem + options.certificate.privateKeyPem);
  file('client-ca.pem', options.clientCa.pem);
  file('users', users(options.users));
  file('changing', `${options.users['changing'] ?? ''}\nexpired\n`);
  file('dictionary', '$INCLUDE /usr/share/freeradius/dictionary\n');
  file('radiusd.conf', configuration(folder));
  // The log of the one before says that it is ready, too.
  rmSync(join(folder, 'log'), { force: true });
  const process = namespace.spawn(['freeradius', '-f', '-d', folder, '-n', 'radiusd']);
  const log = (): string => readLog(join(folder, 'log'));
  await until(process, () => log().includes('Ready to process requests'), log);
  return {
    process,
    get log() {
      return log();
    },
  };
}

export function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-20_000);
  } catch {
    return '';
  }
}

/** Waits for a server to be ready. @throws with its log when it ends or takes too long */
export async function until(process: LabProcess, ready: () => boolean, log: () => string): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!ready()) {
    if (process.exit !== undefined || performance.now() > deadline) {
      await process.stop();
      throw new Error(`${process.argv[0]} does not start: ${process.stdout}${process.stderr}${log()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The command that knows the user `changing`. */
function helper(folder: string): string {
  return `${process.execPath} ${import.meta.dirname}/ntlm-helper.ts ${folder}/changing`;
}

function users(passwords: Readonly<Record<string, string>>): string {
  return Object.entries(passwords)
    .map(([name, password]) => {
      // 0x20010: an ordinary account whose password has expired.
      const expired = name.startsWith('expired') ? ', SMB-Account-CTRL := 131088' : '';
      const address = name === 'framed' ? `\tFramed-IP-Address := ${framedAddress}\n` : '';
      if (name === 'changing') return '';
      return `${name} Cleartext-Password := "${password}"${expired}, MS-CHAP-Use-NTLM-Auth := No\n${address}`;
    })
    .join('');
}

function configuration(folder: string): string {
  return `
prefix = /usr
exec_prefix = /usr
sysconfdir = ${folder}
localstatedir = ${folder}
sbindir = /usr/sbin
logdir = ${folder}
raddbdir = ${folder}
run_dir = ${folder}
db_dir = ${folder}
libdir = /usr/lib/freeradius
pidfile = ${folder}/pid
max_request_time = 10
cleanup_delay = 1
max_requests = 256
hostname_lookups = no
log {
  destination = files
  file = ${folder}/log
  auth = yes
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = no
}
proxy_requests = no
client gateway {
  ipaddr = 127.0.0.1
  secret = ${radiusSecret}
}
thread pool {
  start_servers = 1
  max_servers = 4
  min_spare_servers = 1
  max_spare_servers = 2
}
modules {
  files {
    usersfile = ${folder}/users
  }
  pap {
  }
  mschap {
    use_mppe = yes
    allow_retry = yes
    ntlm_auth = "${helper(folder)} auth %{mschap:Challenge} %{mschap:NT-Response}"
    passchange {
      ntlm_auth = "${helper(folder)} change"
      ntlm_auth_username = "username: %{mschap:User-Name}"
      ntlm_auth_domain = "nt-domain: GODWIT"
    }
  }
${eap('eap12', folder, '1.2')}
${eap('eap13', folder, '1.3')}
${eap('eap', folder, '1.2')}
}
policy {
}
server outer {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = 1812
  }
  authorize {
    files
    if (&User-Name =~ /13$/) {
      eap13
    }
    else {
      eap12
    }
  }
  authenticate {
    Auth-Type eap12 {
      eap12
    }
    Auth-Type eap13 {
      eap13
    }
    Auth-Type PAP {
      pap
    }
    Auth-Type MS-CHAP {
      mschap
    }
  }
}
server inner {
  authorize {
    mschap
    eap {
      ok = return
    }
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type MS-CHAP {
      mschap
    }
    eap
  }
}
`;
}

function eap(name: string, folder: string, version: string): string {
  return `
  eap ${name === 'eap' ? '' : name} {
    default_eap_type = md5
    timer_expire = 30
    max_sessions = 64
    md5 {
    }
    gtc {
      challenge = "Your password, please: "
      auth_type = PAP
    }
    mschapv2 {
      send_error = yes
    }
    tls-config common {
      private_key_file = ${folder}/server.pem
      certificate_file = ${folder}/server.pem
      ca_file = ${folder}/client-ca.pem
      cipher_list = "DEFAULT"
      tls_min_version = "${version}"
      tls_max_version = "${version}"
      ecdh_curve = ""
      cache {
        enable = no
      }
    }
    tls {
      tls = common
    }
    ttls {
      tls = common
      default_eap_type = md5
      virtual_server = inner
    }
    peap {
      tls = common
      default_eap_type = mschapv2
      virtual_server = inner
    }
  }`;
}
