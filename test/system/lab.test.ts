import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Lab, type Namespace } from '../support/net/lab.ts';
import { differences, readState } from '../support/net/leftovers.ts';
import { startUdpRelay } from '../support/net/relay-process.ts';
import { enterSandbox } from '../support/net/sandbox.ts';

const skip = (await enterSandbox()) ?? false;

describe('a lab', { skip }, () => {
  let lab: Lab;
  let a: Namespace;
  let b: Namespace;

  before(async () => {
    lab = new Lab('lab-test');
    [a, b] = await Promise.all([lab.namespace('a', { nameServers: ['192.0.2.53'] }), lab.namespace('b')]);
    await lab.link(
      { namespace: a, device: 'eth0', addresses: ['10.0.0.1/24', 'fd00::1/64'] },
      { namespace: b, device: 'eth0', addresses: ['10.0.0.2/24', 'fd00::2/64'] },
      { mtu: 1280 },
    );
  });
  after(() => lab.close());

  it('links namespaces, both families, with the MTU that was asked for', async () => {
    await a.must(['ping', '-c', '1', '-W', '15', '10.0.0.2']);
    await a.must(['ping', '-c', '1', '-W', '15', 'fd00::2']);
    assert.match(await b.must(['ip', 'link', 'show', 'eth0']), /mtu 1280/);
  });

  it('gives each namespace name servers of its own, which a program may replace', async () => {
    const real = readFileSync('/etc/resolv.conf', 'utf8');
    const script =
      'cat /etc/resolv.conf; echo "nameserver 192.0.2.54" > /etc/new; mv /etc/new /etc/resolv.conf';
    const program = a.spawn(['sh', '-c', script]);
    await program.exited;
    assert.equal(program.stdout, 'nameserver 192.0.2.53\n');
    assert.equal(readFileSync(a.resolvConf, 'utf8'), 'nameserver 192.0.2.54\n');
    assert.equal(readFileSync(b.resolvConf, 'utf8'), '');
    assert.equal(readFileSync('/etc/resolv.conf', 'utf8'), real);
  });

  it('sees whatever is left behind, and whatever was lost', async () => {
    const before = await readState(b);
    assert.deepEqual(differences(before, await readState(b)), []);
    await b.ip([
      'route add 203.0.113.0/24 via 10.0.0.1',
      'rule add priority 99 lookup main',
      'tuntap add dev tun9 mode tun',
    ]);
    writeFileSync(b.resolvConf, 'nameserver 192.0.2.1\n');
    const found = differences(before, await readState(b)).join('\n');
    for (const part of ['203.0.113.0/24', 'lookup main', 'tun9', 'nameserver 192.0.2.1']) {
      assert.ok(found.includes(part), `${part} in ${found}`);
    }
    await b.ip([
      'link delete tun9',
      'rule delete priority 99',
      'route delete 203.0.113.0/24',
      'address delete 10.0.0.2/24 dev eth0',
    ]);
    writeFileSync(b.resolvConf, '');
    assert.match(differences(before, await readState(b)).join('\n'), /lost: address: .*10\.0\.0\.2/);
    await b.ip(['address add 10.0.0.2/24 dev eth0']);
  });

  it('relays UDP as a NAT router would: from another address and port, and back', async () => {
    const [middle, inside] = await Promise.all([lab.namespace('middle'), lab.namespace('inside')]);
    await lab.link(
      { namespace: inside, device: 'eth0', addresses: ['10.1.0.2/24'] },
      { namespace: middle, device: 'home', addresses: ['10.1.0.1/24'] },
    );
    await lab.link(
      { namespace: middle, device: 'wan', addresses: ['10.2.0.1/24'] },
      { namespace: b, device: 'wan', addresses: ['10.2.0.2/24'] },
    );
    await startUdpRelay(middle, '10.1.0.1', '10.2.0.2');
    const echo = b.spawn([process.execPath, '--eval', echoProgram]);
    await echo.waitFor(/ready/);
    const answer = await inside.must([process.execPath, '--eval', askProgram]);
    assert.match(answer, /^10\.2\.0\.1 \d+$/m);
    assert.notEqual(answer.trim(), '10.2.0.1 4500');
  });

  it('ends its processes when it closes', async () => {
    const other = new Lab('lab-test-2');
    const namespace = await other.namespace('c');
    const sleeper = namespace.spawn(['sleep', '1000']);
    await other.close();
    assert.equal((await sleeper.exited).signal, 'SIGTERM');
    assert.equal(existsSync(`/run/netns/${namespace.name}`), false);
    assert.equal(existsSync(other.folder), false);
  });
});

const echoProgram = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (octets, from) => socket.send(from.address + ' ' + from.port, from.port, from.address));
socket.bind(4500, '10.2.0.2', () => console.log('ready'));
`;

const askProgram = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (octets) => { console.log(octets.toString()); socket.close(); });
socket.bind(4500, () => socket.send('who am I', 4500, '10.1.0.1'));
`;
