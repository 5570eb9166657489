import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { type Page, PageContext } from './page-context.ts';

/** Draws the page into an element, and keeps it drawn. */
export function draw(root: HTMLElement, page: Page): void {
  createRoot(root).render(
    <StrictMode>
      <PageContext value={page}>
        <App />
      </PageContext>
    </StrictMode>,
  );
}
