import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { libc } from '../../core/platform/linux/libc.ts';
import { openTunDevice } from '../../core/platform/linux/tun-device.ts';
import { enterSandbox } from '../support/net/sandbox.ts';

const skip = (await enterSandbox()) ?? false;
const nobody = 65_534;

function interfaces(): string[] {
  return readdirSync('/proc/self/net/dev_snmp6');
}

test('a device lives as long as its descriptor, and has the name that was asked for', { skip }, () => {
  const opened = openTunDevice('lark%d');
  assert.ok(opened.ok);
  assert.deepEqual([opened.value.name, opened.value.vnetHeader], ['lark0', true]);
  const plain = openTunDevice('lark%d', { offload: false });
  assert.ok(plain.ok);
  assert.deepEqual([plain.value.name, plain.value.vnetHeader], ['lark1', false]);
  assert.ok(interfaces().includes('lark0'));
  libc.close(opened.value.fd);
  libc.close(plain.value.fd);
  assert.ok(!interfaces().some((name) => name.startsWith('lark')));
});

test('a name that is taken is a failure that says so', { skip }, () => {
  const first = openTunDevice('lark7');
  assert.ok(first.ok);
  const second = openTunDevice('lark7');
  assert.deepEqual(!second.ok && second.error.code, 'system.tun-busy');
  libc.close(first.value.fd);
});

test('without CAP_NET_ADMIN the failure is one of permission', { skip: skip || !canBeNobody() }, () => {
  process.seteuid?.(nobody);
  const opened = openTunDevice('lark%d');
  process.seteuid?.(0);
  assert.equal(!opened.ok && opened.error.code, 'system.permission');
});

test('a system without TUN says so', { skip }, () => {
  // The sandbox has mounts of its own.
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'nothing', '/dev/net']).status, 0);
  const opened = openTunDevice('lark%d');
  spawnSync('umount', ['/dev/net']);
  assert.equal(!opened.ok && opened.error.code, 'system.tun-missing');
});

/** In a user namespace with one user there is nobody else to be. */
function canBeNobody(): boolean {
  try {
    process.seteuid?.(nobody);
    process.seteuid?.(0);
    return true;
  } catch {
    return false;
  }
}
