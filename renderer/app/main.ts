import './jitless.ts';
import { createLineBridge } from '../bridge/line-bridge.ts';
import { openLine } from '../bridge/open-line.ts';
import '../ui/tokens.css';
import '../ui/base.css';
import '../ui/controls.css';
import './app.css';
import { formatFailure } from '../../core/base/errors.ts';
import { memory } from './memory.ts';
import { PageSession } from './session.ts';
import { firstState } from './state.ts';
import { createStore } from './store.ts';

// A hidden page gets no frames, and still wants to know how it stands when it is shown again.
const soon = (run: () => void) => {
  if (document.hidden) setTimeout(run, 250);
  else requestAnimationFrame(run);
};

// Fetched beside this module and run in a task of its own: what is drawn with takes as long as what talks to the host.
const drawing = import('./draw.tsx');
const store = createStore(firstState, soon);
// What breaks the schema is dropped: it is for whoever looks into the browser's own log, and nothing that a user could mend.
const bridge = createLineBridge(openLine(), (error) => console.error(formatFailure(error)));
const session = new PageSession(bridge, store, { now: () => performance.now(), ...memory });

const root = document.getElementById('root');
if (root !== null) void drawing.then(({ draw }) => draw(root, { store, session }));
