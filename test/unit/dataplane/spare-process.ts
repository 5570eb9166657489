import { SpareWorkers } from '../../../core/dataplane/spare-workers.ts';

/** A process with threads in reserve. Its argument: after how many milliseconds it exits; none, and nothing is left to do. */
new SpareWorkers().prepare();
const after = process.argv[2];
if (after === '0') process.exit(0);
if (after !== undefined) setTimeout(() => process.exit(0), Number(after));
