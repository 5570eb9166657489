import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { UiServer } from '../../../core/cli/ui/ui-server.ts';
import { Godwit } from '../../support/peers/godwit.ts';
import type { StrongSwan } from '../../support/peers/strongswan.ts';
import { startStrongSwanGateway } from '../../support/peers/strongswan-gateway.ts';
import { createCa, type Issued, issue } from '../../support/pki.ts';
import { addresses, createTopology, type Topology } from '../../support/topology.ts';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { serveUi, watchErrors } from '../support/ui-page.ts';

export const password = 'correct horse';
export const username = 'alice';

/** A browser, the page of `godwit ui`, the daemon and a strongSwan gateway, each in its namespace. */
export interface LiveStage {
  readonly topology: Topology;
  readonly gateway: StrongSwan;
  readonly server: UiServer;
  readonly browser: TestBrowser;
  readonly page: Page;
  readonly errors: string[];
  /** A profile as strongSwan's app exports it. */
  readonly sswan: string;
  /** A certificate of alice's with its key and the CA, behind the same password. */
  readonly p12: Uint8Array;
  godwit: Godwit;
}

let opened: Promise<LiveStage> | undefined;

export function liveStage(): Promise<LiveStage> {
  opened ??= open();
  return opened;
}

async function open(): Promise<LiveStage> {
  const ca = createCa('Live Root');
  const identity = 'vpn.example.org';
  const topology = await createTopology('live');
  const gateway = await startStrongSwanGateway(topology.gateway, {
    identity,
    certificate: issue(ca, { subject: identity }),
    users: { [username]: password },
    pools: [addresses.pool.v4],
    networks: [addresses.lan.net4],
    dnsServers: [addresses.lan.v4],
    people: ca,
  });
  const godwit = await startDaemon(topology);
  const server = await serveUi(godwit.socketPath);
  const browser = await startBrowser();
  const page = await browser.context.newPage();
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.addInitScript(`localStorage.setItem('godwit.language', 'en')`);
  const sswan = JSON.stringify({
    uuid: 'b2c9a6f1-2f9d-4f8e-9f0b-0d7f5d1c2a11',
    name: 'Headquarters',
    type: 'ikev2-eap',
    remote: {
      addr: addresses.natGateway.v4,
      id: identity,
      cert: Buffer.from(ca.der).toString('base64'),
    },
    local: { eap_id: username },
    'split-tunneling': { subnets: [addresses.lan.net4] },
  });
  const p12 = keyFileOf(
    issue(ca, { subject: username, names: ['alice@example.org'], usages: ['clientAuth'] }),
    ca,
  );
  return { topology, gateway, server, browser, page, errors: watchErrors(page), sswan, p12, godwit };
}

function keyFileOf(own: Issued, ca: Issued): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-e2e-'));
  try {
    writeFileSync(join(folder, 'own.pem'), own.privateKeyPem + own.pem);
    writeFileSync(join(folder, 'ca.pem'), ca.pem);
    const files = ['-in', 'own.pem', '-certfile', 'ca.pem', '-out', 'own.p12'];
    execFileSync('openssl', ['pkcs12', '-export', ...files, '-passout', 'stdin'], {
      cwd: folder,
      input: `${password}\n`,
    });
    return new Uint8Array(readFileSync(join(folder, 'own.p12')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function startDaemon(topology: Topology): Promise<Godwit> {
  return await Godwit.start(topology.client, ['--state', join(topology.client.folder, 'state')]);
}

export async function closeLiveStage(): Promise<void> {
  const stage = await opened;
  opened = undefined;
  if (stage === undefined) return;
  await stage.browser.close();
  await stage.server.close();
  await stage.godwit.stop();
  await stage.gateway.stop();
  await stage.topology.lab.close();
}
