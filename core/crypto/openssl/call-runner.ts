import koffi, { type TypeObject } from 'koffi';

/** Octets of an entry: the function's address, six arguments, and the result in the low half of the last word. */
export const callOctets = 64;

/**
 * Calls functions one after the other by a single foreign call. Each entry of `callOctets` at `list` is one call; arguments
 * and results are integers or addresses. @param count of the entries, as many as lie there.
 */
export interface CallRunner {
  run(list: number, count: number): void;
}

/**
 * A loop over the entries, in the calling convention of System V: rbx is the entry, r12d how many are left. The third push
 * keeps the stack aligned.
 */
const loopOfX64 = Uint8Array.from([
  ...[0xf3, 0x0f, 0x1e, 0xfa], //   endbr64
  ...[0x53], //                     push rbx
  ...[0x41, 0x54], //               push r12
  ...[0x55], //                     push rbp
  ...[0x48, 0x89, 0xfb], //         mov rbx, rdi
  ...[0x41, 0x89, 0xf4], //         mov r12d, esi
  ...[0x45, 0x85, 0xe4], //         test r12d, r12d
  ...[0x74, 0x26], //               jz done
  // next:
  ...[0x48, 0x8b, 0x7b, 0x08], //   mov rdi, [rbx + 8]
  ...[0x48, 0x8b, 0x73, 0x10], //   mov rsi, [rbx + 16]
  ...[0x48, 0x8b, 0x53, 0x18], //   mov rdx, [rbx + 24]
  ...[0x48, 0x8b, 0x4b, 0x20], //   mov rcx, [rbx + 32]
  ...[0x4c, 0x8b, 0x43, 0x28], //   mov r8, [rbx + 40]
  ...[0x4c, 0x8b, 0x4b, 0x30], //   mov r9, [rbx + 48]
  ...[0xff, 0x13], //               call [rbx]
  ...[0x89, 0x43, 0x38], //         mov [rbx + 56], eax
  ...[0x48, 0x83, 0xc3, 0x40], //   add rbx, 64
  ...[0x41, 0xff, 0xcc], //         dec r12d
  ...[0x75, 0xda], //               jnz next
  // done:
  ...[0x5d], //                     pop rbp
  ...[0x41, 0x5c], //               pop r12
  ...[0x5b], //                     pop rbx
  ...[0xc3], //                     ret
]);

const pageOctets = 4096;
const [protectRead, protectWrite, protectExecute] = [1, 2, 4];
const mapPrivateAnonymous = 0x22;

interface Native {
  mmap(at: number, length: number, protection: number, flags: number, fd: number, offset: number): number;
  mprotect(at: number, length: number, protection: number): number;
  munmap(at: number, length: number): number;
  memcpy(to: number, from: Uint8Array, length: number): number;
}

interface CodePage {
  readonly runner: CallRunner | undefined;
  unmap(): void;
}

let native: Native | undefined;
let code: CodePage | undefined;

/**
 * The runner of this thread: it has no state, so one serves all ciphers, and what V8 has learnt of calling it stays right. Undefined
 * where there is no code for the processor, or where the system allows no code that was not in a file.
 */
export function callRunner(): CallRunner | undefined {
  code ??= mapCode() ?? { runner: undefined, unmap: () => undefined };
  return code.runner;
}

/** Before a thread ends, when none of its ciphers is in use any more: its memory would stay mapped. */
export function closeCallRunner(): void {
  code?.unmap();
  code = undefined;
}

function mapCode(): CodePage | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  native ??= loadNative();
  const { mmap, memcpy, mprotect, munmap } = native;
  const page = mmap(0, pageOctets, protectRead | protectWrite, mapPrivateAnonymous, -1, 0);
  if (page < 0) return undefined;
  // Never writable and executable at once.
  memcpy(page, loopOfX64, loopOfX64.length);
  if (mprotect(page, pageOctets, protectRead | protectExecute) !== 0) {
    munmap(page, pageOctets);
    return undefined;
  }
  const run: CallRunner['run'] = koffi.decode(page, runType());
  return { runner: { run }, unmap: () => munmap(page, pageOctets) };
}

/** Where a function of this process begins, e.g. one of the OpenSSL inside the node binary. @throws Error without one. */
export function functionAddress(name: string): number {
  const known = addresses.get(name);
  if (known !== undefined) return known;
  lookUp ??= koffi.load(null).func('dlsym', 'uintptr_t', ['uintptr_t', 'const char *']);
  const address = Number(lookUp(0, name));
  if (address === 0) throw new Error(`no function ${name}`);
  addresses.set(name, address);
  return address;
}

/** Each cipher asks for the same few, once a packet of its batch. */
const addresses = new Map<string, number>();
let lookUp: ((handle: number, name: string) => number) | undefined;
let type: TypeObject | undefined;

function runType(): TypeObject {
  type ??= koffi.proto('void', ['uintptr_t', 'uint32_t']);
  return type;
}

function loadNative(): Native {
  const library = koffi.load(null);
  const pointer = 'uintptr_t';
  return {
    // Signed: a refusal is -1.
    mmap: library.func('mmap', 'intptr_t', [pointer, 'size_t', 'int', 'int', 'int', 'intptr_t']),
    mprotect: library.func('mprotect', 'int', [pointer, 'size_t', 'int']),
    munmap: library.func('munmap', 'int', [pointer, 'size_t']),
    memcpy: library.func('memcpy', pointer, [pointer, 'const void *', 'size_t']),
  };
}
