import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, call, errnoName, errnoNumber, libc } from '../../../../core/platform/linux/libc.ts';

test('a failed call is a Failure with the name of its errno', () => {
  assert.deepEqual(call('close', -1), {
    ok: false,
    error: { code: 'system.call', family: 'system-failure', detail: { call: 'close', errno: 'EBADF' } },
  });
  const opened = call('open', '/nowhere/at/all', 0, 0);
  assert.deepEqual(!opened.ok && opened.error.detail, { call: 'open', errno: 'ENOENT' });
  assert.deepEqual(call('ioctlValue', -1, 0, 0), {
    ok: false,
    error: { code: 'system.call', family: 'system-failure', detail: { call: 'ioctl', errno: 'EBADF' } },
  });
});

test('the usual names and numbers of errno', () => {
  assert.deepEqual([1, 2, 11, 22, 90, 98].map(errnoName), [
    'EPERM',
    'ENOENT',
    'EAGAIN',
    'EINVAL',
    'EMSGSIZE',
    'EADDRINUSE',
  ]);
  assert.equal(errnoName(4711), '4711');
  assert.equal(errnoNumber('EAGAIN'), 11);
  assert.equal(errnoNumber('ENONSENSE'), -1);
});

test('an eventfd carries a number', () => {
  const fd = libc.eventfd(7, 0);
  const octets = new Uint8Array(8);
  assert.equal(libc.read(fd, octets, 8), 8);
  assert.deepEqual([...octets], [7, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(libc.close(fd), 0);
});

test('memory that may move has no address', () => {
  assert.throws(() => addressOf(new Uint8Array(8)), RangeError);
  const octets = new Uint8Array(new ArrayBuffer(128));
  assert.equal(addressOf(octets.subarray(5)) - addressOf(octets), 5);
});
