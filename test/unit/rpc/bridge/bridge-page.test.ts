import type { TestContext } from 'node:test';
import { ok } from '../../../../core/base/result.ts';
import { BridgePage } from '../../../../core/rpc/transport/bridge-page.ts';
import { connectRpc } from '../../../../core/rpc/transport/client.ts';
import { bridgeContract, type OpenPage } from './contract.ts';

/** Host and page in one process, as Electron's channel joins them: one message after the other, nothing in between. */
function openDirect(t: TestContext, socketPath: string): OpenPage {
  const dropped = Promise.withResolvers<void>();
  const early: string[] = [];
  let onMessage = (message: string): void => void early.push(message);
  const page = new BridgePage({
    reach: () => connectRpc(socketPath),
    methods: {
      host: () =>
        ok({ kind: 'electron', version: '0.1.0', preferences: [], update: { state: 'off', why: 'browser' } }),
      notices: () => ok({ text: 'NOTICES' }),
      'check-for-updates': () => ok({ update: { state: 'off', why: 'browser' } }),
      'set-preference': () => ok({ preferences: [] }),
    },
    send: (message) => setImmediate(() => onMessage(message)),
    onMisuse: () => {
      page.close();
      dropped.resolve();
    },
  });
  t.after(() => page.close());
  return {
    line: {
      send: (message) => page.receive(message),
      listen: (listener) => {
        onMessage = listener;
        for (const message of early.splice(0)) listener(message);
      },
    },
    dropped: dropped.promise,
  };
}

bridgeContract('in one process', openDirect);
