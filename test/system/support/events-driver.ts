import { NetworkEvents } from '../../../core/platform/linux/events/network-events.ts';

/**
 * Prints every batch of network changes as one line of JSON. Ends in the way that its argument says: `close` after
 * SIGTERM, `exit` at once from a signal handler, `natural` by having nothing left to do.
 */
const [way = 'close'] = process.argv.slice(2);
const events = await NetworkEvents.open({
  onChange: (changes) => say(changes),
  onFailure: (error) => say({ failed: error }),
  ignoreDevices: ['gwtest0'],
  ignoreTables: [26_468],
});
if (!events.ok) throw new Error(JSON.stringify(events.error));
if (way !== 'natural') {
  const alive = setInterval(() => undefined, 60_000);
  process.once('SIGTERM', async () => {
    if (way === 'exit') process.exit(7);
    await events.value.close();
    await events.value.close();
    clearInterval(alive);
  });
}
say('ready');

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
