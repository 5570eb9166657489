/** The two packages below ship no types; these are the parts that MSCHAPv2 uses. */

declare module 'js-md4' {
  interface Md4 {
    update(message: Uint8Array): Md4;
    /** 16 octets. */
    array(): number[];
  }
  const md4: { create(): Md4 };
  export default md4;
}

declare module 'des.js' {
  interface DesCipher {
    update(block: ArrayLike<number>): number[];
  }
  interface DesOptions {
    readonly type: 'encrypt' | 'decrypt';
    /** 8 octets with their parity bits. */
    readonly key: ArrayLike<number>;
    readonly padding?: boolean;
  }
  const des: { DES: { create(options: DesOptions): DesCipher } };
  export default des;
}
