import type { Failure } from '../../../base/errors.ts';
import { err, type Result } from '../../../base/result.ts';
import { closeOnExec, nonBlocking } from '../descriptor-flags.ts';
import { call, errnoFailure, libc } from '../libc.ts';

const clockRealtime = 0;
const absoluteCancelOnSet = 1 | 2; // TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET
const tenYearsSeconds = 315_360_000;

/**
 * A descriptor that becomes readable when the wall clock makes a jump: somebody set it, or the machine slept. It is a timer
 * that is never due. Fails with `system.call`.
 */
export function openClockDescriptor(): Result<number, Failure> {
  const fd = call('timerfd_create', clockRealtime, closeOnExec | nonBlocking);
  if (!fd.ok || takeClockJump(fd.value)) return fd;
  const error = errnoFailure('timerfd_settime');
  libc.close(fd.value);
  return err(error);
}

/** Makes it quiet again until the next jump. False when the kernel does not want to. */
export function takeClockJump(fd: number): boolean {
  libc.read(fd, new Uint8Array(8), 8);
  const due = new BigInt64Array(4);
  due[2] = BigInt(Math.floor(Date.now() / 1_000) + tenYearsSeconds);
  return libc.timerfd_settime(fd, absoluteCancelOnSet, new Uint8Array(due.buffer), null) === 0;
}
