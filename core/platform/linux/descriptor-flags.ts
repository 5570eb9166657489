/** O_CLOEXEC, which open, socket, eventfd and timerfd_create share: no child of ours inherits the descriptor. */
export const closeOnExec = 0o2000000;

/** O_NONBLOCK, likewise. */
export const nonBlocking = 0o4000;

/** MSG_DONTWAIT: this one call does not block. */
export const dontWait = 0x40;
