import { parseArgs } from 'node:util';
import { enterSandbox } from '../support/net/sandbox.ts';
import { startCharonClient } from '../support/peers/charon-client.ts';
import type { VpnClient } from '../support/peers/client.ts';
import { freeRadiusObstacle } from '../support/peers/freeradius.ts';
import { Godwit } from '../support/peers/godwit.ts';
import { hostapdObstacle } from '../support/peers/hostapd.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';
import { createTopology, type Topology } from '../support/topology.ts';
import type { InteropCase } from './case.ts';
import { addressCases } from './cases/addresses.ts';
import { algorithmCases } from './cases/algorithms.ts';
import { authenticationCases } from './cases/authentication.ts';
import { certificateCases } from './cases/certificates.ts';
import { childrenCases } from './cases/children.ts';
import { eapCases } from './cases/eap.ts';
import { eapAloneCases } from './cases/eap-alone.ts';
import { fragmentCases } from './cases/fragments.ts';
import { livenessCases } from './cases/liveness.ts';
import { natMemoryCases } from './cases/nat-memory.ts';
import { networkCases } from './cases/networks.ts';
import { ownCertificateCases } from './cases/own-certificates.ts';
import { pathCases } from './cases/paths.ts';
import { ppkCases } from './cases/ppk.ts';
import { promptCases } from './cases/prompts.ts';
import { publicKeyCases } from './cases/public-keys.ts';
import { refusalCases } from './cases/refusals.ts';
import { rekeyingCases } from './cases/rekeying.ts';
import { renewalCases } from './cases/renewal.ts';
import { revocationCases } from './cases/revocation.ts';
import { roamingCases } from './cases/roaming.ts';
import { onToken, tokenCases } from './cases/tokens.ts';
import { createCertificates } from './certificates.ts';
import { putBack, runCase } from './run-case.ts';
import { leaksIn, secretsRegistered } from './secrets.ts';
import { type Bench, startGateway } from './stage.ts';
import { hasTokenTools, prepareToken } from './token.ts';

const usage = `npm run interop -- [--json] [--filter RE] [--client godwit|charon] [--lanes N] [--verbose]

Logs in to strongSwan in every way that test/interop/cases lists. --client charon plays the cases with strongSwan as
the client: what fails then is wrong in the case. So many cases are played at the same time as there are lanes. Cases of minutes
run only where the filter says 'soak'.`;

interface Row {
  readonly name: string;
  readonly theme: string;
  readonly peer: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
  readonly ms: number;
}

const certificates = createCertificates();

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    filter: { type: 'string', default: '' },
    client: { type: 'string', default: 'godwit' },
    lanes: { type: 'string', default: '3' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  process.stdout.write(`${usage}\n`);
} else {
  const obstacle = strongSwanObstacle() ?? (await enterSandbox());
  const filter = new RegExp(options.filter, 'i');
  const cases = [
    ...algorithmCases,
    ...certificateCases,
    ...revocationCases,
    ...authenticationCases,
    ...ownCertificateCases,
    ...publicKeyCases,
    ...tokenCases,
    ...promptCases,
    ...networkCases,
    ...natMemoryCases,
    ...pathCases,
    ...fragmentCases,
    ...refusalCases,
    ...rekeyingCases,
    ...livenessCases,
    ...roamingCases,
    ...childrenCases,
    ...addressCases,
    ...renewalCases,
    ...ppkCases,
    ...eapCases,
    ...eapAloneCases,
  ]
    .filter(({ name, theme }) => filter.test(`${theme}: ${name}`))
    // charon as the client knows EAP-MSCHAPv2 alone here.
    .filter(({ theme }) => theme !== 'eap' || options.client === 'godwit')
    .filter(({ soak }) => soak !== true || /soak/i.test(options.filter));
  report(obstacle === undefined ? await runAll(cases) : cases.map((each) => skip(each, obstacle)));
}

/** Each lane has a client and a gateway of its own; most of what a slow case does is to wait. */
async function runAll(cases: readonly InteropCase[]): Promise<Row[]> {
  if (hasTokenTools()) prepareToken(onToken.map((label) => [label, certificates.user(label)]));
  const lanes = Math.min(Number(options.lanes), cases.length);
  const left = cases
    .filter(({ alone }) => alone !== true)
    .sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
  const alone = cases.filter((each) => each.alone === true);
  const rows = new Map<InteropCase, Row>();
  const heard: Uint8Array[] = [];
  const play = async (queue: InteropCase[], lane: number): Promise<void> => {
    if (queue.length === 0) return;
    await runLane(lane, async (bench) => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
        const missing = radiusObstacle(each);
        rows.set(each, missing === undefined ? await row(each, bench) : skip(each, missing));
      }
      if (bench.client instanceof Godwit) heard.push(await all(bench.client));
    });
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => play(left, lane)));
  await play([...alone], 0);
  return [...cases.flatMap((each) => rows.get(each) ?? []), ...(heard.length === 0 ? [] : [leakRow(heard)])];
}

