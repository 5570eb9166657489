const waiting: (() => void)[] = [];
let running = false;

/**
 * Runs a job soon, in a task of its own and one after the other: what is slow does not hold up what is drawn and typed
 * meanwhile. The result takes the job back, as long as it has not run.
 */
export function inTurn(job: () => void): () => void {
  waiting.push(job);
  if (!running) {
    running = true;
    setTimeout(runNext);
  }
  return () => {
    const at = waiting.indexOf(job);
    if (at >= 0) waiting.splice(at, 1);
  };
}

function runNext(): void {
  const job = waiting.shift();
  running = job !== undefined;
  if (job === undefined) return;
  setTimeout(runNext);
  job();
}
