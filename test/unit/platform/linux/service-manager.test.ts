import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { libc } from '../../../../core/platform/linux/libc.ts';
import { serviceManager } from '../../../../core/platform/linux/service-manager.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-notify-'));
after(() => rmSync(folder, { recursive: true }));

/** A manager's end: what it is told, a datagram each. */
class Manager {
  readonly #fd: number;

  constructor(name: Buffer) {
    this.#fd = libc.socket(1, 2 | 0o2000000 | 0o4000, 0);
    const address = Buffer.concat([new Uint8Array(Uint16Array.of(1).buffer), name]);
    assert.equal(libc.bind(this.#fd, address, address.length), 0);
  }

  heard(): string[] {
    const into = Buffer.alloc(4_096);
    const said: string[] = [];
    for (;;) {
      const octets = libc.recvfrom(this.#fd, into, into.length, 0, null, null);
      if (octets < 0) return said;
      said.push(into.toString('utf8', 0, octets));
    }
  }

  close(): void {
    libc.close(this.#fd);
  }
}

describe('the service manager', () => {
  it('is told, a datagram each, at a path and at an abstract name', () => {
    const path = join(folder, 'notify');
    const abstract = `godwit-notify-${process.pid}`;
    for (const [named, bound] of [
      [path, Buffer.from(`${path}\0`)],
      [`@${abstract}`, Buffer.from(`\0${abstract}`)],
    ] as const) {
      const end = new Manager(bound);
      const manager = serviceManager({ NOTIFY_SOCKET: named });
      assert.deepEqual(manager?.tell('READY=1'), { ok: true, value: undefined });
      assert.equal(manager?.tell('STOPPING=1').ok, true);
      assert.deepEqual(end.heard(), ['READY=1', 'STOPPING=1']);
      end.close();
    }
  });

  it('is not there where the environment names none', () => {
    assert.equal(serviceManager({}), undefined);
    assert.equal(serviceManager({ NOTIFY_SOCKET: '' }), undefined);
  });

  it('is forgotten by the environment, so that children do not speak for us', () => {
    const environment = { NOTIFY_SOCKET: join(folder, 'nobody'), HOME: '/' };
    serviceManager(environment);
    assert.deepEqual(environment, { HOME: '/' });
  });

  it('that is gone, or has no name a socket can have, is a failure and no more', () => {
    const codes = [join(folder, 'nobody'), 'vsock:2:1234', `/${'x'.repeat(107)}`, `@${'x'.repeat(108)}`].map(
      (name) => {
        const told = serviceManager({ NOTIFY_SOCKET: name })?.tell('READY=1');
        return told?.ok === false ? told.error.detail['errno'] : told;
      },
    );
    assert.deepEqual(codes, ['ENOENT', 'EINVAL', 'EINVAL', 'EINVAL']);
  });

  it('that does not read holds nobody up', () => {
    const path = join(folder, 'deaf');
    const end = new Manager(Buffer.from(`${path}\0`));
    const manager = serviceManager({ NOTIFY_SOCKET: path });
    let failed: unknown;
    for (let i = 0; i < 100_000 && failed === undefined; i++) {
      const told = manager?.tell('READY=1');
      if (told?.ok === false) failed = told.error.detail['errno'];
    }
    assert.equal(failed, 'EAGAIN');
    end.close();
  });
});
