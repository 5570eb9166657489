import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { processesNamed } from '../support/net/leftovers.ts';
import { inSandbox, sandboxObstacle } from '../support/net/sandbox.ts';

// This file stays outside: it looks at the machine while the demo works in its sandbox and is ended in the middle.
const demo = fileURLToPath(new URL('../demo/demo.ts', import.meta.url));
const daemon = 'daemon/main.ts --socket /run/lab/demo';
const skip = inSandbox() ? 'it looks at a sandbox from outside' : (sandboxObstacle() ?? false);

// Of its own, so that only what the demo puts there counts.
const temporary = mkdtempSync(join(tmpdir(), 'godwit-nothing-left-'));
after(() => rmSync(temporary, { recursive: true }));

describe('a demo that is ended in the middle', { skip }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    it(`leaves nothing on the machine after ${signal}`, async () => {
      const before = machine();
      const child = await demoWithTunnelUp();
      assert.notDeepEqual(processesNamed(daemon), [], 'the daemon runs');
      assert.deepEqual(machine(), before, 'what it does shows nowhere outside');
      child.kill(signal);
      await once(child, 'exit');
      await gone(daemon);
      await gone(demo);
      assert.deepEqual(processesNamed(daemon), []);
      assert.deepEqual(processesNamed(demo), []);
      assert.deepEqual(machine(), before);
    });
  }
});

async function demoWithTunnelUp(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [demo], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  });
  child.stdout.setEncoding('utf8');
  let said = '';
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(text);
    if (said.includes('Traffic through the tunnel')) {
      child.stdout.resume();
      return child;
    }
  }
  throw new Error(`the demo never had a tunnel:\n${said}`);
}

/** What the machine itself shows of links, rules, namespaces, name servers and files of ours. */
function machine(): string[] {
  const show = (...args: string[]): string[] => {
    const lines = spawnSync('ip', args, { encoding: 'utf8' }).stdout.split('\n');
    return lines.map((line) => line.replace(/^\d+: /, ''));
  };
  return [
    ...show('-o', 'link'),
    ...show('-4', 'rule'),
    ...show('-6', 'rule'),
    ...show('netns'),
    readFileSync('/etc/resolv.conf', 'utf8'),
    ...readdirSync('/run').filter((name) => /godwit|lab/.test(name)),
    ...readdirSync(temporary),
  ];
}

/** The kernel takes a moment to end the processes of a namespace whose first one was killed. */
async function gone(command: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (processesNamed(command).length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
