import { NetworkEvents } from '../../../core/platform/linux/events/network-events.ts';

/**
 * Prints every batch of network changes as one line of JSON. Ends in the way that its argument says: `close` after
 * SIGTERM, `exit` at once from a signal handler.
 */
const [way = 'close'] = process.argv.slice(2);
const events = NetworkEvents.open({
  onChange: (changes) => say(changes),
  onFailure: (error) => say({ failed: error }),
  ignoreDevices: ['gwtest0'],
  ignoreTables: [26_468],
});
if (!events.ok) throw new Error(JSON.stringify(events.error));
process.once('SIGTERM', async () => {
  if (way === 'exit') process.exit(7);
  await events.value.close();
  await events.value.close();
});
say('ready');

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
