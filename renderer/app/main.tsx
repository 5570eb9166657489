import './jitless.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createLineBridge } from '../bridge/line-bridge.ts';
import { openLine } from '../bridge/open-line.ts';
import '../ui/tokens.css';
import '../ui/base.css';
import '../ui/controls.css';
import './app.css';
import { App } from './app.tsx';
import { memory } from './memory.ts';
import { PageContext } from './page-context.ts';
import { PageSession } from './session.ts';
import { firstState } from './state.ts';
import { createStore } from './store.ts';

// A hidden page gets no frames, and still wants to know how it stands when it is shown again.
const soon = (run: () => void) => {
  if (document.hidden) setTimeout(run, 250);
  else requestAnimationFrame(run);
};

const store = createStore(firstState, soon);
const bridge = createLineBridge(openLine());
const session = new PageSession(bridge, store, { now: () => performance.now(), ...memory });

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <PageContext value={{ store, session }}>
        <App />
      </PageContext>
    </StrictMode>,
  );
}