/** What the daemon has said all the time, and what the command line shows of it. */
async function all(godwit: Godwit): Promise<Uint8Array> {
  const shown: string[] = [];
  for (const args of [['status', '--json'], ['status'], ['profiles', '--json']]) {
    const cli = godwit.cli(args);
    await cli.exited;
    shown.push(cli.stdout, cli.stderr);
  }
  return new Uint8Array(Buffer.concat([godwit.said, Buffer.from(shown.join('\n'))]));
}

/** A row over the whole run: no secret of any row stands in a log or a message. */
function leakRow(heard: readonly Uint8Array[]): Row {
  const start = performance.now();
  const leaks = heard.flatMap(leaksIn);
  const octets = heard.reduce((sum, each) => sum + each.length, 0);
  const name = 'no log and no message of the whole run holds a secret of it';
  const verdict = leaks.length === 0 && octets > 0 ? 'passed' : 'failed';
  say(
    `${verdict === 'passed' ? 'ok    ' : 'FAILED'} secrets: ${name} (${secretsRegistered()} in ${octets} octets)`,
  );
  for (const leak of leaks) say(`         ${leak}`);
  const reason = octets === 0 ? 'nothing was heard' : leaks.join('; ');
  return {
    name,
    theme: 'secrets',
    peer: 'strongswan',
    verdict,
    reason,
    ms: Math.round(performance.now() - start),
  };
}

function radiusObstacle({ gateway }: InteropCase): string | undefined {
  if (gateway.radius === undefined) return undefined;
  return gateway.radius === 'freeradius' ? freeRadiusObstacle() : hostapdObstacle();
}

async function runLane(lane: number, play: (bench: Bench) => Promise<void>): Promise<void> {
  const topology = await createTopology(`interop${lane}`);
  try {
    const gateway = await startGateway(topology);
    const client = await startClient(topology);
    await play({ topology, gateway, client, certificates });
    await client.stop();
  } finally {
    await topology.lab.close();
  }
}

async function startClient(topology: Topology): Promise<VpnClient> {
  return options.client === 'charon'
    ? await startCharonClient(topology.client)
    : await Godwit.start(topology.client, ['--log-level', 'debug', '--spread', 'always']);
}

async function row(each: InteropCase, bench: Bench): Promise<Row> {
  const start = performance.now();
  let problems: string[];
  try {
    problems = await runCase(each, bench);
  } catch (error) {
    problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  if (problems.length > 0) await putBack(bench).catch((error) => problems.push(`not put back: ${error}`));
  const ms = Math.round(performance.now() - start);
  const verdict = problems.length === 0 ? 'passed' : 'failed';
  say(
    `${verdict === 'passed' ? 'ok    ' : 'FAILED'} ${String(ms).padStart(6)} ms  ${each.theme}: ${each.name}`,
  );
  for (const problem of problems) say(`         ${problem}`);
  if (problems.length > 0 && options.verbose) {
    say(indent('gateway', bench.gateway.log));
    say(indent(bench.client.name, bench.client.log));
    if (bench.radius !== undefined)
      say(
        indent(
          bench.radius.kind,
          bench.radius.server.log +
            JSON.stringify(bench.radius.server.process.exit) +
            bench.radius.server.process.stderr,
        ),
      );
  }
  return { ...base(each), verdict, reason: problems.join('; '), ms };
}

function skip(each: InteropCase, reason: string): Row {
  return { ...base(each), verdict: 'skipped', reason, ms: 0 };
}

function base({ name, theme }: InteropCase): Pick<Row, 'name' | 'theme' | 'peer'> {
  return { name, theme, peer: 'strongswan' };
}

function report(rows: readonly Row[]): void {
  const count = (verdict: Row['verdict']): number => rows.filter((each) => each.verdict === verdict).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const ok = failed === 0 && rows.length > 0;
  const reason = rows.find((each) => each.verdict === 'skipped')?.reason;
  if (reason !== undefined) say(`skipped: ${reason}`);
  if (rows.length === 0) say('No case matches the filter.');
  say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ok, passed, failed, skipped, rows })}\n`);
  process.exitCode = ok ? 0 : 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function indent(who: string, log: string): string {
  return log.split('\n').slice(-80).join('\n').replace(/^/gm, `           ${who}| `);
}
