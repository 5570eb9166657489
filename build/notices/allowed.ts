import satisfies from 'spdx-satisfies';

/** Licences that ask for no more than that their text goes with the work. Whoever adds one has read it. */
const forCode: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unicode-3.0',
  'Unlicense',
  'Zlib',
];

/** OFL-1.1 is made for typefaces; over code nobody knows what it asks. */
const forFonts: readonly string[] = [...forCode, 'OFL-1.1'];

/** Whether an SPDX expression (`MIT OR Apache-2.0`) can be kept to with these licences. Other text is not allowed. */
export function isAllowed(expression: string, kind: 'code' | 'font'): boolean {
  try {
    return satisfies(expression, kind === 'font' ? forFonts : forCode);
  } catch {
    return false;
  }
}
