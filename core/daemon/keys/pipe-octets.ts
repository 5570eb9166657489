/** Octets as they cross the pipe to the key process: base64, which Node makes much faster than `core/base` can. */
export function toPipe(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

/** A copy of its own, the caller's to wipe. */
export function fromPipe(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
